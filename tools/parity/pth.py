"""Writes the small `.pth` files that the tests of `fasgard import` read: a ResNet18 of torchvision's
names, four channels wide, in both formats of torch.save; and an EfficientNet-Lite0 of the names of its
wheel, one channel wide. Needs torch (CPU).

    python3 tools/parity/pth.py crates/fasgard-model/tests/data
"""

import sys
from collections import OrderedDict
from pathlib import Path

import torch


def values(name, shape):
    """The values of a tensor, from its name and its shape alone."""
    count = int(torch.tensor(shape).prod()) if shape else 1
    places = torch.arange(count, dtype=torch.float64)
    start = sum(name.encode()) % 97
    return (((places * 37 + start) % 101) / 101).to(torch.float32).reshape(shape)


def resnet18(width):
    state = OrderedDict()

    def conv(name, outputs, inputs, side):
        state[name + ".weight"] = values(name + ".weight", (outputs, inputs, side, side))

    def norm(name, channels):
        for field in ("weight", "bias", "running_mean", "running_var"):
            state[f"{name}.{field}"] = values(f"{name}.{field}", (channels,))
        state[name + ".num_batches_tracked"] = torch.tensor(7)

    conv("conv1", width, 3, 7)
    norm("bn1", width)
    channels = width
    for stage in range(4):
        inner = width << stage
        for block in range(2):
            name = f"layer{stage + 1}.{block}"
            conv(name + ".conv1", inner, channels, 3)
            norm(name + ".bn1", inner)
            conv(name + ".conv2", inner, inner, 3)
            norm(name + ".bn2", inner)
            if block == 0 and stage > 0:
                conv(name + ".downsample.0", inner, channels, 1)
                norm(name + ".downsample.1", inner)
            channels = inner
    state["fc.weight"] = values("fc.weight", (5, channels))
    # A view into a larger storage, transposed: what a slice of weights looks like on disk.
    state["fc.weight"] = state["fc.weight"].t().contiguous().t()
    state["fc.bias"] = values("fc.bias", (5,))
    return state


def lite0():
    """One channel everywhere: names are what counts."""
    state = OrderedDict()

    def conv(name, side):
        state[name + ".weight"] = values(name + ".weight", (1, 1, side, side))

    def norm(name):
        for field in ("weight", "bias", "running_mean", "running_var"):
            state[f"{name}.{field}"] = values(f"{name}.{field}", (1,))
        state[name + ".num_batches_tracked"] = torch.tensor(7)

    conv("_conv_stem", 3)
    norm("_bn0")
    kernels = [3] * 3 + [5] * 2 + [3] * 3 + [5] * 3 + [5] * 4 + [3]
    for number, kernel in enumerate(kernels):
        block = f"_blocks.{number}."
        if number > 0:
            conv(block + "_expand_conv", 1)
            norm(block + "_bn0")
        conv(block + "_depthwise_conv", kernel)
        norm(block + "_bn1")
        conv(block + "_project_conv", 1)
        norm(block + "_bn2")
    conv("_conv_head", 1)
    norm("_bn1")
    state["_fc.weight"] = values("_fc.weight", (5, 1))
    state["_fc.bias"] = values("_fc.bias", (5,))
    return state


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    state = resnet18(4)
    torch.save(state, folder / "resnet18-zip.pth")
    torch.save(state, folder / "resnet18-plain.pth", _use_new_zipfile_serialization=False)
    torch.save(lite0(), folder / "lite0-plain.pth", _use_new_zipfile_serialization=False)
