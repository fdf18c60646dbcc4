#!/usr/bin/env python3
"""What the score of a mask pyramid is best read from: AUC of the logit, of the maps' mean, of both.

    tools/results/readout.py SPLIT RUN...

Every RUN holds scores-SPLIT.csv and maps-SPLIT.safetensors as `fasgard score --maps` writes them. The
mean of a pyramid is the mean over scales of the mean of each map; "both" adds it to the logit's
probability. Only Python's own library is needed.
"""

import array
import csv
import json
import pathlib
import struct
import sys


def maps(path):
    """Mean of every sample's maps: {side: [value a sample]}, sides falling."""
    data = path.read_bytes()
    length, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    means = {}
    for name, tensor in header.items():
        if name == "__metadata__" or tensor["dtype"] != "F32" or len(tensor["shape"]) < 3:
            continue
        begin, end = tensor["data_offsets"]
        values = array.array("f", data[8 + length + begin:8 + length + end])
        cells = tensor["shape"][-1] * tensor["shape"][-2]
        means[tensor["shape"][-1]] = [sum(values[i:i + cells]) / cells for i in range(0, len(values), cells)]
    return dict(sorted(means.items(), reverse=True))


def auc(live, attack):
    """Share of rightly ordered pairs, ties half."""
    ranked = sorted([(s, 1) for s in live] + [(s, 0) for s in attack])
    rank_sum, at = 0.0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        rank_sum += sum(label for _, label in ranked[at:end]) * (at + 1 + end) / 2
        at = end
    return (rank_sum - len(live) * (len(live) + 1) / 2) / (len(live) * len(attack))


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    split = sys.argv[1]
    print("| run | logit | finest map | mean of the maps | both |\n|---|---:|---:|---:|---:|")
    for run in map(pathlib.Path, sys.argv[2:]):
        with open(run / f"scores-{split}.csv", newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["status"] == "ok"]
        means = maps(run / f"maps-{split}.safetensors")
        if any(len(values) != len(rows) for values in means.values()):
            sys.exit(f"{run}: expected maps of {len(rows)} samples with a score, found {[len(v) for v in means.values()]}")
        logit = [float(row["score"]) for row in rows]
        pyramid = [sum(column) / len(column) for column in zip(*means.values())]
        both = [a + b for a, b in zip(logit, pyramid)]
        of = lambda scores: auc(*([s for s, row in zip(scores, rows) if row["label"] == label] for label in ("live", "attack")))
        cells = " | ".join(f"{of(scores):.4f}" for scores in (logit, next(iter(means.values())), pyramid, both))
        print(f"| {run.name} | {cells} |")


if __name__ == "__main__":
    main()
