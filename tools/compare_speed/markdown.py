"""The result as a Markdown table."""


def seconds(value):
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.0f} ms"


def mebibytes(value):
    return "–" if value is None else f"{value / (1 << 20):.0f} MiB"


def goal_text(goals, peer):
    """The goals held against `peer`, such as "must 0.45: holds; stretch 0.35: missed"."""
    answer = {True: "holds", False: "missed", None: "not known"}
    return "; ".join(
        f"{goal['kind']} {goal['at_most']:.2f}: {answer[goal['holds']]}"
        for goal in goals
        if peer == goal["against"] or (goal["against"] is None and peer in goal["peers"])
    )


def table(result):
    """One line a peer: both times, the paired ratio with its range, both memories, the goal."""
    lines = [
        "| work | peer | fasgard | peer's | ratio (min to max) "
        "| peak memory, fasgard / peer | goal |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in result["rows"]:
        work = f"{row['title']}, batch {row['batch']}, {row['size']} px"
        ours = row["fasgard"]
        for peer, entry in row["peers"].items():
            goal = goal_text(row["goals"], peer) or "–"
            if entry["status"] != "run":
                what = f"{entry['status']}: {entry['reason']}".replace("|", "/")
                cells = [work, peer, seconds(ours["median_s"]), what, "–", "–", goal]
            else:
                ratio = entry["ratio"]
                cells = [
                    work,
                    peer,
                    seconds(ours["median_s"]),
                    seconds(entry["median_s"]),
                    f"**{ratio['median']:.2f}** ({ratio['min']:.2f} to {ratio['max']:.2f})",
                    f"{mebibytes(ours['peak_rss_bytes'])} / {mebibytes(entry['peak_rss_bytes'])}",
                    goal,
                ]
            lines.append("| " + " | ".join(cells) + " |")
    machine = result["machine"]
    lines += [
        "",
        f"{machine['processor']}, {machine['processors']} processors, "
        f"{result['threads']} threads, {result['rounds']} rounds; "
        + ", ".join(f"{name} {version}" for name, version in result["versions"].items())
        + ".",
    ]
    shares = [
        side["others_share"]
        for row in result["rows"]
        for side in (row["fasgard"], *row["peers"].values())
        if "others_share" in side
    ]
    lines.append(
        "Other processes used at most "
        f"{100 * max(shares, default=0):.0f} % of the processors during any one run."
    )
    return "\n".join(lines)
