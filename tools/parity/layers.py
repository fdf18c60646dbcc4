"""Convolutions, resizing and batch normalisation."""

import torch.nn.functional as F
from torch import nn

import formula
from fixture import Fixture, gradients, probe
from networks import CentralDifference, load

# name, theta, stride, batch, channels in, channels out, height, width
CONVOLUTIONS = [
    ("vanilla", 0.0, 1, 2, 5, 7, 6, 9),
    ("theta-0.7", 0.7, 1, 2, 5, 7, 6, 9),
    ("theta-1", 1.0, 1, 2, 5, 7, 6, 9),
    ("theta-0.7-stride-2", 0.7, 2, 1, 3, 4, 9, 8),
]
# name, batch, channels, height, width, side out
RESIZES = [
    ("quarter", 2, 3, 16, 16, 4),
    ("half", 2, 3, 8, 8, 4),
    ("odd", 1, 4, 7, 10, 4),
    ("larger", 1, 4, 3, 5, 8),
]
NORM_STEPS = 5


def convolutions():
    fixture = Fixture()
    for name, theta, stride, batch, inputs, outputs, height, width in CONVOLUTIONS:
        conv = load(CentralDifference(inputs, outputs, theta, stride), f"{name}/")
        x = formula.values(f"{name}/x", (batch, inputs, height, width)).requires_grad_()
        y = conv(x)
        found = {"y": y} | gradients(probe(name, y), {"x": x, "weight": conv.weight})
        shape = [batch, inputs, height, width]
        fixture.add(name, {"theta": theta, "stride": stride, "x": shape, "outputs": outputs}, found)
    return fixture


def resizes():
    fixture = Fixture()
    for name, batch, channels, height, width, side in RESIZES:
        shape = [batch, channels, height, width]
        x = formula.values(f"{name}/x", shape).requires_grad_()
        y = F.interpolate(x, (side, side), mode="bilinear", align_corners=False)
        fixture.add(
            name, {"x": shape, "side": side}, {"y": y} | gradients(probe(name, y), {"x": x})
        )
    return fixture


class Norm(nn.Module):
    """A batch normalisation under the name that marks one."""

    def __init__(self, channels):
        super().__init__()
        self.bn = nn.BatchNorm2d(channels)


def batch_norms():
    """Several training steps on different batches, then the output with running statistics. The
    batch is small, so that a biased running variance would be 1/5 off."""
    fixture = Fixture()
    shape = [1, 4, 2, 3]
    norm = load(Norm(shape[1]), "norm/").bn
    for step in range(NORM_STEPS):
        name = f"step-{step}"
        x = formula.values(f"{name}/x", shape, 2.0, 0.5).requires_grad_()
        y = norm(x)
        inputs = {"x": x, "weight": norm.weight, "bias": norm.bias}
        found = {"y": y} | gradients(probe(name, y), inputs)
        state = {"running_mean": norm.running_mean, "running_var": norm.running_var}
        fixture.add(name, {"x": shape}, found | {k: v.clone() for k, v in state.items()})
    x = formula.values("evaluated/x", shape, 2.0, 0.5)
    fixture.add("evaluated", {"x": shape}, {"y": norm.eval()(x)})
    return fixture
