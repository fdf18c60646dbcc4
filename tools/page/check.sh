#!/usr/bin/env bash
# Tests the page in Chromium: fetches the test tools and the runtime of the in-browser mode (npm,
# pinned), starts the service, runs the tests, stops it.
#
#   tools/page/check.sh FASGARD MODEL ONNX [SHOTS]
#   FASGARD_URL=http://127.0.0.1:8080 tools/page/check.sh     # a service that runs already
#
# FASGARD is the binary, MODEL a model file, ONNX its export (`fasgard export onnx`), SHOTS a folder for
# screenshots (also as FASGARD_SHOTS). The face detector is exported here, unchecked. Without its weights
# (`fasgard models install`) the service runs with `--crop none` and the tests of faces are skipped, as with
# FASGARD_NO_FACES=1.
# Exit code 77: this machine has no node, npm or Chromium.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"

for tool in node npm; do
    command -v "$tool" >/dev/null || { echo "the page is not tested: $tool is missing"; exit 77; }
done
export CHROMIUM="${CHROMIUM:-$(command -v chromium || command -v google-chrome || true)}"
[ -n "$CHROMIUM" ] || { echo "the page is not tested: chromium is missing"; exit 77; }

if [ -z "${FASGARD_URL:-}" ]; then
    usage="usage: tools/page/check.sh FASGARD MODEL ONNX [SHOTS]"
    fasgard="${1:?$usage}" model="${2:?$usage}" onnx="${3:?$usage}"
    "$here/vendor.sh" "$here/assets"
    work="$(mktemp -d)" log="$work/log"
    faces=(--face-onnx "$work/face.onnx")
    if ! "$fasgard" models list >/dev/null 2>&1; then
        faces=(--crop none)
        export FASGARD_NO_FACES=1
    else
        "$fasgard" export face --output "$work/face.onnx" --no-verify >/dev/null
    fi
    "$fasgard" serve "$model" --listen 127.0.0.1:0 "${faces[@]}" --onnx "$onnx" --page-assets "$here/assets" >"$log" 2>&1 &
    service=$!
    trap 'kill "$service" 2>/dev/null || true; wait "$service" 2>/dev/null || true; rm -rf "$work"' EXIT
    for _ in $(seq 100); do
        FASGARD_URL="$(grep -o 'http://127\.0\.0\.1:[0-9]*' "$log" | head -1 || true)"
        [ -n "$FASGARD_URL" ] && break
        kill -0 "$service" 2>/dev/null || break
        sleep 0.2
    done
    [ -n "$FASGARD_URL" ] || { echo "the service did not start:"; cat "$log"; exit 1; }
fi
export FASGARD_URL
FASGARD_SHOTS="${4:-${FASGARD_SHOTS:-$(mktemp -d)}}"
mkdir -p "$FASGARD_SHOTS"
FASGARD_SHOTS="$(realpath "$FASGARD_SHOTS")"
export FASGARD_SHOTS

cd "$here"
npm ci --silent --no-audit --no-fund
node --test --test-concurrency=1 browser/
echo "screenshots: $FASGARD_SHOTS"
