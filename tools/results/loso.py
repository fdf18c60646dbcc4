#!/usr/bin/env python3
"""Tables of docs/results/simulated.md from the folder of a leave-one-species-out experiment.

    tools/results/loso.py EXPERIMENT [--fasgard PROGRAM] [--baseline MODEL]

For every fold, model and seed: EER and AUC of `fasgard evaluate`, frame level, on the species that
training never saw, and the AUC on dev. Then every model against the baseline: the mean difference of EER over folds and
seeds, and two exact sign-flip tests (every assignment of signs where there are at most 2^20, else
100,000 drawn ones): one that takes the means of folds as independent, one that takes every fold and
seed. Only Python's own library is needed.
"""

import argparse
import itertools
import json
import pathlib
import random
import statistics
import subprocess


def evaluate(program, cell):
    """EER and AUC in percent on the test rows of a cell, AUC on its dev rows."""
    command = [program, "evaluate", "--dev", cell / "scores-dev.csv", "--test", cell / "scores-test.csv",
               "--level", "frame", "--json"]
    figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    test = figures["test"]
    return 100 * test["eer"]["value"], 100 * test["auc"]["value"], 100 * figures["dev"]["auc"]["value"]


def sign_flip(differences):
    """Two-sided p of the mean under random signs."""
    seen = abs(sum(differences)) - 1e-9
    if len(differences) <= 20:
        flips = itertools.product((-1, 1), repeat=len(differences))
        sums = [abs(sum(s * d for s, d in zip(signs, differences))) for signs in flips]
        return sum(s >= seen for s in sums) / len(sums)
    draw = random.Random(0)
    drawn = 100_000
    hits = sum(abs(sum(draw.choice((-d, d)) for d in differences)) >= seen for _ in range(drawn))
    return (hits + 1) / (drawn + 1)


def table(title, folds, models, values):
    """A fold a row, a model a column: mean and spread over seeds."""
    print(f"\n### {title}\n\n| unseen species | " + " | ".join(models) + " |")
    print("|---|" + "---:|" * len(models))
    for fold in folds:
        of = [values[m, fold] for m in models]
        cells = [f"{statistics.mean(v):.1f}" + (f" ({min(v):.1f} to {max(v):.1f})" if len(v) > 1 else "") for v in of]
        print(f"| {fold} | " + " | ".join(cells) + " |")
    means = {m: [statistics.mean(values[m, f]) for f in folds] for m in models}
    spread = lambda v: f" ± {statistics.stdev(v):.1f}" if len(v) > 1 else ""
    cells = [f"**{statistics.mean(v):.1f}**{spread(v)}" for v in means.values()]
    print("| mean ± standard deviation over species | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiment", type=pathlib.Path)
    parser.add_argument("--fasgard", default="fasgard")
    parser.add_argument("--baseline", help="default: every pair of models")
    options = parser.parse_args()
    eer, auc, dev = {}, {}, {}
    cells = sorted(options.experiment.glob("cells/**/scores-test.csv"))
    folds, models, fitted, seeds = {}, {}, {}, {}
    for scores in cells:
        cell = scores.parent
        if not (cell / "evaluation.json").exists():
            continue
        # A baseline is fitted to its one optimum: no seeds, and the folder of the model is the cell.
        seeded = cell.name.startswith("seed-")
        model, fold = (cell.parent if seeded else cell).name, (cell.parent if seeded else cell).parent.name
        folds[fold], (models if seeded else fitted)[model] = None, None
        seeds.setdefault((model, fold), set()).add(cell.name)
        for values, figure in zip((eer, auc, dev), evaluate(options.fasgard, cell)):
            values.setdefault((model, fold), {})[cell.name] = figure
    # An experiment may still be running: the seeds that every model and fold has.
    common = set.intersection(*(seeds.get((m, f), set()) for m in models for f in folds)) if models else set()
    if not common:
        parser.error(f"{options.experiment}: expected a seed that every model and fold has, found {len(cells)} cells")
    for values in (eer, auc, dev):
        for key, of in values.items():
            values[key] = [of[seed] for seed in sorted(of) if key[0] in fitted or seed in common]
    models = sorted(models)
    table("EER on the unseen species, %", folds, models + sorted(fitted), eer)
    table("AUC on the unseen species, %", folds, models + sorted(fitted), auc)
    table("AUC on dev (species in training, other people), %", folds, models + sorted(fitted), dev)
    print(f"\n### Differences of EER, {len(folds)} species x {len(common)} seeds\n")
    print("| model | against | mean difference, points | relative | p over species | p over species and seeds |")
    print("|---|---|---:|---:|---:|---:|")
    for b, a in itertools.permutations(models, 2):
        if (options.baseline or b) != b or (options.baseline is None and models.index(a) < models.index(b)):
            continue
        pairs = [[x - y for x, y in zip(eer[a, f], eer[b, f])] for f in folds]
        means = [statistics.mean(p) for p in pairs]
        base = statistics.mean(statistics.mean(eer[b, f]) for f in folds)
        mean = statistics.mean(means)
        print(f"| {a} | {b} | {mean:+.2f} | {100 * mean / base:+.0f} % | {sign_flip(means):.3f} | "
              f"{sign_flip([d for p in pairs for d in p]):.4f} |")


if __name__ == "__main__":
    main()
