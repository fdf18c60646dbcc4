#!/usr/bin/env bash
# Fetches the WebAssembly runtime of the page's in-browser mode from the npm registry, at a pinned
# version and checksum, into the folder that `fasgard serve --page-assets DIR` serves.
# Needs npm and 60 MB of room; writes 14 MB. Nothing is fetched when the page runs.
set -euo pipefail
usage="usage: tools/page/vendor.sh DIR"
out="${1:?$usage}"
version=1.30.0
sha256=d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71
files=(ort.wasm.min.mjs ort-wasm-simd-threaded.mjs ort-wasm-simd-threaded.wasm)
here="$(cd "$(dirname "$0")" && pwd)"

if (cd "$out" 2>/dev/null && sha256sum --quiet --check "$here/assets.sha256" 2>/dev/null); then
    echo "$out: onnxruntime-web $version is there"
    exit 0
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "onnxruntime-web@$version" >/dev/null)
package="$work/onnxruntime-web-$version.tgz"
found="$(sha256sum "$package" | cut -d' ' -f1)"
if [ "$found" != "$sha256" ]; then
    echo "onnxruntime-web-$version.tgz: expected SHA-256 $sha256, found $found; nothing was written" >&2
    exit 1
fi
tar xzf "$package" -C "$work" "${files[@]/#/package/dist/}"
mkdir -p "$out"
cp "${files[@]/#/$work/package/dist/}" "$out/"
# The package names its licence and brings no text of it: it is kept beside this script.
cp "$here/LICENSE-onnxruntime.txt" "$out/"
(cd "$out" && sha256sum --quiet --check "$here/assets.sha256")
echo "$out: onnxruntime-web $version"
