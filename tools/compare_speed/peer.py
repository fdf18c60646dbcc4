"""Runs one peer once and prints what it took as a line of JSON; run.py starts it as a child.

python peer.py torch-f32-nhwc train --config configs/cdcn-ps.toml --batch 2 --steps 3
python peer.py onnxruntime infer --config configs/cdcn-ps.toml --batch 1 --steps 9 --onnx FILE
"""

import argparse
import json
import os
import time
from pathlib import Path

import recipe as recipes


def peak_rss_bytes():
    """The process's largest resident set (Linux), which includes the libraries it loaded."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return None


def timed(warm_up, steps, step):
    """Seconds of each of `steps` calls after `warm_up` that are not timed."""
    for _ in range(warm_up):
        step()
    times = []
    for _ in range(steps):
        begin = time.perf_counter()
        step()
        times.append(time.perf_counter() - begin)
    return times


def torch_train(args, precision, layout):
    """Forward, loss, backward, clipping as the configuration has it, Adam (the fused one)."""
    import torch

    import models

    torch.set_num_threads(args.threads)
    recipe = recipes.read(args.config)
    memory_format = getattr(torch, FORMATS[layout])
    model = models.build(recipe, memory_format).train()
    optimizer = torch.optim.Adam(
        model.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay, fused=True
    )
    images = models.images(args.batch, args.size, memory_format)
    target = model.target(args.batch)
    losses = []

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            outputs = model(images)
        loss = model.loss(outputs, target)
        loss.backward()
        if recipe.clip_norm > 0:
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
        optimizer.step()
        losses.append(loss.item())

    times = timed(args.warm_up, args.steps, step)
    return times, {"version": torch.__version__, "losses": losses}


def torch_infer(args, precision, layout):
    """Eager, central differences folded."""
    import torch

    import models

    torch.set_num_threads(args.threads)
    memory_format = getattr(torch, FORMATS[layout])
    model = models.for_inference(models.build(recipes.read(args.config), memory_format))
    images = models.images(args.batch, args.size, memory_format)

    @torch.inference_mode()
    def step():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            return [output.float().numpy() for output in model(images)]

    return timed(args.warm_up, args.steps, step), {"version": torch.__version__}


def wave(args):
    """`models.images` without PyTorch, NCHW."""
    import numpy as np

    y, x = np.arange(args.size).reshape(1, -1, 1), np.arange(args.size).reshape(1, 1, -1)
    channel = np.arange(3).reshape(3, 1, 1)
    wave = np.sin((x * (channel + 2) + 3 * y) / args.size * 6.25).astype(np.float32)
    return np.ascontiguousarray(np.broadcast_to(wave, (args.batch, *wave.shape)))


def onnxruntime_infer(args, _precision, _layout):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(
        str(args.onnx), options, providers=["CPUExecutionProvider"]
    )
    feed = {session.get_inputs()[0].name: wave(args)}
    times = timed(args.warm_up, args.steps, lambda: session.run(None, feed))
    return times, {"version": onnxruntime.__version__}


def openvino_infer(args, precision, _layout):
    import openvino

    core = openvino.Core()
    compiled = core.compile_model(
        core.read_model(args.onnx),
        "CPU",
        {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": args.threads,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": precision,
        },
    )
    request, images = compiled.create_infer_request(), wave(args)

    def step():
        request.infer({0: images}, share_inputs=True)
        return [request.get_output_tensor(i).data for i in range(len(compiled.outputs))]

    times = timed(args.warm_up, args.steps, step)
    used = compiled.get_property("INFERENCE_PRECISION_HINT")
    return times, {"version": openvino.__version__, "precision_used": used.get_type_name()}


FORMATS = {"nhwc": "channels_last", "nchw": "contiguous_format"}
PEERS = {
    ("torch-f32-nhwc", "train"): (torch_train, "f32", "nhwc"),
    ("torch-f32-nchw", "train"): (torch_train, "f32", "nchw"),
    ("torch-bf16-nhwc", "train"): (torch_train, "bf16", "nhwc"),
    ("torch-f32-nhwc", "infer"): (torch_infer, "f32", "nhwc"),
    ("onnxruntime", "infer"): (onnxruntime_infer, "f32", "nchw"),
    ("openvino-f32", "infer"): (openvino_infer, "f32", "nchw"),
    ("openvino-bf16", "infer"): (openvino_infer, "bf16", "nchw"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=sorted({peer for peer, _ in PEERS}))
    parser.add_argument("what", choices=["train", "infer"])
    parser.add_argument("--config", type=Path, help="of the model (PyTorch)")
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--onnx", type=Path, help="the exported model (onnxruntime, openvino)")
    args = parser.parse_args()
    if (args.peer, args.what) not in PEERS:
        parser.error(f"{args.peer} does not {args.what}")
    function, precision, layout = PEERS[args.peer, args.what]
    if function in (onnxruntime_infer, openvino_infer):
        if args.onnx is None:
            parser.error(f"{args.peer} needs --onnx FILE (python export.py writes it)")
    elif args.config is None:
        parser.error(f"{args.peer} needs --config FILE")
    times, more = function(args, precision, layout)
    ordered = sorted(times)
    # The upper median, as `fasgard bench` takes it.
    step_s = {"min": ordered[0], "median": ordered[len(ordered) // 2], "max": ordered[-1]}
    print(json.dumps({"step_s": step_s, "peak_rss_bytes": peak_rss_bytes(), **more}), flush=True)
    # Some libraries crash while they unload; the answer is out.
    os._exit(0)


if __name__ == "__main__":
    main()
