"""Times and checks score files beside scikit-learn and bob.measure; see README.md."""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def load(path):
    """Live and attack scores of a file, and the seconds that took."""
    import pyarrow.compute as pc
    import pyarrow.csv

    start = time.perf_counter()
    columns = pyarrow.csv.ConvertOptions(include_columns=["label", "score", "status"])
    table = pyarrow.csv.read_csv(path, convert_options=columns)
    table = table.filter(pc.equal(table["status"], "ok"))
    live = pc.equal(table["label"], "live").to_numpy()
    score = table["score"].to_numpy()
    return live, score, time.perf_counter() - start


def peer_sklearn(path):
    from sklearn.metrics import roc_auc_score, roc_curve

    live, score, read_s = load(path)
    start = time.perf_counter()
    fpr, tpr, _ = roc_curve(live, score, drop_intermediate=False)
    curve_s = time.perf_counter() - start
    start = time.perf_counter()
    auc = roc_auc_score(live, score)
    auc_s = time.perf_counter() - start
    return {
        "read_s": read_s,
        "compute_s": curve_s + auc_s,
        "detail": f"ROC {curve_s:.2f} s, AUC {auc_s:.2f} s",
        "auc": float(auc),
        "points": len(fpr),
    }


def peer_bob(path):
    import bob.measure

    live, score, read_s = load(path)
    attack, live = score[~live].astype(float), score[live].astype(float)
    start = time.perf_counter()
    threshold = bob.measure.eer_threshold(attack, live)
    far, frr = bob.measure.farfrr(attack, live, threshold)
    compute_s = time.perf_counter() - start
    return {
        "read_s": read_s,
        "compute_s": compute_s,
        "detail": "EER threshold, FAR, FRR",
        "threshold": float(threshold),
        "far": float(far),
        "frr": float(frr),
    }


PEERS = {"scikit-learn": peer_sklearn, "bob.measure": peer_bob}


def child(name, path):
    """Runs in a process of its own; prints JSON."""
    try:
        result = PEERS[name](path)
    except ImportError as error:
        result = {"missing": str(error)}
    usage = resource.getrusage(resource.RUSAGE_SELF)
    result["cpu_s"] = usage.ru_utime + usage.ru_stime
    result["peak_mib"] = usage.ru_maxrss / 1024
    print(json.dumps(result))


def run_peer(name, path):
    start = time.perf_counter()
    out = subprocess.run(
        [sys.executable, __file__, "--peer", name, "--scores", path],
        check=True,
        stdout=subprocess.PIPE,
    )
    result = json.loads(out.stdout)
    result["whole_s"] = time.perf_counter() - start
    return result


def fasgard(binary, path, threshold):
    """What `fasgard evaluate --json` does, at frame level."""
    command = [binary, path, "0", "evaluate", repr(threshold)]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status != 0:
        raise SystemExit(f"{' '.join(command)}: failed")
    return {
        "whole_s": time.perf_counter() - start,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mib": usage.ru_maxrss / 1024,
        "evaluation": json.loads(text),
        "detail": "all figures, every row checked",
    }


def below(threshold):
    import numpy as np

    return float(np.nextafter(threshold, -np.inf))


def check(results):
    """What differs, in sentences."""
    wrong = []
    test = results["fasgard"][-1]["evaluation"]["test"]
    if "scikit-learn" in results:
        theirs, ours = results["scikit-learn"][-1]["auc"], test["auc"]["value"]
        print(f"AUC: fasgard {ours!r}, scikit-learn {theirs!r}")
        if abs(theirs - ours) > 1e-12:
            wrong.append("AUC differs from scikit-learn's")
    if "bob.measure" in results:
        theirs = results["bob.measure"][-1]
        apcer, bpcer = test["apcer_pooled"]["value"], test["bpcer"]["value"]
        print(f"at {theirs['threshold']!r}: fasgard {apcer!r}, {bpcer!r}; bob.measure {theirs['far']!r}, {theirs['frr']!r}")
        if max(abs(theirs["far"] - apcer), abs(theirs["frr"] - bpcer)) > 1e-12:
            wrong.append("error rates differ from bob.measure's")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", default="scores.csv")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--target", default=str(ROOT / "target/release"), help="folder of the binaries")
    parser.add_argument("--peer", choices=list(PEERS), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        return child(args.peer, args.scores)
    target = Path(args.target)
    if not Path(args.scores).exists():
        writer = target / "examples/csv_speed"
        subprocess.run([writer, args.scores, str(args.rows), "write"], check=True)
    results, missing = {}, {}
    for _ in range(args.rounds):
        for name in PEERS:
            if name in missing:
                continue
            result = run_peer(name, args.scores)
            if "missing" in result:
                missing[name] = result["missing"]
            else:
                results.setdefault(name, []).append(result)
        threshold = 0.5
        if "bob.measure" in results:
            threshold = below(results["bob.measure"][-1]["threshold"])
        ours = fasgard(str(target / "examples/csv_speed"), args.scores, threshold)
        results.setdefault("fasgard", []).append(ours)
    print(f"{args.scores}: {Path(args.scores).stat().st_size / 1e6:.0f} MB, {args.rounds} rounds in turns\n")
    print(f"{'':14} {'whole':>19} {'processors':>11} {'reading':>9} {'computing':>10} {'peak':>9}")
    for name, rounds in results.items():
        whole = [r["whole_s"] for r in rounds]

        def median(key):
            values = [r[key] for r in rounds if key in r]
            return f"{statistics.median(values):.2f} s" if values else "–"

        peak = max(r["peak_mib"] for r in rounds)
        spread = f"{statistics.median(whole):.2f} ({min(whole):.2f}–{max(whole):.2f})"
        print(f"{name:14} {spread:>19} {median('cpu_s'):>11} {median('read_s'):>9} {median('compute_s'):>10} {peak:>5.0f} MiB  {rounds[-1]['detail']}")
    for name, why in missing.items():
        print(f"{name}: left out, not installed ({why})")
    print()
    wrong = check(results)
    for sentence in wrong:
        print(f"wrong: {sentence}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
