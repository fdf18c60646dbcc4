"""Compares fasgard with PyTorch, ONNX Runtime and OpenVINO on the same models, in turns.

    python run.py --output result.json
    python run.py --rows cdcn-ps-infer --rounds 3

Prints a Markdown table; README.md says what is measured. Exit code 0: done, 1: something failed,
2: misused or something is missing.
"""

import argparse
import datetime
import json
import os
import shlex
import sys
import tempfile
from pathlib import Path

import child
import machine
import markdown
import measure
from rows import ROWS

REPOSITORY = Path(__file__).resolve().parents[2]


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    names = [row.name for row in ROWS]
    peers = sorted({peer for row in ROWS for peer in row.peers})
    add = parser.add_argument
    add(
        "--fasgard",
        type=Path,
        default=REPOSITORY / "target" / "release" / "fasgard",
        help="the binary, built with --release",
    )
    add("--configs", type=Path, default=REPOSITORY / "configs", help="folder of configurations")
    add("--rows", nargs="+", choices=names, default=names, metavar="ROW", help=", ".join(names))
    add("--peers", nargs="+", choices=peers, metavar="PEER", help=", ".join(peers) + " (all)")
    add("--rounds", type=int, default=5, help="turns of everybody")
    add("--steps", type=int, help="timed steps of a run (default: by row)")
    add("--threads", type=int, default=2, help="threads of everybody")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="for fasgard bench")
    add("--output", type=Path, help="write all runs as JSON")
    add("--quick", action="store_true", help="one round, one training step: shows that it works")
    add("--untuned", action="store_true", help="also PyTorch training without the memory settings")
    add(
        "--emulated-bf16",
        action="store_true",
        help="run bf16 peers on a processor without bf16 instructions too",
    )
    add("--timeout", type=float, default=900.0, help="seconds that one child may take")
    options = parser.parse_args()
    if options.quick:
        options.rounds = 1
    if options.rounds < 1 or options.threads < 1 or (options.steps or 1) < 1:
        parser.error("--rounds, --threads and --steps: expected at least 1")
    processors = len(os.sched_getaffinity(0))
    if options.threads > processors:
        parser.error(f"--threads: this process may use {processors} processors")
    if not os.access(options.fasgard, os.X_OK) or options.fasgard.is_dir():
        parser.error(
            f"{options.fasgard}: no such program; build it with "
            "`cargo build --release -p fasgard-cli` or name it with --fasgard"
        )
    for row in ROWS:
        if row.name in options.rows and not (options.configs / row.config).is_file():
            parser.error(f"{options.configs / row.config}: no such file; see --configs")
    if options.output and not options.output.absolute().parent.is_dir():
        parser.error(f"{options.output.absolute().parent}: no such folder; see --output")
    return parser, options


def say(text):
    print(text, file=sys.stderr, flush=True)


def main():
    parser, options = arguments()
    try:
        versions = machine.versions()
    except LookupError as missing:
        requirements = Path(__file__).resolve().parent / "requirements.txt"
        parser.error(
            f"{sys.executable} lacks {missing}; in a virtual environment: "
            f"python -m pip install -r {requirements}"
        )
    if options.quick:
        say("--quick: one round and few steps show that it works, not how fast anything is")
    result = {
        "schema": 1,
        "command": shlex.join(["run.py", *sys.argv[1:]]),
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "versions": versions,
        "threads": options.threads,
        "rounds": options.rounds,
        "quick": options.quick,
        "set": options.set,
        "rows": [],
    }
    errors = []
    with tempfile.TemporaryDirectory(prefix="compare-speed-") as folder:
        for row in (row for row in ROWS if row.name in options.rows):
            try:
                done = measure.run_row(row, options, folder, machine.flags(), say)
            except child.ChildFailed as error:
                errors.append(f"{row.name}: {error}")
                say(f"{row.name}: {error}")
                continue
            result["rows"].append(done)
            for peer, entry in done["peers"].items():
                if entry["status"] == "failed":
                    errors.append(f"{row.name}: {peer}: {entry['reason']}")
            # After every row: a long comparison that is interrupted keeps what it has.
            if options.output:
                text = json.dumps(result | {"errors": errors}, indent=1)
                options.output.write_text(text + "\n", encoding="utf-8")
    print(markdown.table(result))
    for error in errors:
        say(f"error: {error}")
    return 1 if errors else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
