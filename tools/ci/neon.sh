#!/usr/bin/env bash
# Compiles fasgard-kernels for 64-bit ARM and runs its tests under an emulator, so that the NEON
# kernels are tested without such a processor. Debian (amd64), as root; installs what is missing.
#
#     tools/ci/neon.sh [cargo test arguments, such as --test convolution]
#
# The ARM standard library comes from rustup where it is there, else with Debian's compiler.
# CARGO_TARGET_DIR is respected, with a folder of its own below it. Exit code 77: not run, as
# something cannot be installed here (the last line says what); any other but 0: a test failed.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=aarch64-unknown-linux-gnu

skip() {
    printf '\n*** SKIPPED, the NEON kernels were not tested: %s\n' "$1" >&2
    exit 77
}
have() {
    local installed
    installed=$(dpkg-query --show --showformat='${db:Status-Status}\n' "$@" 2>/dev/null |
        grep -c '^installed$' || true)
    [ "$installed" = "$#" ]
}
packages() {
    have "$@" && return
    [ "$(id -u)" = 0 ] || skip "Debian packages are missing and this is not root: apt-get install $*"
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive \
        apt-get install -qy --no-install-recommends "$@"; } >&2 ||
        skip "apt-get install $* failed, see above"
}

command -v dpkg-query >/dev/null || skip "this is not Debian (no dpkg-query)"
[ "$(dpkg --print-architecture)" = amd64 ] || skip "this is not Debian for amd64"

packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
# Where the emulated programs find their C library.
runner="qemu-aarch64 -L /usr/aarch64-linux-gnu"

library() { [ -d "$(rustc --print target-libdir --target "$target" 2>/dev/null)" ]; }
if ! library && command -v rustup >/dev/null; then
    timeout 180 rustup target add "$target" >&2 ||
        echo "rustup cannot add $target; trying Debian's compiler" >&2
fi
if ! library; then
    dpkg --print-foreign-architectures | grep -qx arm64 || {
        [ "$(id -u)" = 0 ] || skip "no ARM standard library: run rustup target add $target"
        dpkg --add-architecture arm64
    }
    packages rustc-web libstd-rust-web-dev:arm64
    export RUSTC=/usr/bin/rustc
    # Its library brings a C library of its own, another build than the cross compiler's.
    runner=qemu-aarch64
    library || skip "neither rustup nor Debian gave a standard library for $target"
fi

unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/neon"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="$runner"
[ $# -gt 0 ] || set -- --lib --test convolution --test fixtures --test shapes --test depthwise
# What the tests need beside the kernels is quick enough as it is.
exec cargo --config 'profile.dev.package."*".opt-level=0' test --package fasgard-kernels \
    --no-default-features --target "$target" "$@"
