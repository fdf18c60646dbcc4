"""Images per second of a model file in fasgard and of its export (`fasgard export onnx`) in ONNX
Runtime or OpenVINO, in turns.

python exported.py model.safetensors model.onnx --batch 16
"""

import argparse
import json
import os
import sys
from pathlib import Path
from statistics import median

import child
import paired
from rows import ONNX_PEERS
from run import REPOSITORY


def fasgard_once(options):
    arguments = ["bench", "infer", "--model", options.model, "--json"]
    arguments += ["--batch", options.batch, "--steps", options.steps]
    return child.fasgard(options, *arguments)


def peer_once(peer, options, size):
    arguments = [peer, "infer", "--onnx", options.onnx, "--threads", options.threads]
    arguments += ["--batch", options.batch, "--size", size, "--steps", options.steps]
    return child.python(options, "peer.py", *arguments)


def measure(options, say):
    """The runs of everybody, in turns; every other round backwards."""
    size = child.fasgard(options, "inspect", options.model, "--json")["input"][1]
    runs = {name: [] for name in ("fasgard", *options.peers)}
    for number in range(options.rounds):
        for name in list(runs)[:: -1 if number % 2 else 1]:
            once = fasgard_once(options) if name == "fasgard" else peer_once(name, options, size)
            runs[name].append({"round": number, **once})
            say(f"round {number + 1}: {name} {once['step_s']['median']:.4f} s")
    return runs


def summarise(runs, batch):
    """Images per second of everybody, and fasgard's rate over each peer's of the same round."""
    result = {}
    for name, each in runs.items():
        ratios = paired.ratios(runs["fasgard"], each)
        result[name] = {
            "images_per_s": batch / median(run["step_s"]["median"] for run in each),
            "times_as_fast": 1.0 / median(ratios),
            "range": [1.0 / max(ratios), 1.0 / min(ratios)],
            "others_share": max(run["others_share"] for run in each),
        }
    return result


def main():
    parser = argparse.ArgumentParser(
        description=" ".join(__doc__.split("\n\n")[0].split()),
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("model", type=Path, help="model file")
    add("onnx", type=Path, help="what `fasgard export onnx` made of it")
    binary = REPOSITORY / "target" / "release" / "fasgard"
    add("--fasgard", type=Path, default=binary, help="the binary, built with --release")
    add("--peers", nargs="+", choices=ONNX_PEERS, default=["onnxruntime"], metavar="PEER")
    add("--batch", type=int, default=16)
    add("--rounds", type=int, default=5)
    add("--steps", type=int, default=5, help="timed steps of a run")
    add("--threads", type=int, default=2)
    add("--timeout", type=float, default=900.0, help="seconds that one child may take")
    options = parser.parse_args()
    for path in (options.fasgard, options.model, options.onnx):
        if not os.access(path, os.R_OK):
            parser.error(f"{path}: no such file")
    if min(options.batch, options.rounds, options.steps, options.threads) < 1:
        parser.error("--batch, --rounds, --steps and --threads: expected at least 1")
    runs = measure(options, lambda text: print(text, file=sys.stderr, flush=True))
    print(json.dumps(summarise(runs, options.batch), indent=1))


if __name__ == "__main__":
    try:
        main()
    except child.ChildFailed as error:
        sys.exit(f"error: {error}")
