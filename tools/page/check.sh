#!/usr/bin/env bash
# Tests the page in Chromium against a running `fasgard serve`: fetches the runtime of the in-browser
# mode and the test tools (npm, pinned), starts the service, runs the tests, stops it.
#
#   tools/page/check.sh FASGARD MODEL ONNX [SHOTS]
#
# FASGARD is the binary, MODEL a model file, ONNX its export (`fasgard export onnx`), SHOTS a folder for
# screenshots. Without the face weights (`fasgard models install`) the service runs with `--crop none`
# and the tests of faces are skipped. Exit code 77: this machine has no node, npm or Chromium.
set -euo pipefail
usage="usage: tools/page/check.sh FASGARD MODEL ONNX [SHOTS]"
fasgard="$(realpath "${1:?$usage}")" model="$(realpath "${2:?$usage}")" onnx="$(realpath "${3:?$usage}")"
export FASGARD_SHOTS="${4:-$(mktemp -d)}"
mkdir -p "$FASGARD_SHOTS"
FASGARD_SHOTS="$(realpath "$FASGARD_SHOTS")"
cd "$(dirname "$0")"

for tool in node npm; do
    command -v "$tool" >/dev/null || { echo "the page is not tested: $tool is missing"; exit 77; }
done
export CHROMIUM="${CHROMIUM:-$(command -v chromium || command -v google-chrome || true)}"
[ -n "$CHROMIUM" ] || { echo "the page is not tested: chromium is missing"; exit 77; }

npm ci --silent --no-audit --no-fund
./vendor.sh assets

crop=auto
if ! "$fasgard" models list >/dev/null 2>&1; then
    crop=none
    export FASGARD_NO_FACES=1
fi
log="$(mktemp)"
"$fasgard" serve "$model" --listen 127.0.0.1:0 --crop "$crop" --onnx "$onnx" --page-assets assets >"$log" 2>&1 &
service=$!
trap 'kill "$service" 2>/dev/null || true; wait "$service" 2>/dev/null || true; rm -f "$log"' EXIT
for _ in $(seq 100); do
    FASGARD_URL="$(grep -o 'http://127\.0\.0\.1:[0-9]*' "$log" | head -1 || true)"
    [ -n "$FASGARD_URL" ] && break
    kill -0 "$service" 2>/dev/null || { cat "$log"; exit 1; }
    sleep 0.2
done
export FASGARD_URL
for _ in $(seq 300); do
    node -e 'fetch(process.env.FASGARD_URL + "/readyz").then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))' && break
    sleep 0.5
done
node --test --test-concurrency=1 browser/ || { cat "$log"; exit 1; }
echo "screenshots: $FASGARD_SHOTS"
