import type { Flag } from "./argparse.ts";

const toolCallParsers =
  "cohere_command4 deepseekv3 deepseekv31 deepseekv32 deepseekv4 glm glm45 glm47 gpt-oss interns1 kimi_k2 lfm2 llama3 llama4 mimo minimax-m2 mistral pythonic qwen qwen25 qwen3_coder step3 trinity".split(
    " ",
  );
const reasoningParsers =
  "deepseek-r1 deepseek-v3 glm45 gpt-oss kimi kimi_k2 minimax minimax-append-think qwen3 qwen3-thinking step3".split(
    " ",
  );

/**
 * Flags of `python3 -m sglang.launch_server` that make sense without weights, as 0.5.x has them. Those that this engine
 * cannot follow (`--api-key`, LoRA, disaggregation, …) are left out, so that asking for them fails instead of lying.
 */
export const launchServerFlags: readonly Flag[] = [
  { names: ["--model-path", "--model"], kind: "text", required: true },
  { names: ["--served-model-name"], kind: "text" },
  { names: ["--tokenizer-path"], kind: "text" },
  { names: ["--host"], kind: "text", fallback: "127.0.0.1" },
  { names: ["--port"], kind: "int", fallback: 30_000 },
  { names: ["--nccl-port"], kind: "int" },
  { names: ["--dist-init-addr"], kind: "text" },
  { names: ["--tp-size", "--tp", "--tensor-parallel-size"], kind: "int", fallback: 1 },
  { names: ["--dp-size", "--dp", "--data-parallel-size"], kind: "int", fallback: 1 },
  { names: ["--base-gpu-id"], kind: "int", fallback: 0 },
  { names: ["--context-length"], kind: "int" },
  { names: ["--mem-fraction-static"], kind: "float" },
  { names: ["--max-running-requests"], kind: "int" },
  { names: ["--max-queued-requests"], kind: "int" },
  { names: ["--max-total-tokens"], kind: "int" },
  { names: ["--chunked-prefill-size"], kind: "int" },
  {
    names: ["--schedule-policy"],
    kind: "text",
    choices: ["lpm", "random", "fcfs", "dfs-weight", "lof"],
    fallback: "fcfs",
  },
  { names: ["--schedule-conservativeness"], kind: "float", fallback: 1 },
  { names: ["--stream-interval"], kind: "int", fallback: 1 },
  { names: ["--decode-log-interval"], kind: "int", fallback: 40 },
  {
    names: ["--dtype"],
    kind: "text",
    choices: ["auto", "half", "float16", "bfloat16", "float", "float32"],
    fallback: "auto",
  },
  { names: ["--quantization"], kind: "text" },
  { names: ["--kv-cache-dtype"], kind: "text", fallback: "auto" },
  { names: ["--load-format"], kind: "text", fallback: "auto" },
  { names: ["--json-model-override-args"], kind: "text", fallback: "{}" },
  { names: ["--attention-backend"], kind: "text" },
  { names: ["--sampling-backend"], kind: "text" },
  { names: ["--tool-call-parser"], kind: "text", choices: toolCallParsers },
  { names: ["--reasoning-parser"], kind: "text", choices: reasoningParsers },
  { names: ["--random-seed"], kind: "int" },
  { names: ["--watchdog-timeout"], kind: "float", fallback: 300 },
  { names: ["--log-level"], kind: "text", fallback: "info" },
  { names: ["--trust-remote-code"], kind: "switch" },
  { names: ["--enable-metrics"], kind: "switch" },
  { names: ["--enable-cache-report"], kind: "switch" },
  { names: ["--enable-deterministic-inference"], kind: "switch" },
  { names: ["--enable-request-time-stats-logging"], kind: "switch" },
  { names: ["--disable-radix-cache"], kind: "switch" },
  { names: ["--disable-cuda-graph"], kind: "switch" },
  { names: ["--skip-server-warmup"], kind: "switch" },
];
