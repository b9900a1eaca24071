import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { metricsCheck } from "../../../bench/preflight/checks/metrics.ts";
import type { Finding } from "../../../bench/store/preflight-record.ts";
import { given } from "../given.ts";

const counters = ["sglang:prompt_tokens_total 10", "sglang:generation_tokens_total 3"];
const gauges = ["sglang:num_running_reqs 0", "sglang:num_queue_reqs 0"];

/** What is found on an engine whose metrics page has these lines; null: it has none. */
async function found(lines: readonly string[] | null, shared = false): Promise<readonly Finding[]> {
  const server = createServer((_request, response) => {
    response.writeHead(lines === null ? 404 : 200).end(lines?.map((line) => `${line}\n`).join(""));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await using rig = await given({ answers: {} });
  const { context } = rig;
  const metricsUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  const agentEngine = { ...context.stack.agentEngine, metricsUrl };
  const userEngine = shared ? { ...agentEngine, role: "user" as const } : null;
  try {
    return (await metricsCheck.run({ ...context, stack: { ...context.stack, agentEngine, userEngine } }))
      .findings;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("a page with a known engine's counters and gauges is ok", async () => {
  expect(await found([...counters, ...gauges])).toMatchObject([{ status: "ok", change: null }]);
});

test("a page without one of the token counters after a request fails, and names the one that is missing", async () => {
  for (const [at, missing] of ["prompt_tokens", "generation_tokens"].entries()) {
    const [finding] = await found([...counters.toSpliced(at, 1), ...gauges]);
    expect(finding).toMatchObject({ status: "failed", what: expect.stringContaining(missing) });
  }
});

test("llama.cpp without its counter of cached tokens: that one is named, and what was found", async () => {
  const [finding] = await found([
    "llamacpp:prompt_tokens_total 10",
    "llamacpp:tokens_predicted_total 3",
    "llamacpp:requests_processing 0",
    "llamacpp:requests_deferred 0",
  ]);
  expect(finding).toMatchObject({
    status: "failed",
    what: expect.stringContaining(
      "the page has no llamacpp:prompt_tokens_cached_total; found llamacpp:prompt_tokens_total,",
    ),
  });
});

test("a page that contradicts itself is a warning with the name", async () => {
  const [finding] = await found([
    ...counters,
    ...gauges,
    'sglang:queue_time_seconds_bucket{le="1.0"} 5',
    'sglang:queue_time_seconds_bucket{le="+Inf"} 4',
    "sglang:queue_time_seconds_count 4",
  ]);
  expect(finding).toMatchObject({
    status: "warning",
    what: expect.stringContaining("sglang:queue_time_seconds has falling buckets: 5 up to 1 and 4"),
  });
});

test("a page without running or queued requests is a warning: nobody can wait until the engine is idle", async () => {
  for (const gauge of gauges) {
    const [finding] = await found([...counters, gauge]);
    const absent = gauge === gauges[0] ? "sglang:num_queue_reqs" : "sglang:num_running_reqs";
    expect(finding).toMatchObject({
      status: "warning",
      what: expect.stringMatching(`the page has no ${absent}; found .*idle`),
    });
  }
});

test("a page of no known engine, or of two, fails; so does no page", async () => {
  expect(await found(["go_goroutines 5"])).toMatchObject([
    { status: "failed", change: expect.stringContaining("router") },
  ]);
  expect(await found([...counters, ...gauges, "vllm:prompt_tokens_total 1"])).toMatchObject([
    { status: "failed" },
  ]);
  expect(await found(null)).toMatchObject([
    { status: "failed", change: expect.stringContaining("--enable-metrics") },
  ]);
});

test("agent and user on one page: each is ok, and a warning that their tokens cannot be told apart", async () => {
  const findings = await found([...counters, ...gauges], true);
  expect(findings.map(({ on, status }) => [on, status])).toEqual([
    ["agent engine", "ok"],
    ["user engine", "ok"],
    ["both engines", "warning"],
  ]);
});
