"""Values that both sides compute alike: a hash of a tensor's name and an element's index.

Every value is a multiple of 2^-23 in [-1, 1) times a scale, rounded once to f32. Only integers and
that one product are used, so that no mathematical library can differ in a last bit.
"""

import numpy
import torch

MASK = numpy.uint32(0xFFFFFFFF)


def name_hash(name):
    """FNV-1a, 32 bits."""
    value = 0x811C9DC5
    for byte in name.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def units(name, count):
    """`count` f32 values in [-1, 1) that belong to `name`."""
    with numpy.errstate(over="ignore"):
        index = numpy.arange(count, dtype=numpy.uint32)
        x = index * numpy.uint32(0x9E3779B9) + numpy.uint32(name_hash(name))
        # The finaliser of MurmurHash3: every bit of the sum reaches every bit of the result.
        x = (x ^ (x >> numpy.uint32(16))) * numpy.uint32(0x85EBCA6B)
        x = (x ^ (x >> numpy.uint32(13))) * numpy.uint32(0xC2B2AE35)
        x = x ^ (x >> numpy.uint32(16))
    whole = (x >> numpy.uint32(8)).astype(numpy.int64) - (1 << 23)
    return (whole * 2.0**-23).astype(numpy.float32)


def values(name, shape, scale=1.0, offset=0.0):
    """A double-precision tensor of `offset + scale * unit`, each operation rounded to f32."""
    flat = units(name, int(numpy.prod(shape))) * numpy.float32(scale) + numpy.float32(offset)
    return torch.from_numpy(flat.reshape(shape).astype(numpy.float64))


def weight(name, shape):
    """A weight or buffer of a network by its name: as large as usual initialisations make it."""
    if name.endswith("running_var"):
        return values(name, shape, 0.25, 1.0)
    if name.endswith("running_mean"):
        return values(name, shape, 0.125)
    if name.endswith("convs.2.bn.weight"):
        # The end of a bottleneck, small as good initialisations have it: otherwise sixteen blocks
        # amplify f32's rounding until ReLUs switch, in PyTorch as well.
        return values(name, shape, 0.0625, 0.25)
    if name.endswith(("bn.weight", "norm.weight")):
        return values(name, shape, 0.25, 1.0)
    if len(shape) == 1:
        return values(name, shape, 0.125)
    fan_in = int(numpy.prod(shape[1:]))
    return values(name, shape, (6.0 / fan_in) ** 0.5)
