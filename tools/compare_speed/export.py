"""Writes the PyTorch model as ONNX for ONNX Runtime and OpenVINO, and checks what came out.

python export.py --config configs/cdcn-ps.toml --output cdcn-ps.onnx
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy
import onnx
import onnxruntime
import torch

import models
import recipe as recipes

# Of the largest output magnitude.
TOLERANCE = 1e-3


def operators(path):
    return [node.op_type for node in onnx.load(path, load_external_data=False).graph.node]


def export(config, output, batch, size):
    """Exports for a fixed shape; raises ValueError if ONNX Runtime leaves a batch normalisation in
    place or answers otherwise than PyTorch."""
    model = models.for_inference(models.build(recipes.read(config)))
    images = models.images(batch, size)
    torch.onnx.export(
        model, (images,), str(output), dynamo=True, external_data=False, verbose=False
    )
    options = onnxruntime.SessionOptions()
    with tempfile.TemporaryDirectory() as folder:
        # Above this level the graph holds ONNX Runtime's own blocked convolutions.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.optimized_model_filepath = f"{folder}/optimised.onnx"
        session = onnxruntime.InferenceSession(
            str(output), options, providers=["CPUExecutionProvider"]
        )
        optimised = operators(options.optimized_model_filepath)
    if "BatchNormalization" in optimised:
        raise ValueError(f"{output}: ONNX Runtime folded not every batch normalisation")
    feed = {session.get_inputs()[0].name: images.contiguous().numpy()}
    with torch.inference_mode():
        expected = [tensor.numpy() for tensor in model(images)]
    worst = 0.0
    for ours, theirs in zip(expected, session.run(None, feed), strict=True):
        scale = max(float(numpy.abs(ours).max()), 1e-12)
        worst = max(worst, float(numpy.abs(ours - theirs).max()) / scale)
    if not worst <= TOLERANCE:
        raise ValueError(f"{output}: ONNX Runtime differs from PyTorch by {worst:.2e}")
    return {"nodes": len(operators(output)), "nodes_optimised": len(optimised), "differs": worst}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--size", type=int, default=256)
    args = parser.parse_args()
    print(json.dumps(export(args.config, args.output, args.batch, args.size)))


if __name__ == "__main__":
    main()
