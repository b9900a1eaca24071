import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { parseFlags } from "../../../bench/simulator/sglang/argparse.ts";
import { launchServerFlags } from "../../../bench/simulator/sglang/launch-server-flags.ts";
import { launchOf, loadFailure } from "../../../bench/simulator/sglang/launch-server.ts";

const model = mkdtempSync(join(tmpdir(), "tollgate-model-"));
writeFileSync(join(model, "config.json"), "{}");
afterAll(() => rmSync(model, { recursive: true }));

const parse = (words: string) =>
  parseFlags(words.split(" ").filter(Boolean), "launch_server.py", launchServerFlags);
const lastLine = (run: () => unknown) => {
  try {
    run();
  } catch (thrown) {
    return (thrown as Error).message.split("\n").at(-1);
  }
  return "no error";
};

test.each([
  ["--model m --foo 3 --bar=4", "unrecognized arguments: --foo 3 --bar=4"],
  ["--port 1", "the following arguments are required: --model-path/--model"],
  ["--model m --port x", "argument --port: invalid int value: 'x'"],
  ["--model m --mem-fraction-static 0.8.1", "argument --mem-fraction-static: invalid float value: '0.8.1'"],
  [
    "--model m --tp --enable-metrics",
    "argument --tp-size/--tp/--tensor-parallel-size: expected one argument",
  ],
  ["--model m --enable-metrics=1", "argument --enable-metrics: ignored explicit argument '1'"],
  [
    "--model m --schedule-policy lifo",
    "argument --schedule-policy: invalid choice: 'lifo' (choose from 'lpm', 'random', 'fcfs', 'dfs-weight', 'lof')",
  ],
])("%s is refused in argparse's words", (words, message) => {
  expect(lastLine(() => parse(words))).toBe(`launch_server.py: error: ${message}`);
});

test("flags of every spelling become options of the simulator and fields of /server_info", () => {
  const flags = parse(
    "--model /m --served-model-name Sim --tp=4 --host 0.0.0.0 --port 31000 --nccl-port 31001 --context-length 4096 " +
      "--enable-metrics --disable-radix-cache --random-seed 7 --tool-call-parser qwen25",
  );
  const environment = {
    PATH: "/bin",
    NVIDIA_VISIBLE_DEVICES: "4,5,6,7",
    TOLLGATE_SIM_ROLE: "user",
    TOLLGATE_SIM_DATA: "/data",
    TOLLGATE_SIM_FAULT: "slow=2,http-500=0.1",
    TOLLGATE_SIM_LOAD_MS: "5",
  };
  const { options, serverInfo } = launchOf(flags, environment);
  expect(options).toMatchObject({
    role: "user",
    model: "Sim",
    host: "0.0.0.0",
    port: 31_000,
    contextLength: 4096,
    seed: 7,
    radixCache: false,
    metrics: true,
    cacheReport: false,
    data: ["/data"],
    faults: ["slow=2", "http-500=0.1"],
  });
  expect(serverInfo).toMatchObject({
    model_path: "/m",
    tp_size: 4,
    nccl_port: 31_001,
    tool_call_parser: "qwen",
    disable_radix_cache: true,
    enable_cache_report: false,
    visible_devices: { CUDA_VISIBLE_DEVICES: null, NVIDIA_VISIBLE_DEVICES: "4,5,6,7" },
  });
});

test.each([
  [`--model ${model} --tp 2`, "0", "torch.AcceleratorError: CUDA error: invalid device ordinal"],
  [`--model ${model}`, "void", "RuntimeError: No CUDA GPUs are available"],
  [`--model ${model} --tp 2`, "0,1", null],
  ["--model org/name", undefined, null],
  [
    `--model ${model}/nothing`,
    undefined,
    expect.stringMatching(/is not a local folder and is not a valid model identifier/),
  ],
  [
    `--model ${tmpdir()}`,
    undefined,
    expect.stringMatching(/does not appear to have a file named config.json/),
  ],
])("%s with GPUs %s fails to load as SGLang does: %s", (words, devices, failure) => {
  const found = loadFailure(parse(words), { NVIDIA_VISIBLE_DEVICES: devices });
  expect(found).toEqual(failure);
});

test("the program serves under SGLang's command line and refuses every other", async () => {
  const program = new URL("../../../bench/simulator/sglang/launch-server-program.ts", import.meta.url)
    .pathname;
  const start = (...words: string[]) => spawn(process.execPath, [program, ...words], { stdio: "pipe" });
  const other = start("-m", "vllm.entrypoints");
  expect([await text(other.stderr), (await once(other, "close"))[0]]).toEqual([
    "python3: only -m sglang.launch_server is in this image, not -m vllm.entrypoints\n",
    1,
  ]);
  const wrong = start("-m", "sglang.launch_server", "--model", model, "--nonsense");
  expect([
    (await text(wrong.stderr)).split("\n").at(-2),
    wrong.exitCode ?? (await once(wrong, "close"))[0],
  ]).toEqual(["launch_server.py: error: unrecognized arguments: --nonsense", 2]);
  const server = start("-m", "sglang.launch_server", "--model", model, "--port", "0");
  let log = "";
  for await (const chunk of server.stderr) {
    log += String(chunk);
    if (log.includes("fired up and ready to roll!")) server.kill("SIGTERM");
  }
  expect(log).toContain("server_args=ServerArgs(");
  expect(log).toContain("This is Tollgate's simulator, not SGLang.");
  expect(server.exitCode ?? (await once(server, "close"))[0]).toBe(0);
});
