"""What is compared with what, and what is asked of it: one row a workload."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """fasgard's time at most `at_most` times that of the fastest of `peers`."""

    kind: str  # "must" or "stretch"
    peers: tuple[str, ...]
    at_most: float


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    config: str  # file in configs/
    what: str  # "train" or "infer"
    batch: int
    size: int
    steps: int  # timed steps of one run
    peers: tuple[str, ...]
    goals: tuple[Goal, ...]


# PyTorch is quicker in channels_last with AVX-512 and in its default layout with AVX2 alone, where
# the weight gradients of channels_last are slow: a goal is held against the quicker of the two.
F32 = ("torch-f32-nhwc", "torch-f32-nchw")
TRAIN = (*F32, "torch-bf16-nhwc")
INFER = ("onnxruntime", "openvino-f32", "openvino-bf16", "torch-f32-nhwc")

ROWS = (
    Row(
        "resnet50-ps-train",
        "ResNet50-PS, training step",
        "resnet50-ps.toml",
        "train",
        batch=8,
        size=256,
        steps=3,
        peers=TRAIN,
        goals=(Goal("must", F32, 0.95), Goal("stretch", ("torch-bf16-nhwc",), 1.0)),
    ),
    Row(
        "cdcn-ps-train",
        "CDCN-PS, training step",
        "cdcn-ps.toml",
        "train",
        batch=2,
        size=256,
        steps=3,
        peers=TRAIN,
        goals=(Goal("must", F32, 0.45), Goal("stretch", F32, 0.35)),
    ),
    Row(
        "resnet50-ps-infer",
        "ResNet50-PS, inference",
        "resnet50-ps.toml",
        "infer",
        batch=1,
        size=256,
        steps=15,
        peers=INFER,
        goals=(Goal("must", ("onnxruntime",), 1.05), Goal("stretch", ("openvino-bf16",), 1.0)),
    ),
    Row(
        "cdcn-ps-infer",
        "CDCN-PS, inference",
        "cdcn-ps.toml",
        "infer",
        batch=1,
        size=256,
        steps=7,
        peers=INFER,
        goals=(Goal("must", ("onnxruntime",), 0.45), Goal("stretch", ("onnxruntime",), 0.35)),
    ),
)

# Peers that need an exported model.
ONNX_PEERS = ("onnxruntime", "openvino-f32", "openvino-bf16")
# What each peer needs to be installed.
MODULES = ("numpy", "torch", "onnx", "onnxscript", "onnxruntime", "openvino")
# Any of these lets a processor multiply bf16; without one, libraries emulate or ignore it.
BF16_FLAGS = ("avx512_bf16", "amx_bf16")
