#!/usr/bin/env bash
# A virtual environment with the real SGLang for CPUs, from PyPI alone: 7 to 8 GB, some five minutes.
# usage: install-sglang.sh 0.5.10.post1|0.5.23 FOLDER      The last line is the setting for experiments/real-cpu.yaml.
set -euo pipefail
version=${1:?give a version: 0.5.10.post1 or 0.5.23} folder=${2:?give the folder of the new environment}
here=$(cd "$(dirname "$0")" && pwd)
requirements=$here/sglang-$version.txt
[ -f "$requirements" ] || { echo "no requirements for SGLang $version; there are: $(cd "$here" && ls sglang-*.txt)" >&2; exit 2; }
"${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/pip" install --quiet --no-cache-dir -r "$requirements" >&2
# Its own requirements ask for GPU kernels, which a CPU never calls; the ones that it needs are in the file above.
"$folder/bin/pip" install --quiet --no-cache-dir --no-deps "sglang==$version" >&2
echo "export SGLANG_PYTHON=$(cd "$folder" && pwd)/bin/python"
