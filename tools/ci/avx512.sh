#!/usr/bin/env bash
# Runs the tests of fasgard-kernels on an emulated processor with AVX-512 and bf16 instructions (an
# Intel Sapphire Rapids of Bochs), for machines that have none. Minutes a test: not a step of CI.
#
#     tools/ci/avx512.sh [TEST ...]      tests of crates/fasgard-kernels/tests, such as convolution
#
# Linux x86-64 with a C compiler and PYTHON (default python3) that has bochscpu-python 0.4.0 from
# PyPI. CARGO_TARGET_DIR is respected, with a folder of its own below it.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- convolution depthwise nan normalisation pooling resize winograd_accuracy

target=x86_64-unknown-linux-gnu
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/avx512"
# One file, at its addresses: there is neither a loader nor a file system on the emulated machine.
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS="-C target-feature=+crt-static -C relocation-model=static"
mkdir -p "$CARGO_TARGET_DIR"

# The package's wheel asks for two functions of glibc 2.38.
shim="$CARGO_TARGET_DIR/glibc-2.38.so"
cc -shared -fPIC -x c -o "$shim" - <<'C'
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
unsigned long long __isoc23_strtoull(const char *s, char **end, int base) { return strtoull(s, end, base); }
int __isoc23_sscanf(const char *s, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int count = vsscanf(s, format, arguments);
    va_end(arguments);
    return count;
}
C

tests=()
for name in "$@"; do tests+=(--test "$name"); done
cargo test --package fasgard-kernels --no-default-features --target "$target" --no-run "${tests[@]}"
# Tests of random shapes take far fewer of them here.
export PROPTEST_CASES="${PROPTEST_CASES:-4}"
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="env LD_PRELOAD=$shim ${PYTHON:-python3} $PWD/tools/ci/avx512.py"
cargo test --package fasgard-kernels --no-default-features --target "$target" "${tests[@]}" -- --test-threads=1
