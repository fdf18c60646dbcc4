"""Backbones, and detectors after twenty steps of an optimiser."""

import formula
import torch
from fixture import Fixture, gradients, probe
from losses import labels, truth
from networks import Detector, DepthHead, MaskHead, backbone, load, loss

WIDTH = 0.04
# name, backbone, stages, input size, side of CDCN's features
BACKBONES = [
    ("resnet18", "resnet18", 4, 64, 0),
    ("resnet50", "resnet50", 4, 64, 0),
    ("efficientnet-lite0", "efficientnet-lite0", 5, 64, 0),
    ("mobilenet-v3-large", "mobilenet-v3-large", 5, 64, 0),
    ("densenet161", "densenet161", 2, 64, 0),
    ("cdcn", "cdcn", 0, 32, 8),
    ("depthnet", "depthnet", 0, 32, 8),
]
# Where deep ones are cut: behind that, normalisations of a few values amplify f32's rounding.
TAPS = {
    "densenet161": "transition2",
    "efficientnet-lite0": "stage5",
    "mobilenet-v3-large": "stage5",
}
BATCH = 3
STEPS = 20
# After which steps weights and running statistics are compared.
SHOWN = [1, 5, STEPS]
# name, target, optimiser, weight decay
OPTIMISERS = [
    ("adam", "mask", "adam", 0.01),
    ("adam-depth", "depth", "adam", 5e-5),
    ("adamw", "mask", "adamw", 0.05),
    ("sgd", "mask", "sgd", 0.01),
]
RATE = {"adam": 1e-3, "adamw": 1e-3, "sgd": 1e-2}


def buffers(module):
    """Running statistics by name."""
    state = module.state_dict()
    return {n: state[n].clone() for n in state if n.endswith(("running_mean", "running_var"))}


# Relative error of PyTorch's own f32 gradient above which a gradient is nearly cancelled: the shift of a
# normalisation that another one follows, or its scale.
CANCELLED = 2e-5


def cancelled(name, kind, stages, side, size, exact):
    """Names of gradients of normalisations in which PyTorch's own f32 says little."""
    body = load(backbone(kind, WIDTH, stages, side=side), f"{name}/").float()
    x = formula.values(f"{name}/x", (BATCH, 3, size, size)).float().requires_grad_()
    y = body(x)
    factors = formula.values(f"{name}/probe/{y.shape[-1]}", y.shape).float()
    inputs = dict(body.named_parameters())
    names = []
    for key, grad in gradients((y * factors).sum(), inputs).items():
        error = ((grad.double() - exact[key]).norm() / exact[key].norm()).item()
        if error > CANCELLED:
            names.append(key)
    return sorted(names)


def backbones():
    fixture = Fixture()
    for name, kind, stages, size, side in BACKBONES:
        body = load(backbone(kind, WIDTH, stages, side=side), f"{name}/")
        x = formula.values(f"{name}/x", (BATCH, 3, size, size)).requires_grad_()
        y = body(x)
        inputs = {"x": x} | dict(body.named_parameters())
        found = {"y": y} | gradients(probe(name, y), inputs) | buffers(body)
        small = cancelled(name, kind, stages, side, size, found)
        # Of the first image alone: the file stays small.
        found["d/x"] = found["d/x"][:1]
        tap = TAPS.get(kind, "")
        parameters = {"backbone": kind, "tap": tap, "width": WIDTH, "x": list(x.shape), "side": side}
        parameters["cancelled"] = small
        fixture.add(name, parameters, found)
        evaluated = body.eval()(x.detach())
        fixture.add(f"{name}-evaluated", {}, {"y": evaluated})
    return fixture


def detector(target):
    """A narrow detector, its scales and its input size."""
    if target == "mask":
        body = backbone("resnet18", WIDTH, 2)
        return Detector(body, MaskHead(body.channels, [4, 2, 1])), [4, 2, 1], 32
    body = backbone("cdcn", WIDTH, side=8)
    return Detector(body, DepthHead(body.channels, [8, 4], WIDTH, 0.7)), [8, 4], 16


def optimiser(kind, parameters, decay):
    if kind == "adam":
        return torch.optim.Adam(parameters, RATE[kind], weight_decay=decay)
    if kind == "adamw":
        return torch.optim.AdamW(parameters, RATE[kind], weight_decay=decay)
    return torch.optim.SGD(parameters, RATE[kind], 0.9, weight_decay=decay, nesterov=True)


def optimisers():
    fixture = Fixture()
    for name, target, kind, decay in OPTIMISERS:
        module, scales, size = detector(target)
        load(module, f"{name}/")
        stepper = optimiser(kind, module.parameters(), decay)
        totals = []
        found = {}
        for step in range(1, STEPS + 1):
            case = f"{name}/{step}"
            images = formula.values(f"{case}/x", (BATCH, 3, size, size))
            maps, logit = module(images)
            terms = loss(target, maps, logit, truth(case, scales[0]), labels(case))
            total = sum(terms.values())
            totals.append(total.detach())
            stepper.zero_grad()
            total.backward()
            stepper.step()
            if step in SHOWN:
                for weight, tensor in module.state_dict().items():
                    if not weight.endswith("num_batches_tracked"):
                        found[f"{step}/{weight}"] = tensor.clone()
        found["losses"] = torch.stack(totals)
        parameters = {
            "target": target,
            "scales": scales,
            "optimizer": kind,
            "lr": RATE[kind],
            "weight_decay": decay,
            "width": WIDTH,
            "x": [BATCH, 3, size, size],
            "steps": STEPS,
            "shown": SHOWN,
        }
        fixture.add(name, parameters, found)
    return fixture
