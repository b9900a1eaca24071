import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { dockerEngineSchema } from "../../../bench/config/docker-schema.ts";
import { loadProgress } from "../../../bench/stack/docker/load-progress.ts";
import { readServerInfo, serverInfoDifferences } from "../../../bench/stack/docker/server-info.ts";

async function server(answers: Readonly<Record<string, string>>): Promise<Server> {
  const made = createServer(({ url }, response) => {
    const body = answers[url ?? ""];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  }).listen(0, "127.0.0.1");
  await once(made, "listening");
  return made;
}
const urlOf = (made: Server) => `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
const signal = AbortSignal.timeout(20_000);

test("keys are redacted, at any depth; the old name of the page is asked as well; no page is null", async () => {
  const told = { tp_size: 4, api_key: "sk-1", admin_api_key: null, internal_states: [{ hf_token: "t" }] };
  await using old = await server({ "/get_server_info": JSON.stringify(told) });
  await using none = await server({});
  expect(await readServerInfo(urlOf(old), { signal })).toEqual({
    tp_size: 4,
    api_key: "<redacted>",
    admin_api_key: null,
    internal_states: [{ hf_token: "<redacted>" }],
  });
  expect(await readServerInfo(urlOf(none), { signal })).toBeNull();
});

test("each flag that the server did not take is named; what it does not tell or was not asked is not compared", () => {
  const spec = dockerEngineSchema.parse({ gpus: [0, 1, 2, 3], contextLength: 32_768, radixCache: false });
  const right = {
    tp_size: 4,
    dp_size: 1,
    context_length: 32_768,
    disable_radix_cache: true,
    tool_call_parser: "qwen",
    quantization: "fp8",
    enable_metrics: true,
  };
  expect(serverInfoDifferences(right, spec, false)).toEqual([]);
  expect(serverInfoDifferences({}, spec, false)).toEqual([]);
  const wrong = { tp_size: 8, context_length: 40_960, disable_radix_cache: false, tool_call_parser: null };
  expect(serverInfoDifferences({ ...right, ...wrong, simulator: true }, spec, false)).toEqual([
    "--tp-size: asked for 4, /server_info has tp_size 8",
    "--context-length: asked for 32768, /server_info has context_length 40960",
    "--disable-radix-cache: asked for true, /server_info has disable_radix_cache false",
    "--tool-call-parser: asked for qwen25, /server_info has tool_call_parser null",
    "stack.simulated is false, but the server says that it is a simulator",
  ]);
});

test("of a server's log the newest line about loading is shown, of a progress bar its last state", () => {
  expect(loadProgress("INFO: hello\nwarning: x")).toBeNull();
  const bar =
    "Loading safetensors checkpoint shards:  25% Completed\rLoading safetensors checkpoint shards:  50% Completed";
  expect(loadProgress(`Load weight begin. avail mem=79.10 GB\n${bar}\nother`)).toBe(
    "Loading safetensors checkpoint shards:  50% Completed",
  );
});

test.each([
  ["[2026-11-28 16:37:35] Load weight begin. avail mem=21.32 GB", "Load weight begin. avail mem=21.32 GB"],
  [
    "(Worker pid=9) INFO 11-28 20:06:57 [default_loader.py:501] Loading weights took 0.02 seconds",
    "Loading weights took 0.02 seconds",
  ],
  ["0.00.003.934 I srv    load_model: loading model 'a.gguf'", "load_model: loading model 'a.gguf'"],
  [`Load weight ${"x".repeat(400)}`, `Load weight ${"x".repeat(148)}…`],
])("of a line about loading the words are shown, not when and where: %s", (line, shown) => {
  expect(loadProgress(`before\n${line}\nafter`)).toBe(shown);
});

test("that something is not compiled is no progress", () => {
  const line =
    "(APIServer pid=8) WARNING 11-28 20:06:21 [vllm.py:1703] Enforce eager set, disabling torch.compile, CUDAGraphs, and JIT kernel warmup.";
  expect(loadProgress(line)).toBeNull();
});
