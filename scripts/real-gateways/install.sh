#!/usr/bin/env bash
# The gateways of experiments/gateways.yaml from their package registries: LiteLLM (PyPI), Portkey (npm), Caddy (Go modules). nginx
# comes with the system (apt-get install nginx-light).
# usage: install.sh FOLDER [litellm|portkey|caddy]...      Default: all three. It prints the settings for the experiments.
set -euo pipefail
folder=${1:?give a folder for the gateways}
shift
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

litellm() {
  "${PYTHON:-python3}" -m venv "$folder/litellm"
  "$folder/litellm/bin/pip" install --quiet --no-cache-dir "litellm[proxy]==${LITELLM_VERSION:-1.108.7}" >&2
  echo "export LITELLM_PYTHON=$folder/litellm/bin/python"
}

portkey() {
  mkdir -p "$folder/portkey"
  # With the node-server that npm takes by itself (1.19) the gateway answers every stream with 500 "immutable".
  printf '{"private": true, "dependencies": {"@portkey-ai/gateway": "%s"}, "overrides": {"@hono/node-server": "1.14.1"}}\n' \
    "${PORTKEY_VERSION:-1.15.2}" > "$folder/portkey/package.json"
  (cd "$folder/portkey" && npm install --no-audit --no-fund --loglevel error >&2)
  echo "export PORTKEY_SERVER=$folder/portkey/node_modules/@portkey-ai/gateway/build/start-server.js"
}

caddy() {
  GOPATH="$folder/go" GOBIN="$folder/bin" go install "github.com/caddyserver/caddy/v2/cmd/caddy@${CADDY_VERSION:-v2.11.9}" >&2
  echo "export CADDY=$folder/bin/caddy"
}

[ $# -gt 0 ] || set -- litellm portkey caddy
for gateway in "$@"; do
  case $gateway in
    litellm | portkey | caddy) "$gateway" ;;
    *) echo "There is no $gateway here: litellm, portkey, caddy." >&2 && exit 2 ;;
  esac
done
