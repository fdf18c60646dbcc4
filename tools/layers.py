#!/usr/bin/env python3
"""Turns what the benchmark `layers` prints into the Markdown table of docs/performance.md.

    bench="cargo bench -p fasgard-kernels --no-default-features --bench layers"
    RAYON_NUM_THREADS=1 $bench | tee one.txt
    RAYON_NUM_THREADS=2 $bench | tee two.txt
    tools/layers.py one.txt two.txt

Cells are GFLOP/s and their share of what the processor's multiply-adds reach, one run after the
other. Exit code 2: a file is no output of the benchmark, or the runs measured different layers.
"""

import re
import sys

MACHINE = re.compile(r"^(\S+) on (\d+) threads: multiply-adds reach ([\d.]+) GFLOP/s$", re.M)
ROW = re.compile(r"^\| (?P<layer>\w+ \d+x\d+\S* \d+ \d+-\d+ b\d+) \| (?P<algorithm>\w+) \| (?P<cells>.*) \|$", re.M)
NAME = re.compile(r"(\w+) (\d+x\d+)(s\d+)? (\d+) (\d+)-(\d+) b(\d+)")


def title(layer):
    """`resnet 3x3s2 64 128-256 b8` as `64x64, 3x3 stride 2, 128 to 256 (8)`."""
    _, kernel, stride, side, inputs, outputs, batch = NAME.fullmatch(layer).groups()
    stride = f" stride {stride[1:]}" if stride else ""
    return f"{side}x{side}, {kernel}{stride}, {inputs} to {outputs} ({batch})"


def read(path):
    """Machine line and rows of one run: {(layer, algorithm): cells}."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    machine = MACHINE.search(text)
    rows = {
        (m["layer"], m["algorithm"]): [cell.strip() for cell in m["cells"].split("|")]
        for m in ROW.finditer(text)
    }
    if machine is None or not rows:
        raise ValueError(f"{path}: expected the output of the benchmark `layers`, found no table")
    return machine.groups(), rows


def table(paths):
    """The Markdown."""
    runs = [read(path) for path in paths]
    keys = list(runs[0][1])
    for path, (_, rows) in zip(paths, runs):
        if list(rows) != keys:
            raise ValueError(f"{path}: expected the layers of {paths[0]}, found others")
    machines = "; ".join(
        f"{threads} {'thread' if threads == '1' else 'threads'}: multiply-adds reach {peak} GFLOP/s"
        for (_, threads, peak), _ in runs
    )
    threads = " / ".join(threads for (_, threads, _), _ in runs)
    lines = [
        f"{runs[0][0][0]}; {machines}. Cells: GFLOP/s (share of that) on {threads} threads.",
        "",
        "| network | layer (batch) | algorithm | forward | packed | input gradient | weight gradient |",
        "|---|---|---|---|---|---|---|",
    ]
    for layer, algorithm in keys:
        cells = zip(*(rows[layer, algorithm] for _, rows in runs))
        cells = " | ".join(" / ".join(cell or "–" for cell in of) for of in cells)
        lines.append(f"| {layer.split()[0]} | {title(layer)} | {algorithm} | {cells} |")
    return "\n".join(lines)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    try:
        print(table(sys.argv[1:]))
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
