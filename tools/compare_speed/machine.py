"""What the comparison runs on."""

import os
import platform
from importlib import metadata
from pathlib import Path

from rows import MODULES

# The instruction sets that decide which kernels run.
SIMD_FLAGS = ("avx2", "fma", "avx512f", "avx512_bf16", "avx512_vnni", "amx_tile", "amx_bf16")


def cpuinfo(key):
    """The first value of `key` in /proc/cpuinfo; empty if there is none."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return ""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def flags():
    return set(cpuinfo("flags").split())


def describe():
    return {
        "processor": cpuinfo("model name") or platform.processor() or "unknown processor",
        "family": cpuinfo("cpu family"),
        "model": cpuinfo("model"),
        "processors": len(os.sched_getaffinity(0)),
        "simd": [flag for flag in SIMD_FLAGS if flag in flags()],
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def versions():
    """Versions of the peers' packages; raises LookupError naming those that are missing."""
    found, missing = {}, []
    for module in MODULES:
        try:
            found[module] = metadata.version(module)
        except metadata.PackageNotFoundError:
            missing.append(module)
    if missing:
        raise LookupError(", ".join(missing))
    return found
