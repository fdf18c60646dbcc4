"""Runs a row: fasgard and its peers in turns, round by round."""

import json
from pathlib import Path

import child
from paired import summarise
from rows import BF16_FLAGS, ONNX_PEERS


def fasgard_once(row, options):
    arguments = ["bench", row.what, "--config", options.configs / row.config, "--json"]
    arguments += ["--batch", row.batch, "--size", row.size, "--steps", steps(row, options)]
    for setting in options.set:
        arguments += ["--set", setting]
    answer = child.fasgard(options, *arguments)
    if answer.get("threads") != options.threads:
        raise child.ChildFailed(
            f"ran on {answer.get('threads')} threads, expected {options.threads}"
        )
    return answer


def peer_once(row, peer, options, onnx):
    base, tuned = peer.removesuffix("-default"), not peer.endswith("-default")
    arguments = [base, row.what, "--config", options.configs / row.config]
    arguments += ["--batch", row.batch, "--size", row.size, "--steps", steps(row, options)]
    arguments += ["--threads", options.threads]
    if base in ONNX_PEERS:
        arguments += ["--onnx", onnx]
    answer = child.python(options, "peer.py", *arguments, tuned=tuned)
    # OpenVINO takes the precision as a hint and falls back without a word.
    asked = "bf16" if "bf16" in base else "f32"
    used = answer.get("precision_used", asked)
    if used != asked:
        raise child.ChildFailed(f"asked for {asked}, it ran in {used}")
    return answer


def steps(row, options):
    return options.steps or (1 if options.quick and row.what == "train" else row.steps)


def peers_of(row, options, flags):
    """The peers to run, and why the others are not."""
    run, skipped = [], {}
    for peer in row.peers:
        if options.peers and peer not in options.peers:
            continue
        if "bf16" in peer and not options.emulated_bf16 and not flags & set(BF16_FLAGS):
            skipped[peer] = "this processor has no bf16 instructions"
        else:
            run.append(peer)
        if peer.startswith("torch-f32") and row.what == "train" and options.untuned:
            run.append(f"{peer}-default")
    return run, skipped


def same_model(row, options):
    """Layer by layer, fasgard's model and the peers'."""
    config = options.configs / row.config
    inspected = child.fasgard(options, "inspect", config, "--json")
    same = child.python(options, "same_model.py", "--config", config, stdin=json.dumps(inspected))
    return {key: same[key] for key in ("layers", "parameters", "macs")}


def run_row(row, options, folder, flags, say):
    """The row's results; a peer that fails is reported and left out of later rounds."""
    peers, skipped = peers_of(row, options, flags)
    failed = {}
    check = same_model(row, options)
    say(f"{row.name}: same {check['layers']} layers, {check['parameters']} parameters")
    onnx = Path(folder) / f"{row.name}.onnx"
    if set(peers) & set(ONNX_PEERS):
        arguments = ["--config", options.configs / row.config, "--output", onnx]
        arguments += ["--batch", row.batch, "--size", row.size]
        exported = child.python(options, "export.py", *arguments)
        check["onnx_differs_at_most"] = exported["differs"]
    runs = {name: [] for name in ("fasgard", *peers)}
    for number in range(options.rounds):
        # Every other round runs backwards, so that nobody always follows the same neighbour.
        order = list(runs)[:: -1 if number % 2 else 1]
        for name in (name for name in order if name not in failed):
            try:
                if name == "fasgard":
                    answer = fasgard_once(row, options)
                else:
                    answer = peer_once(row, name, options, onnx)
            except child.ChildFailed as error:
                if name == "fasgard":
                    raise child.ChildFailed(f"fasgard: {row.name}: {error}") from error
                failed[name] = str(error)
                say(f"{row.name}: {name} failed: {error}")
                continue
            runs[name].append({"round": number, **answer})
            say(f"{row.name}: round {number + 1}: {name} {answer['step_s']['median']:.4f} s")
    onnx.unlink(missing_ok=True)
    return summarise(row, runs, skipped, failed) | {
        "steps": steps(row, options),
        "same_model": check,
    }
