"""Checks that the PyTorch model has the layers that `fasgard inspect` lists: the output shape, the
parameters and the multiply-accumulates of every convolution, normalisation and linear layer.

    fasgard inspect configs/cdcn-ps.toml --json | python same_model.py --config configs/cdcn-ps.toml
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import torch
from torch import nn

import models
import recipe as recipes


def layers(model, size):
    """(channels, height, width), parameters, multiply-accumulates per layer that has parameters."""
    found = []

    def hook(module, _inputs, output):
        shape = tuple(output.shape[1:]) + (1,) * (4 - output.dim())
        parameters = sum(p.numel() for p in module.parameters())
        macs = 0
        if not isinstance(module, nn.BatchNorm2d):
            macs = module.weight.numel() * shape[1] * shape[2]
        found.append((shape, parameters, macs))

    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.BatchNorm2d, nn.Linear)):
            module.register_forward_hook(hook)
    with torch.inference_mode():
        model.eval()(models.images(1, size))
    return found


def compare(config, inspected):
    """The parameters of both; raises ValueError with what differs."""
    model = models.build(recipes.read(config))
    total = sum(p.numel() for p in model.parameters())
    if total != inspected["parameters"]:
        raise ValueError(f"{config}: fasgard {inspected['parameters']} parameters, PyTorch {total}")
    size = inspected["input"][1]
    ours = Counter(
        (tuple(layer["output"]), layer["parameters"], layer["macs"])
        for layer in inspected["layers"]
        if layer["parameters"]
    )
    theirs = Counter(layers(model, size))
    if ours != theirs:
        raise ValueError(
            f"{config}: layers only in fasgard {list((ours - theirs).items())}, "
            f"only in PyTorch {list((theirs - ours).items())} (shape, parameters, macs)"
        )
    return {"parameters": total, "layers": sum(theirs.values()), "macs": inspected["macs"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True)
    args = parser.parse_args()
    print(json.dumps(compare(args.config, json.load(sys.stdin))))


if __name__ == "__main__":
    main()
