#!/usr/bin/env python3
"""Tables of docs/results/nuaa.md from run folders: every model over its seeds, on three parts of the test.

    tools/results/nuaa.py RUNS [--fasgard PROGRAM] [--seen SUBJECT,...]

RUNS holds folders MODEL-SEED with scores-dev.csv and scores-test.csv of one dev and one test split.
Parts: the whole test, people who were seen (--seen; without it those of dev) and people who were not. Every figure is
`fasgard evaluate`'s, frame level, with the threshold of the run's own dev EER; intervals by draws of
whole subjects. Only Python's own library is needed.
"""

import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import tempfile


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        return reader.fieldnames, list(reader)


def parts(dev, test, people):
    """Rows of the test by part."""
    people = people or {row["subject"] for row in rows(dev)[1]}
    fields, found = rows(test)
    return fields, {
        "official": found,
        "seen": [row for row in found if row["subject"] in people],
        "unseen": [row for row in found if row["subject"] not in people],
    }


def evaluate(program, dev, fields, found, folder):
    """`fasgard evaluate` of these rows, as JSON."""
    scores = folder / "part.csv"
    with open(scores, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)
    command = [program, "evaluate", "--dev", dev, "--test", scores, "--level", "frame", "--bootstrap", "2000",
               "--cluster", "subject", "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def spread(values, digits):
    """Mean, lowest and highest."""
    mean = f"{statistics.mean(values):.{digits}f}"
    return f"{mean} ({min(values):.{digits}f} to {max(values):.{digits}f})" if len(values) > 1 else mean


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=pathlib.Path)
    parser.add_argument("--fasgard", default="fasgard")
    parser.add_argument("--seen", type=lambda text: set(text.split(",")), help="subjects in training, default: those of dev")
    options = parser.parse_args()
    runs = {}
    for scores in sorted(options.runs.glob("*-*/scores-test.csv")):
        model, _, seed = scores.parent.name.rpartition("-")
        runs.setdefault(model, {})[seed] = scores.parent
    if not runs:
        parser.error(f"{options.runs}: expected folders MODEL-SEED with scores-test.csv, found none")
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for model, seeds in runs.items():
            for seed, run in seeds.items():
                fields, of = parts(run / "scores-dev.csv", run / "scores-test.csv", options.seen)
                for part, part_rows in ((part, part_rows) for part, part_rows in of.items() if part_rows):
                    found[model, part, seed] = evaluate(
                        options.fasgard, run / "scores-dev.csv", fields, part_rows, pathlib.Path(folder)
                    )
    for part in dict.fromkeys(part for _, part, _ in found):
        one = found[next(iter(runs)), part, next(iter(next(iter(runs.values()))))]["test"]["counts"]
        print(f"\n### {part}: {one['live']} live, {one['attack']} attack\n")
        print("| model | seeds | dev AUC | AUC | 95 % by people, first seed | EER % | APCER % | BPCER % | ACER % |")
        print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
        for model, seeds in runs.items():
            of = [found[model, part, seed] for seed in seeds]
            rate = lambda name: spread([100 * x["test"][name]["value"] for x in of], 1)
            auc = lambda split: spread([x[split]["auc"]["value"] for x in of], 4)
            drawn = of[0]["intervals"]["auc"]
            interval = f"{drawn['lo']:.3f} to {drawn['hi']:.3f}"
            print(f"| {model} | {len(of)} | {auc('dev')} | {auc('test')} | {interval} | "
                  + " | ".join(rate(name) for name in ("eer", "apcer", "bpcer", "acer")) + " |")


if __name__ == "__main__":
    main()
