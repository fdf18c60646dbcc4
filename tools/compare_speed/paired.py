"""From runs to figures: medians, paired ratios, goals."""

from statistics import median


def ratios(ours, theirs):
    """fasgard's time over the peer's, per round that has both, in the order of rounds."""
    theirs = {run["round"]: run["step_s"]["median"] for run in theirs}
    return [
        run["step_s"]["median"] / theirs[run["round"]] for run in ours if run["round"] in theirs
    ]


def side(runs):
    """Median over rounds of a run's median step, the largest peak memory, and the runs."""
    peaks = [run["peak_rss_bytes"] for run in runs if run.get("peak_rss_bytes")]
    return {
        "median_s": median(run["step_s"]["median"] for run in runs),
        "peak_rss_bytes": max(peaks, default=None),
        "others_share": max(run["others_share"] for run in runs),
        "runs": runs,
    }


def summarise(row, runs, skipped, failed):
    """One row of the result. `runs` has "fasgard" and every peer that was tried; a peer that failed
    in any round is reported as failed, without a ratio."""
    result = {
        "row": row.name,
        "title": row.title,
        "config": row.config,
        "what": row.what,
        "batch": row.batch,
        "size": row.size,
        "fasgard": side(runs["fasgard"]),
        "peers": {},
    }
    for peer, theirs in runs.items():
        if peer == "fasgard":
            continue
        if peer in failed:
            result["peers"][peer] = {"status": "failed", "reason": failed[peer]}
            continue
        paired = ratios(runs["fasgard"], theirs)
        ratio = {"median": median(paired), "min": min(paired), "max": max(paired)}
        entry = {"status": "run", "ratio": ratio | {"rounds": paired}}
        result["peers"][peer] = entry | side(theirs)
    for peer, reason in skipped.items():
        result["peers"][peer] = {"status": "not run", "reason": reason}
    result["goals"] = [judge(goal, result["peers"]) for goal in row.goals]
    return result


def judge(goal, peers):
    """Whether the median ratio to the fastest of the goal's peers keeps it; null unless all ran."""
    medians = {peer: peers.get(peer, {}).get("ratio", {}).get("median") for peer in goal.peers}
    known = None not in medians.values()
    against = max(medians, key=medians.get) if known else None
    return {
        "kind": goal.kind,
        "peers": list(goal.peers),
        "at_most": goal.at_most,
        "against": against,
        "ratio": medians.get(against),
        "holds": medians[against] <= goal.at_most if known else None,
    }
