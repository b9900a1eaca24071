import { expect, test } from "vitest";
import { episodeSpans, type SeenEpisode } from "../../bench/otlp/episode-spans.ts";
import { seenRequests } from "../../bench/evidence/seen-requests.ts";
import type { ServerFacts } from "../../bench/evidence/server-facts.ts";
import { buildEpisode, buildIdentity } from "../store/run-builder.ts";
import { cell, timings } from "../export/rows/rows-run.ts";

const server: ServerFacts = {
  engine: { name: "sglang", version: "0.5.23", simulated: true },
  model: "tollgate-sim",
  contextLength: null,
  prefixCache: null,
  tp: null,
  dp: null,
  quantization: null,
  deterministic: null,
};
const episodeId = cell.episodeIds[0] ?? "";
const episode = buildEpisode(cell, 0, { attemptKey: `${episodeId}-s0`, startedNs: 0, endedNs: 500e6 });
const segment = {
  cellId: cell.cellId,
  segmentId: "s0",
  at: "2026-11-21T12:00:01.000Z",
  startedNs: 0,
  ended: null,
  resumed: false,
};
const seen: SeenEpisode = {
  in: { run: buildIdentity({ cells: [cell] }), segment, cell },
  episode,
  requests: seenRequests(timings).filter(({ at }) => at.attemptKey === `${episodeId}-s0`),
  tools: [
    {
      attemptKey: `${episodeId}-s0`,
      toolCallId: "call-1",
      name: "get_book",
      requestor: "assistant",
      error: true,
      receivedNs: 240e6,
      startedNs: 241e6,
      endedNs: 250e6,
    },
  ],
  servers: { agent: server },
};
const origin = BigInt(Date.parse(segment.at)) * 1_000_000n;

test("an episode is invoke_agent, its calls are chat below it, the engine's part is below those, tools are execute_tool", () => {
  const spans = episodeSpans(seen);
  const nameOf = (id: string | null) =>
    spans.find(({ spanId }) => spanId === id)?.attributes["tollgate.request.id"] ??
    (id === null ? null : "root");
  expect(
    spans.map(({ name, kind, parentSpanId, attributes }) => [
      name,
      kind,
      nameOf(parentSpanId),
      attributes["tollgate.hop"] ?? null,
    ]),
  ).toEqual([
    ["invoke_agent openclaw", "internal", null, null],
    ["chat", "client", "root", "user"],
    ["chat tollgate-sim", "client", "root", "outer"],
    ["chat tollgate-sim", "client", "r1", "inner"],
    ["chat tollgate-sim", "client", "root", "outer"],
    ["execute_tool get_book", "internal", "root", null],
  ]);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
});

test("stamps are exact to the nanosecond against each other, and what is absent has no attribute", () => {
  const [root, user, outer, inner, failed, tool] = episodeSpans(seen);
  expect([root?.startNs, root?.endNs]).toEqual([origin, origin + 500_000_000n]);
  expect([outer?.startNs, outer?.endNs]).toEqual([origin + 100_000_000n, origin + 230_000_000n]);
  expect(outer?.events).toEqual([
    { name: "tollgate.request_sent", atNs: origin + 100_000_000n },
    { name: "tollgate.first_byte", atNs: origin + 130_000_000n },
    { name: "tollgate.first_token", atNs: origin + 150_000_000n },
    { name: "tollgate.last_token", atNs: origin + 220_000_000n },
  ]);
  expect(outer?.attributes).toMatchObject({
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "sglang",
    "gen_ai.request.model": "tollgate-sim",
    "gen_ai.request.stream": true,
    "gen_ai.conversation.id": episodeId,
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.response.time_to_first_chunk": 0.05,
    "gen_ai.usage.input_tokens": 100n,
    "gen_ai.usage.output_tokens": 8n,
    "gen_ai.usage.cache_read.input_tokens": 0n,
    "http.response.status_code": 200n,
  });
  expect(inner?.attributes).not.toHaveProperty("gen_ai.usage.cache_read.input_tokens");
  expect(user?.attributes).toMatchObject({ "gen_ai.provider.name": "unknown" });
  expect(user?.attributes).not.toHaveProperty("gen_ai.request.model");
  expect([failed?.error, failed?.attributes["error.type"]]).toEqual(['busy, "later"\nor never', "503"]);
  expect([tool?.error, tool?.attributes["gen_ai.tool.call.id"]]).toEqual([
    "the tool answered with an error",
    "call-1",
  ]);
});

test("the same episode has the same ids again, another attempt at it others", () => {
  const ids = (of: SeenEpisode) => episodeSpans(of).map(({ traceId, spanId }) => `${traceId}/${spanId}`);
  expect(ids(seen)).toEqual(ids(seen));
  const again = { ...seen, episode: { ...episode, attemptKey: `${episodeId}-s1` } };
  expect(ids(again).filter((id) => ids(seen).includes(id))).toEqual([]);
});

test.each([
  {
    changes: { status: "failed", failure: { class: "gateway", message: "gone" } },
    type: "gateway",
    error: "gone",
  },
  { changes: { status: "timed-out" }, type: "timeout", error: "the episode's time was up" },
  { changes: {}, type: null, error: null },
] as const)("an episode with $changes has the error type $type", ({ changes, type, error }) => {
  const [root] = episodeSpans({ ...seen, episode: { ...episode, ...changes } });
  expect([root?.attributes["error.type"] ?? null, root?.error]).toEqual([type, error]);
});
