import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { causesIn, wholeLog } from "../../bench/host/log-cause.ts";

const traceback = (error: string, indent = "") =>
  [`Traceback (most recent call last):`, `  File "a.py", line 3, in load`, `    raise it`, error]
    .map((line) => indent + line)
    .join("\n");

test.each<[what: string, log: string, causes: readonly string[]]>([
  ["nothing to say", "loading\nserver_args=ServerArgs(log_level='error')\n0 errors\nready", []],
  ["an exception", `start\n${traceback("OSError: no weights")}\nbanner\nbanner`, ["OSError: no weights"]],
  [
    "a chain: what it began with, and what it ended with",
    `${traceback("KeyError: 'qwen9'")}\n\nDuring handling of the above exception, another exception occurred:\n\n${traceback("ValueError: unknown model type")}\n${traceback("RuntimeError: Engine core initialization failed.")}`,
    ["KeyError: 'qwen9'", "RuntimeError: Engine core initialization failed."],
  ],
  [
    "SGLang's scheduler, whose parent only says that it is gone",
    `[2026-11-28 16:37:26] Scheduler hit an exception: ${traceback("RuntimeError: Not enough memory.")}\n\n[2026-11-28 16:37:27] Received sigquit from a child process.`,
    ["RuntimeError: Not enough memory."],
  ],
  [
    "vLLM, which puts process, level and place before every line",
    traceback(
      "torch.OutOfMemoryError: CUDA out of memory",
      "(EngineCore_DP0 pid=12) ERROR 11-28 12:00:00 [core.py:708] ",
    ),
    ["torch.OutOfMemoryError: CUDA out of memory"],
  ],
  [
    "llama.cpp",
    "llama_model_load: error loading model: failed to open GGUF file\nsrv    load_model: failed to load model\nmain: exiting due to model loading error",
    ["llama_model_load: error loading model: failed to open GGUF file"],
  ],
  [
    "argparse",
    "usage: launch_server.py [-h]\nlaunch_server.py: error: unrecognized arguments: --no",
    ["launch_server.py: error: unrecognized arguments: --no"],
  ],
  ["nginx", "nginx: [emerg] bind() to 0.0.0.0:80 failed", ["nginx: [emerg] bind() to 0.0.0.0:80 failed"]],
  [
    "Node",
    "node:net:1\n\nError: listen EADDRINUSE: address already in use 127.0.0.1:1\n    at Server.x",
    ["Error: listen EADDRINUSE: address already in use 127.0.0.1:1"],
  ],
  [
    "uvicorn, whose tasks are cancelled when the port is taken",
    `ERROR:    [Errno 98] error while attempting to bind on address ('127.0.0.1', 1): address already in use\nJob "refresh" raised an exception\n${traceback("asyncio.exceptions.CancelledError")}\nINFO:     Application shutdown complete.`,
    [
      "ERROR:    [Errno 98] error while attempting to bind on address ('127.0.0.1', 1): address already in use",
    ],
  ],
  [
    "LiteLLM, whose banner and advice come after it",
    `${traceback("litellm.proxy.auth.UnsafeMasterKeyError: LiteLLM proxy refused to start: no master key is set.")}\n\nERROR:    Application startup failed. Exiting.\n\n1. Generate a key and save it to .env:\n`,
    ["litellm.proxy.auth.UnsafeMasterKeyError: LiteLLM proxy refused to start: no master key is set."],
  ],
  [
    "lines of JSON (Caddy, zap)",
    `{"level":"info","ts":1795895728.9,"msg":"using config, error: none"}\n{"level":"error","ts":1795895729,"msg":"adapting config using caddyfile: C2:2: unrecognized directive: revers_proxy"}`,
    ["adapting config using caddyfile: C2:2: unrecognized directive: revers_proxy"],
  ],
  [
    "lines of JSON with the error apart from the message (zerolog), and levels as numbers (pino)",
    `{"level":"fatal","error":"bind: address already in use","message":"cannot listen"}\n{"level":60,"msg":"giving up","err":{"message":"no upstream"}}\n{"level":30,"msg":"bye"}`,
    ["cannot listen: bind: address already in use", "giving up: no upstream"],
  ],
  [
    "logfmt (slog, logrus)",
    `time=2026-11-28T19:55:29Z level=INFO msg=starting\ntime=2026-11-28T19:55:29Z level=ERROR msg="no such model" err=404`,
    [`time=2026-11-28T19:55:29Z level=ERROR msg="no such model" err=404`],
  ],
  [
    "a level after a date (Rust's tracing, Java)",
    "2026-11-28T19:55:29.1Z  INFO router: starting\n2026-11-28T19:55:29.2Z ERROR router: worker is not there\n2026-11-28 19:55:30,001 FATAL [main] c.acme.Proxy - no licence",
    [
      "2026-11-28T19:55:29.2Z ERROR router: worker is not there",
      "2026-11-28 19:55:30,001 FATAL [main] c.acme.Proxy - no licence",
    ],
  ],
  [
    "klog (Envoy's and Kubernetes' programs)",
    "I1128 19:55:28.123456 1 main.go:10] starting\nE1128 19:55:29.123456 1 main.go:12] no configuration\nF1128 19:55:29.2 1 main.go:13] bye",
    ["E1128 19:55:29.123456 1 main.go:12] no configuration", "F1128 19:55:29.2 1 main.go:13] bye"],
  ],
  ["a shell", "sh: 1: litellm: not found", ["sh: 1: litellm: not found"]],
  ["colours", "\u001B[31mERROR\u001B[0m: no GPU", ["ERROR: no GPU"]],
  ["a name like an error's in a line of settings", `args error: ${"x".repeat(2_000)}`, []],
])("the causes in a log of %s", (_, log, causes) => {
  expect(causesIn(log)).toEqual(causes);
});

test("of a log that is longer than what is read the middle is left out, and only this start's part is read", () => {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-log-"));
  try {
    const file = join(folder, "x.log");
    writeFileSync(file, `before|FIRST${" ".repeat(6 * 1024 * 1024)}LAST`);
    const log = wholeLog(file, "before|".length);
    expect([log.startsWith("FIRST"), log.endsWith("LAST"), log.length < 5 * 1024 * 1024]).toEqual([
      true,
      true,
      true,
    ]);
    expect(wholeLog(join(folder, "none.log"))).toMatch(/^\(the log cannot be read: /);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
