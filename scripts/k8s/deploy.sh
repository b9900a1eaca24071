#!/bin/sh
# The flags and variables of ClawBench's scripts/k8s/deploy.sh, for `tollgate k8s`; docs/kubernetes.md says what is done otherwise.
set -eu

usage() {
  cat <<'HELP'
Evaluations beside an OpenClaw gateway on Kubernetes or OpenShift

  scripts/k8s/deploy.sh                    OpenClaw, MLflow and the evaluation
  scripts/k8s/deploy.sh --openclaw-only    the OpenClaw gateway
  scripts/k8s/deploy.sh --mlflow-only      the MLflow tracking server
  scripts/k8s/deploy.sh --add-sidecar      start the evaluation beside a gateway that is there
  scripts/k8s/deploy.sh --remove-sidecar   take it out again
  scripts/k8s/deploy.sh --logs             follow it
  scripts/k8s/deploy.sh --teardown         delete gateway and evaluation; MLflow stays

Required variables:
  CLAWBENCH_NAMESPACE      namespace of gateway and evaluation (not for --mlflow-only)
  OPENAI_API_KEY           or the key of another provider (below)

Optional variables:
  CLAWBENCH_IMAGE          image of the evaluation (default: tollgate-k8s:latest)
  OPENCLAW_IMAGE           image of the gateway (default: ghcr.io/openclaw/openclaw:latest)
  OPENCLAW_GATEWAY_TOKEN   token of a gateway that is there (default: a new one)
  CLAWBENCH_MODEL          model to evaluate (default: openai/gpt-5.5)
  OPENAI_API_BASE          OpenAI-compatible server to evaluate
  MLFLOW_NAMESPACE         namespace of MLflow (default: mlflow)
  MLFLOW_TRACKING_URI      an MLflow that is there; none is deployed then
  MLFLOW_EXPERIMENT_ID     id of the experiment in MLflow
  MLFLOW_EXPERIMENT_NAME   its name (default: clawbench)
  MLFLOW_IMAGE             image of MLflow (default: ghcr.io/mlflow/mlflow:v2.21.3)
  ANTHROPIC_API_KEY, OPENROUTER_API_KEY, GEMINI_API_KEY
                           go into the Secret when they are set

More variables, and what is done otherwise than in ClawBench: docs/kubernetes.md
HELP
}

fail() {
  for line in "$@"; do echo "$line" >&2; done
  exit 1
}

mode=
for flag in "$@"; do
  case "$flag" in
    -h | --help) usage && exit 0 ;;
    --openclaw-only) chosen=openclaw ;;
    --mlflow-only) chosen=mlflow ;;
    --add-sidecar) chosen=attach ;;
    --remove-sidecar) chosen=detach ;;
    --logs) chosen=logs ;;
    --teardown) chosen=down ;;
    *) fail "Unknown option: $flag" "  $0 --help lists them." ;;
  esac
  [ -z "$mode" ] || [ "$mode" = "$chosen" ] || fail "$flag and another mode were given; they are done one at a time."
  mode=$chosen
done
mode=${mode:-up}

command -v kubectl >/dev/null || fail "Missing: kubectl" "  https://kubernetes.io/docs/tasks/tools"
[ -n "${CLAWBENCH_NAMESPACE:-}" ] || [ "$mode" = mlflow ] ||
  fail "CLAWBENCH_NAMESPACE is required." "  export CLAWBENCH_NAMESPACE=clawbench-eval"

# Where nobody can answer, the script has never asked which cluster is meant; at a terminal Tollgate does.
set --
[ -t 0 ] && [ -t 2 ] || set -- --yes
self=$(readlink -f -- "$0")
exec "${self%/*/*/*}/bin/tollgate" k8s "$mode" "$@"
