"""Losses and heads."""

import formula
from fixture import Fixture, gradients, probe
from networks import BinaryHead, DepthHead, MaskHead, bce, contrastive_depth, load, loss
from torch.nn import functional as F

BATCH = 3
CHANNELS = 5
WIDTH = 0.0625
# name, parameters
HEADS = [
    ("mask", {"target": "mask", "scales": [8, 4, 2, 1]}),
    ("mask-single", {"target": "mask", "scales": [8]}),
    ("mask-sum", {"target": "mask", "scales": [8, 4, 2, 1], "reduction": "sum"}),
    ("mask-shared", {"target": "mask", "scales": [8, 4], "shared_conv": True}),
    ("mask-min", {"target": "mask", "scales": [8, 4, 1], "target_pool": "min"}),
    ("depth", {"target": "depth", "scales": [8, 4, 2, 1], "theta": 0.7}),
    ("depth-single", {"target": "depth", "scales": [16], "theta": 0.0}),
    ("binary", {"target": "binary", "scales": []}),
]


def truth(name, side):
    """A map of 0 to 1 and the labels."""
    return formula.values(f"{name}/truth", (BATCH, 1, side, side), 0.5, 0.5)


def labels(name):
    return (formula.values(f"{name}/labels", (BATCH,)) > 0).double()


def losses():
    fixture = Fixture()
    shape = [BATCH, 1, 6, 5]
    for name in ["bce-mean", "bce-sum", "mse", "cdl", "bce-large"]:
        scale = 40.0 if name == "bce-large" else 3.0
        x = formula.values(f"{name}/x", shape, scale).requires_grad_()
        t = formula.values(f"{name}/truth", shape, 0.5, 0.5)
        value = {
            "bce-mean": lambda: bce(x, t),
            "bce-sum": lambda: bce(x, t, "sum"),
            "bce-large": lambda: bce(x, t),
            "mse": lambda: F.mse_loss(x, t),
            "cdl": lambda: contrastive_depth(x, t),
        }[name]()
        found = {"value": value.reshape(1)} | gradients(value, {"x": x})
        fixture.add(name, {"x": shape, "scale": scale}, found)
    return fixture


def head(parameters):
    scales = parameters["scales"]
    if parameters["target"] == "mask":
        return MaskHead(CHANNELS, scales, parameters.get("shared_conv", False))
    if parameters["target"] == "depth":
        return DepthHead(CHANNELS, scales, WIDTH, parameters["theta"])
    return BinaryHead(CHANNELS)


def heads():
    fixture = Fixture()
    for name, parameters in HEADS:
        module = load(head(parameters), f"{name}/")
        x = formula.values(f"{name}/x", (BATCH, CHANNELS, 8, 8), 1.0, 0.25).requires_grad_()
        maps, logit = module(x)
        found = {f"map@{m.shape[-1]}": m for m in maps}
        if logit is not None:
            found["logit"] = logit
        minimum = parameters.get("target_pool") == "min"
        side = max(parameters["scales"], default=1) * (4 if minimum else 1)
        terms = loss(
            parameters["target"],
            maps,
            logit,
            truth(name, side),
            labels(name),
            parameters.get("reduction", "mean"),
            minimum,
        )
        total = sum(terms.values())
        found |= {f"term/{k}": v.reshape(1) for k, v in terms.items()}
        found["total"] = total.reshape(1)
        found |= gradients(total, {"x": x} | dict(module.named_parameters()))
        shape = {"x": [BATCH, CHANNELS, 8, 8], "width": WIDTH, "truth": side}
        fixture.add(name, parameters | shape, found)
    return fixture
