import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { measureArrivalFigures, measureTtftBias } from "../../scripts/benchmark/peers/measure-peer.ts";
import { startMockEngine } from "../../scripts/benchmark/peers/mock-engine.ts";
import { autocannonPeer, heyPeer, wrkPeer } from "../../scripts/benchmark/peers/http-peers.ts";
import { peerText } from "../../scripts/benchmark/peers/peer-table.ts";
import { chatBody, chatPath } from "../../scripts/benchmark/peers/peer.ts";
import { aiperfPeer, inferenceXPeer } from "../../scripts/benchmark/peers/python-peers.ts";
import { tollgatePeer } from "../../scripts/benchmark/peers/tollgate-peer.ts";

const scratch = mkdtempSync(join(tmpdir(), "tollgate-test-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const bench = {
  quick: true,
  scratch,
  root: resolve("."),
  shared: null,
  environment: { PATH: process.env["PATH"] ?? "", HOME: scratch },
  nowNs: () => 0,
};

test("Tollgate's own generator is judged by what arrived at the server and when it answered", async () => {
  await using engine = await startMockEngine(bench, { firstMs: 30, gapMs: 2, tokens: 3 });
  const load = { kind: "constant", perSecond: 100, requests: 30 } as const;
  const figures = await measureArrivalFigures(tollgatePeer, { bench, engine }, load);
  expect(figures).toMatchObject({
    gapCv: expect.any(Number),
    idc: expect.any(Number),
    claims: { latenessP50Ms: expect.any(Number), meanTtftMs: expect.any(Number) },
  });
  expect(figures?.claims.meanTtftMs).toBeGreaterThanOrEqual(29);
  // Its mean TTFT is the server's plus what the way takes: a negative bias would be a wrong clock.
  expect(await measureTtftBias(tollgatePeer, { bench, engine }, 20)).toBeGreaterThan(0);
  expect(await engine.stamps()).toEqual({ arrivalNs: [], firstSentNs: [] });
});

test("the mock answers whole and in a stream, and requests that come in pieces", async () => {
  await using engine = await startMockEngine(bench, { firstMs: 0, gapMs: 0, tokens: 8 });
  const post = (streamed: boolean) =>
    fetch(engine.url + chatPath, { method: "POST", body: chatBody(streamed) }).then((answer) =>
      answer.text(),
    );
  expect(JSON.parse(await post(false))).toMatchObject({ usage: { completion_tokens: 8 } });
  const stream = await post(true);
  expect(stream.match(/"content":"tok "/g)).toHaveLength(8);
  expect(stream).toMatch(/"usage":.*\n\ndata: \[DONE\]\n\n$/);
  const padded = JSON.stringify({ ...JSON.parse(chatBody(false)), padding: "x".repeat(300_000) });
  const long = await fetch(engine.url + chatPath, { method: "POST", body: padded });
  expect(long.status).toBe(200);
  expect((await engine.stamps()).arrivalNs).toHaveLength(3);
});

test("generators that are not there are named with how to get them, and the table says what it compares", async () => {
  const nowhere = "/nonexistent/tool";
  const missing = [
    await autocannonPeer(nowhere),
    await wrkPeer(nowhere),
    await heyPeer(nowhere),
    await inferenceXPeer({ folder: null, python: nowhere }, { folder: scratch }),
    await aiperfPeer(nowhere, { folder: scratch }),
  ].filter((one) => "why" in one);
  expect(missing.map(({ name }) => name)).toEqual([
    "autocannon",
    "wrk",
    "hey",
    "InferenceX benchmark_serving",
    "aiperf",
  ]);
  const arrivals = {
    gapCv: 0.01,
    idc: 1.02,
    claims: { meanTtftMs: 1, latenessP50Ms: 0.02, latenessP99Ms: 1.5 },
  };
  const rate = (perSecond: number, cpuMicroseconds: number) => ({ perSecond, cpuMicroseconds });
  const nothing = { json: null, constant: null, poisson: null, ttftBiasMs: null };
  const text = peerText({
    machine: {
      date: "2026-01-02T03:04:05.000Z",
      node: "v24",
      cpu: "a CPU",
      cpuCount: 2,
      memoryGigabytes: 8,
      kernel: "6",
      revision: null,
    },
    load: { start: 0, end: 1 },
    warning: null,
    quick: true,
    figures: [
      {
        peer: tollgatePeer,
        json: rate(19_000, 40),
        sse: rate(11_000, 60),
        constant: arrivals,
        poisson: arrivals,
        ttftBiasMs: 0.2,
      },
      {
        peer: { name: "autocannon", version: "8", python: false },
        ...nothing,
        json: rate(24_000, 30),
        sse: null,
      },
      { peer: { name: "slow", version: "1", python: true }, ...nothing, sse: rate(300, 240) },
    ],
    failures: [{ name: "slow", why: "it fell over" }],
    missing,
  });
  expect(text).toContain(
    "JSON 19000/s: MISSES the goal of 20000/s or 90 % of the npm client (79 % of autocannon)",
  );
  expect(text).toContain("SSE 11000/s: meets the goal of 10000/s");
  expect(text).toContain("slow takes 4.0 times our CPU per stream: MISSES the goal of 5");
  expect(text).toMatch(/wrk: not run, not found: apt-get install wrk/);
  expect(text).toContain("slow: FAILED, it fell over");
  expect(text).toMatch(/0\.02 \/ 1\.5/);
});

test("a mistyped flag is a usage error that says what there is", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/peer-benchmark.ts", "--qiuck"], {
    encoding: "utf8",
  });
  expect(status).toBe(2);
  expect(stderr).toContain("usage: node scripts/peer-benchmark.ts");
});
