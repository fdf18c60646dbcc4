#!/usr/bin/env bash
# Checks what docs/serve has for operators: the alarm rules with promtool, the unit with systemd-analyze,
# and nginx.conf by running nginx with it before a service.
#
#   tools/serve/check.sh FASGARD MODEL PHOTO
#   FASGARD_URL=http://127.0.0.1:8080 tools/serve/check.sh PHOTO     # a service that runs already, without keys
#
# FASGARD is the binary, MODEL a model file, PHOTO an image of any kind that is read. Programs that are not
# installed are taken from Debian's packages without installing them. Exit code 77: all that could be
# checked here is right, but something could not.
set -euo pipefail
docs="$(cd "$(dirname "$0")/../../docs/serve" && pwd)"
work="$(mktemp -d)"
children=()
clean() {
    for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap clean EXIT
skipped=()
PATH="$PATH:/usr/sbin"

fail() { echo "failed: $*" >&2; exit 1; }
# program NAME PACKAGE: the program's path, from the package if it is not installed.
program() {
    command -v "$1" && return
    if [ ! -d "$work/$2" ] && command -v apt-get >/dev/null && command -v dpkg >/dev/null; then
        (
            cd "$work"
            download() { apt-get -qq -o APT::Sandbox::User=root download "$1"; }
            download "$2" || { apt-get -qq update && download "$2"; }
            dpkg -x "$2"_*.deb "$work/$2"
        ) >"$work/apt.log" 2>&1 || true
    fi
    find "$work/$2" -path "*bin/$1" -type f 2>/dev/null | grep -m 1 .
}

echo "-- alarm rules"
if promtool="$(program promtool prometheus)" && "$promtool" --version >/dev/null 2>&1; then
    "$promtool" check rules "$docs/alarms.yml"
    "$promtool" test rules "$docs/alarms.test.yml" "$docs/alarms.minutes.test.yml"
else
    promtool="" && skipped+=("alarm rules: promtool is missing")
fi

echo "-- unit"
version="$(systemd-analyze --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p')"
if [ "${version:-0}" -ge 250 ]; then
    # The program need not be installed where the unit is checked.
    sed "s#^ExecStart=[^ ]*#ExecStart=$(command -v true)#" "$docs/fasgard-serve.service" >"$work/fasgard-serve.service"
    # An unknown key is only a warning for it.
    said="$(systemd-analyze verify "$work/fasgard-serve.service" 2>&1)" || fail "$said"
    ! grep fasgard-serve <<<"$said" >&2 || fail "the unit has warnings"
    systemd-analyze security --no-pager --offline=true --threshold=15 "$work/fasgard-serve.service" | tail -1
else
    skipped+=("unit: systemd-analyze 250 or later is missing")
fi

photo="${3:-${1:?an image is needed}}"
if [ -z "${FASGARD_URL:-}" ]; then
    usage="usage: tools/serve/check.sh FASGARD MODEL PHOTO"
    fasgard="${1:?$usage}" model="${2:?$usage}" photo="${3:?$usage}"
    "$fasgard" serve "$model" --listen 127.0.0.1:0 --crop none >"$work/serve.log" 2>&1 &
    children+=($!)
    for _ in $(seq 150); do
        FASGARD_URL="$(grep -o 'http://127\.0\.0\.1:[0-9]*' "$work/serve.log" | head -1 || true)"
        [ -n "$FASGARD_URL" ] && grep -q 'model ready' "$work/serve.log" && break
        sleep 0.2
    done
    [ -n "$FASGARD_URL" ] || fail "the service did not start: $(cat "$work/serve.log")"
fi

echo "-- metrics"
curl -sf "$FASGARD_URL/metrics" >"$work/metrics"
[ -z "$promtool" ] || "$promtool" check metrics <"$work/metrics"

echo "-- nginx"
if ! nginx="$(program nginx nginx)" || ! "$nginx" -v 2>/dev/null || ! command -v openssl >/dev/null; then
    skipped+=("nginx.conf: nginx or openssl is missing")
else
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=pad.example -addext subjectAltName=DNS:pad.example \
        -keyout "$work/pad.key" -out "$work/pad.pem" 2>/dev/null
    # The example as it is but for names and ports.
    place() {
        sed -e "s#/etc/ssl/pad#$work/pad#" -e "s#listen 443 ssl#listen 127.0.0.1:$port ssl#" \
            -e "s#server 127.0.0.1:8080#server $1#" "$docs/nginx.conf" >"$work/fasgard.conf"
    }
    {
        [ "$(id -u)" != 0 ] || echo "user root;"
        echo "daemon off; pid $work/nginx.pid; error_log $work/error.log warn; events {}"
        echo "http { access_log off; include $work/fasgard.conf;"
        for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path $work/$kind;"; done
        echo "}"
    } >"$work/nginx.conf"
    up() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
    for _ in 1 2 3 4 5; do
        port=$((20000 + RANDOM % 10000))
        up && continue
        place "${FASGARD_URL#http://}"
        "$nginx" -t -q -p "$work" -e "$work/error.log" -c "$work/nginx.conf" || fail "$(cat "$work/error.log")"
        "$nginx" -p "$work" -e "$work/error.log" -c "$work/nginx.conf" &
        proxy=$!
        for _ in $(seq 100); do
            { up || ! kill -0 "$proxy" 2>/dev/null; } && break
            sleep 0.1
        done
        kill -0 "$proxy" 2>/dev/null && children+=("$proxy") && break
    done
    up || fail "nginx did not start: $(cat "$work/error.log")"
    url="https://pad.example:$port"
    # ask ARGUMENTS: headers and body of an answer into files, its status printed.
    ask() {
        curl -s --no-progress-meter --path-as-is --cacert "$work/pad.pem" --connect-to "pad.example:$port:127.0.0.1:$port" \
            -D "$work/head" -o "$work/body" -w '%{http_code}\n' "$@"
    }
    # expect STATUS TEXT ARGUMENTS: the status, and text in the body.
    expect() {
        local status="$1" text="$2"
        shift 2
        local found
        found="$(ask "$@")"
        [ "$found" = "$status" ] && grep -q -- "$text" "$work/body" ||
            fail "expected $status with '$text', found $found: $(head -c 300 "$work/body")"
    }
    image=(-H 'content-type: application/octet-stream' --data-binary "@$photo")

    expect 200 '"verdict"' "${image[@]}" "$url/v1/predict"
    id="$(sed -n 's/^x-request-id: \([0-9a-f]\{32\}\).*/\1/Ip' "$work/head")"
    grep -q "\"request_id\":\"${id:-none}\"" "$work/body" || fail "the answer has another request id than its header"
    grep -qi '^strict-transport-security:' "$work/head" || fail "the answer has no Strict-Transport-Security"

    # Connections stay open, on both sides.
    ask "$url/healthz?[1-20]" -w '%{num_connects}\n' >"$work/connects"
    [ "$(grep -c '^1$' "$work/connects")" = 1 ] || fail "a client has to connect anew: $(tr '\n' ' ' <"$work/connects")"
    curl -sf "$FASGARD_URL/metrics" | grep -q '^fasgard_connections [2-9]' || fail "no connection to the service stays open"

    # The page with all its files at once.
    expect 200 '<html' "$url/"
    statuses="$(ask -Z --parallel-max 6 "$url/app.js?[1-60]" | sort | uniq -c | xargs)"
    [ "$statuses" = "60 200" ] || fail "of 60 files at once: $statuses"

    # Too large for nginx, and for the service behind it.
    head -c 9700000 /dev/zero >"$work/large"
    expect 413 '"code":"too-large","request_id"' -H 'expect:' --data-binary "@$work/large" -H 'content-type: image/jpeg' "$url/v1/predict"
    head -c 8800000 /dev/zero >"$work/large"
    expect 413 '"code":"too-large","detail"' -H 'expect:' --data-binary "@$work/large" -H 'content-type: image/jpeg' "$url/v1/predict"
    # An image as large as it may be is not written to disk.
    head -c 8000000 /dev/zero | ask -H 'content-type: image/jpeg' -H 'transfer-encoding: chunked' --data-binary @- "$url/v1/predict" >/dev/null
    ! grep -q 'temporary file' "$work/error.log" || fail "nginx writes images to disk: $(cat "$work/error.log")"

    # No metrics from outside, however the path is written.
    for path in /metrics //metrics /./metrics /x/../metrics /%6detrics '/metrics?x' /metrics/ '/metrics%3f' /v1/../metrics; do
        expect 404 '"code":"not-found"' "$url$path"
    done

    # A session of two frames with one verdict.
    sleep 3
    nonce="check-$RANDOM$RANDOM$RANDOM"
    expect 201 '"session"' -X POST -d "{\"nonce\":\"$nonce\"}" "$url/v1/sessions"
    session="$(sed 's/.*"session":"\([^"]*\)".*/\1/' "$work/body")"
    from=(-H "x-session-nonce: $nonce")
    expect 200 '"request_id"' "${from[@]}" "${image[@]}" "$url/v1/sessions/$session/frames"
    expect 409 '"code":"frame-repeated"' "${from[@]}" "${image[@]}" "$url/v1/sessions/$session/frames"
    expect 200 '"verdict"' "${from[@]}" -X POST "$url/v1/sessions/$session/verdict"
    expect 409 '"code":"session-used"' "${from[@]}" -X POST "$url/v1/sessions/$session/verdict"

    # One client that asks too often is told so, and is served again.
    ask -Z --parallel-max 20 "$url/v1/info?[1-200]" >"$work/statuses"
    grep -q '^200$' "$work/statuses" && grep -q '^429$' "$work/statuses" || fail "of 200 at once: $(sort "$work/statuses" | uniq -c | xargs)"
    [ "$(sort -u "$work/statuses" | xargs)" = "200 429" ] || fail "of 200 at once: $(sort "$work/statuses" | uniq -c | xargs)"
    sleep 3
    expect 200 '"verdict"' "${image[@]}" "$url/v1/predict"

    # The service is gone.
    place 127.0.0.1:1
    kill -HUP "$proxy"
    # Until the last worker of the old configuration has ended, one of them may still answer.
    gone=0
    for _ in $(seq 100); do
        if [ "$(ask "$url/healthz")" = 200 ]; then gone=0; else gone=$((gone + 1)); fi
        [ "$gone" -ge 5 ] && break
        sleep 0.1
    done
    expect 503 '"title":"The service does not answer"' "$url/healthz"
    grep -qi '^retry-after: 5' "$work/head" || fail "the refusal has no Retry-After"
fi

for what in "${skipped[@]}"; do echo "*** SKIPPED: $what"; done
[ ${#skipped[@]} = 0 ] || exit 77
echo "all of docs/serve that can be run here holds"
