#!/usr/bin/env python3
"""Tables of docs/results/localization.md: several seeds of `fasgard localize` beside each other.

    tools/results/localization.py TITLE=FILE[,FILE...] ...

Every FILE is what `localize --output` wrote; those of one TITLE are seeds of one model on one fold.
Prints, for each title and scale, the mean over seeds with the lowest and the highest, then the same of the
deletion and insertion curves where they were made. The centre does not depend on a seed and is printed
once; random weights are those of all files. Only Python's own library is needed.
"""

import json
import pathlib
import statistics
import sys


def spread(values, digits=3):
    """Mean and range; `–` where a figure is undefined."""
    known = [v for v in values if v is not None]
    if not known:
        return "–"
    mean = f"{statistics.mean(known):.{digits}f}"
    return mean if len(known) == 1 else f"{mean} ({min(known):.{digits}f} to {max(known):.{digits}f})"


def value(of, key):
    return (of.get(key) or {}).get("value")


def rows(files, name):
    """{side: [figures of a seed]} of the maps called `name`."""
    sides = {}
    for file in files:
        for item in file["maps"]:
            if item["map"] == name and item["all"]["attack_cells"]:
                sides.setdefault(item["side"], []).append(item["all"])
    return sides


def line(title, seeds):
    keys = ("auc", "auc_image", "iou_image", "pointing")
    cells = [spread([value(s, k) for s in seeds]) for k in keys]
    print(f"| {title} | " + " | ".join(cells) + f" | {value(seeds[0], 'chance'):.3f} |")


def main():
    groups = []
    for argument in sys.argv[1:]:
        title, _, paths = argument.partition("=")
        if not paths:
            sys.exit(__doc__)
        groups.append((title, [json.loads(pathlib.Path(p).read_text(encoding="utf-8")) for p in paths.split(",")]))
    if not groups:
        sys.exit(__doc__)
    fold = {f.get("protocol") for _, files in groups for f in files}
    if len(fold) > 1:
        sys.exit(f"expected files of one fold, found {sorted(map(str, fold))}")
    print("| map | AUC | AUC a picture | IoU a picture | pointing | chance |\n|---|---:|---:|---:|---:|---:|")
    for title, files in groups:
        for side, seeds in rows(files, "model").items():
            line(f"{title} at {side}x{side}", seeds)
    everything = [file for _, files in groups for file in files]
    for name, title in (("random weights", "*random weights*"), ("centre", "*centre*")):
        for side, seeds in rows(everything, name).items():
            line(f"{title} at {side}x{side}", seeds[:1] if name == "centre" else seeds)
    if not all(file.get("curves") for file in everything):
        return
    print("\n| cells in the order of | deletion (low) | insertion (high) |\n|---|---:|---:|")
    for title, files in groups:
        for name, of in (("model", "its map"), ("random weights", "random weights"), ("centre", "the centre")):
            orders = [o for f in files for o in f["curves"]["orders"] if o["map"] == name]
            areas = [spread([value(o[kind], "area") for o in orders]) for kind in ("deletion", "insertion")]
            print(f"| {title}: {of} | {areas[0]} | {areas[1]} |")


if __name__ == "__main__":
    main()
