"""Child processes: their environment, and running one for its line of JSON."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

# glibc: keep large blocks instead of returning them to the system after every step. Without it
# PyTorch spends a good part of a training step on page faults.
TUNED_MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": str(4 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(8 << 30),
}

# Variables that would change the kernels, the threads or the memory of a child.
CLEARED_PREFIXES = ("OMP_", "KMP_", "GOMP_", "MKL_", "DNNL_", "ONEDNN_", "MALLOC_", "RAYON_")
CLEARED = ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "LD_PRELOAD", "GLIBC_TUNABLES")


class ChildFailed(Exception):
    """A child did not answer; the message says why."""


def environment(threads, tuned):
    """The caller's environment less what would disturb, `threads` everywhere; `tuned`: as for
    PyTorch's best."""
    env = {
        key: value
        for key, value in os.environ.items()
        if key not in CLEARED and not key.startswith(CLEARED_PREFIXES)
    }
    env["OMP_NUM_THREADS"] = env["RAYON_NUM_THREADS"] = str(threads)
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    if tuned:
        env.update(TUNED_MALLOC)
    return env


def busy_and_total():
    """Seconds that all processors have been busy, and that have passed for them, since boot."""
    line = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
    user, nice, system, idle, wait, irq, softirq, steal = map(int, line.split()[1:9])
    busy = user + nice + system + irq + softirq
    ticks = os.sysconf("SC_CLK_TCK")
    return busy / ticks, (busy + idle + wait + steal) / ticks


def children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(command, threads, tuned, timeout, stdin=None):
    """The JSON object that `command` prints (the whole output or its last line), with
    `others_share`: how much of all processors other processes used meanwhile, 0 to 1. Raises
    ChildFailed."""
    before = (*busy_and_total(), children_seconds())
    try:
        done = subprocess.run(
            [str(part) for part in command],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=environment(threads, tuned),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ChildFailed(f"no answer within {timeout:.0f} s (--timeout)") from error
    except OSError as error:
        raise ChildFailed(f"{command[0]}: {error.strerror}") from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        reason = lines[-1] if lines else "without a message"
        raise ChildFailed(f"exit code {done.returncode}: {reason}")
    for text in (done.stdout, (done.stdout.strip().splitlines() or [""])[-1]):
        try:
            answer = json.loads(text)
        except json.JSONDecodeError:
            continue
        after = (*busy_and_total(), children_seconds())
        busy, total, own = (b - a for a, b in zip(before, after, strict=True))
        return answer | {"others_share": max(0.0, busy - own) / total if total > 0 else 0.0}
    raise ChildFailed(f"printed no JSON: {done.stdout[:200]!r}")


def fasgard(options, *arguments, stdin=None):
    """Runs the binary as a user would: without the memory settings that the peers get."""
    return run([options.fasgard, *arguments], options.threads, False, options.timeout, stdin)


def python(options, script, *arguments, stdin=None, tuned=True):
    """Runs a script of this folder in this interpreter."""
    command = [sys.executable, HERE / script, *arguments]
    return run(command, options.threads, tuned, options.timeout, stdin)
