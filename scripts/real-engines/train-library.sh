#!/usr/bin/env bash
# Weights that pass the library's tasks, from scratch, on one processor: the simulated agent plays the twelve tasks, its tokens are
# collected once for each version of SGLang whose prompts the weights shall know, and a Qwen3 of 2.6 million parameters learns them.
# usage: SGLANG_PYTHON=FILE train-library.sh FOLDER [VERSION ...] [-- OPTIONS of train_library.py]
# VERSION: 0.5.10 or 0.5.23, both unless given. Ended before it is done, it goes on when the same command is given again.
# The last line is the setting for the experiments.
set -euo pipefail
folder=${1:?give a folder for collections and weights}
shift
versions=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do versions+=("$1") && shift; done
[ $# -gt 0 ] && shift
[ ${#versions[@]} -gt 0 ] || versions=(0.5.10 0.5.23)
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
tollgate() { node "$root/bench/main.ts" "$@"; }

sequences=()
for version in "${versions[@]}"; do
  here=$folder/$version
  if [ ! -f "$here/preflight.json" ]; then
    rm -rf "$here"
    output=$(tollgate collect "$root/experiments/laptop.yaml" --set agent.kind=native --set "stack.agent.sglang=$version" \
      --level L2 --concurrency 1 --out "$here/runs")
    printf '%s\n' "$output" >&2
    run=$(tail -n 1 <<<"$output")
    tollgate export "$run" --format areal --min-reward 1 --out "$here/areal" >&2
    node "$root/scripts/preflight-sequences.ts" "$run" >"$here/preflight.part"
    mv "$here/preflight.part" "$here/preflight.json"
  fi
  sequences+=("$here/areal/areal.json" "$here/preflight.json")
done
OMP_NUM_THREADS=1 "${SGLANG_PYTHON:-python3}" "$root/scripts/real-engines/train_library.py" "$folder/model" "${sequences[@]}" "$@" >&2
echo "export LIBRARY_MODEL=$folder/model"
