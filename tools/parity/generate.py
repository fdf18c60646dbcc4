"""Writes the fixtures of the parity tests: what PyTorch computes in double precision.

    python tools/parity/generate.py [--check]
"""

import argparse
import sys
from pathlib import Path

import torch

import layers
import losses
import training

ROOT = Path(__file__).resolve().parents[2] / "crates"
FILES = {
    "fasgard-nn/tests/parity/convolutions.safetensors": layers.convolutions,
    "fasgard-nn/tests/parity/resizes.safetensors": layers.resizes,
    "fasgard-nn/tests/parity/batch_norms.safetensors": layers.batch_norms,
    "fasgard-nn/tests/parity/losses.safetensors": losses.losses,
    "fasgard-nn/tests/parity/heads.safetensors": losses.heads,
    "fasgard-nn/tests/parity/backbones.safetensors": training.backbones,
    "fasgard-train/tests/parity/optimisers.safetensors": training.optimisers,
}
LARGEST = 3 << 19


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    torch.set_num_threads(1)
    total = 0
    differ = []
    for name, make in FILES.items():
        data = make().bytes()
        total += len(data)
        path = ROOT / name
        if check:
            if not path.exists() or path.read_bytes() != data:
                differ.append(name)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        print(f"{path}: {len(data)} bytes")
    if total > LARGEST:
        sys.exit(f"{total} bytes in all: more than {LARGEST}, too large to commit")
    if differ:
        sys.exit(f"not what is committed: {', '.join(differ)}")


if __name__ == "__main__":
    main()
