#!/usr/bin/env bash
# Compiles fasgard-kernels for 64-bit ARM and runs its tests under an emulator, so that the NEON
# kernels are tested without such a processor. Debian (amd64), as root; installs what is missing.
#
#     tools/ci/neon.sh [cargo test arguments, such as --test convolution]
#
# Debian's compiler is used for its ARM standard library, not the one cargo would take.
# CARGO_TARGET_DIR is respected, with a folder of its own below it.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=(rustc-web libstd-rust-web-dev:arm64 gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)
if ! dpkg --print-foreign-architectures | grep -qx arm64; then
    dpkg --add-architecture arm64
fi
if ! dpkg-query --show --showformat='${db:Status-Status}\n' "${packages[@]}" 2>/dev/null |
    grep -c '^installed$' | grep -qx "${#packages[@]}"; then
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${packages[@]}"
fi

export RUSTC=/usr/bin/rustc
unset RUSTFLAGS
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/neon"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
# With the libraries of the arm64 packages: those of the cross compiler are another build of them.
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER=qemu-aarch64
cargo=(cargo test --package fasgard-kernels --no-default-features
    --target aarch64-unknown-linux-gnu)
if [ $# -gt 0 ]; then
    exec "${cargo[@]}" "$@"
fi
"${cargo[@]}" --lib --test convolution --test fixtures --test shapes
