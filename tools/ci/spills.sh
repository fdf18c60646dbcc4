#!/usr/bin/env bash
# Checks the machine code of the convolution kernels: the register tiles must not spill.
# Installs binutils (Debian, as root) where objdump is missing.
#
#     tools/ci/spills.sh [cargo test arguments, such as --release]
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v objdump >/dev/null; then
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends binutils
fi
exec cargo test --package fasgard-kernels --no-default-features --test spills "$@" -- \
    --include-ignored
