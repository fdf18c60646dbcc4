"""A file of cases: for each its parameters (JSON) and the tensors that PyTorch computed."""

import json

import numpy
from safetensors.numpy import save


class Fixture:
    """Collects cases; same cases, same bytes."""

    def __init__(self):
        self.cases = {}
        self.tensors = {}

    def add(self, case, parameters, tensors):
        """`tensors` by name, stored as f32 under CASE/NAME; maps are given as [N, C, H, W] and stay."""
        if case in self.cases:
            raise ValueError(f"{case}: twice")
        self.cases[case] = parameters
        for name, tensor in tensors.items():
            array = tensor.detach().numpy().astype(numpy.float32)
            if not numpy.isfinite(array).all():
                raise ValueError(f"{case}/{name}: not finite")
            if numpy.linalg.norm(array) == 0:
                raise ValueError(f"{case}/{name}: all zero, which shows nothing")
            self.tensors[f"{case}/{name}"] = numpy.ascontiguousarray(array)

    def bytes(self):
        # One entry of metadata: the order of several is not fixed.
        return save(self.tensors, {"cases": json.dumps(self.cases, sort_keys=True)})


def gradients(value, inputs):
    """The gradient of `value` for every input, as `d/NAME`."""
    import torch

    grads = torch.autograd.grad(value, list(inputs.values()))
    return {f"d/{name}": grad for name, grad in zip(inputs, grads, strict=True)}


def probe(case, y):
    """A fixed linear function of an output, so that every element gets a gradient of its own."""
    import formula

    return (y * formula.values(f"{case}/probe/{y.shape[-1]}", y.shape)).sum()
