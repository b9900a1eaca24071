import { expect, test } from "vitest";
import type { Exchange, MatchedInnerEnd } from "../../bench/workload/exchange.ts";
import { generationFault, hasFaultNear } from "../../bench/workload/generation-fault.ts";
import { called, delta, exchange, sse } from "./exchange-builder.ts";

const half = delta({ content: "Done: the" });
const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const finished = (finish: string) => ({ responseBody: sse(half, delta({}, finish)) });
const streamed = (responseBody: string, more: Partial<Exchange> = {}) => ({ responseBody, ...more });
const whole = (body: unknown, more: Partial<Exchange> = {}) => ({
  responseBody: JSON.stringify(body),
  streamed: false,
  ...more,
});
const cut = { outcome: "upstream-truncated", error: "other side closed" } as const;
const left = { outcome: "client-aborted", error: "the client closed its connection" } as const;
const text = { message: { content: "Done." }, finish_reason: "stop" };

test.each<[string, Partial<Exchange>]>([
  ["stop", finished("stop")],
  ["length", finished("length")],
  ["content_filter", finished("content_filter")],
  ["an end of another engine", finished("eos_token")],
  ["an end that nobody knows, and [DONE]", finished("finished_by_me")],
  ["stop in capitals", finished("STOP")],
  ["tool_calls with a call", streamed(sse(delta(called("c1", "find")), delta({}, "tool_calls")))],
  ["stop with a call", streamed(sse(delta(called("c1", "find")), delta({}, "stop")))],
  [
    "an empty answer: it is the model's",
    streamed(sse(delta({ role: "assistant", content: "" }), delta({}, "stop"))),
  ],
  ["reasoning alone: it is the model's", streamed(sse(delta({ reasoning: "Hm." }), delta({}, "stop")))],
  ["a finish reason without [DONE]", streamed(event(half) + event(delta({}, "stop")))],
  ["an answer in one piece", whole({ choices: [text] })],
  ["whole, and the agent left behind [DONE]", streamed(sse(half, delta({}, "stop")), left)],
  [
    "whole, and the agent left behind the finish reason",
    streamed(event(half) + event(delta({}, "stop")), left),
  ],
  ["whole, and the connection broke behind [DONE]", streamed(sse(half, delta({}, "stop")), cut)],
  [
    "usage and heartbeats beside it",
    streamed(
      `: ping\n\n${sse(half, delta({}, "stop"), { choices: [], usage: { prompt_tokens: 9, completion_tokens: 2 } })}`,
    ),
  ],
  ["no generation at all", { method: "GET", path: "/v1/models", status: 500 }],
])("%s is a whole answer", (_, changes) => {
  expect(generationFault(exchange(changes))).toBeNull();
});

test.each<[string, Partial<Exchange>, RegExp]>([
  ["abort", finished("abort"), /^got an answer that was given up, with finish reason abort$/],
  ["abort in one piece", whole({ choices: [{ ...text, finish_reason: "abort" }] }), /given up/],
  ["error", finished("error"), /given up, with finish reason error/],
  ["network_error", finished("network_error"), /given up, with finish reason network_error/],
  ["sensitive", finished("sensitive"), /given up/],
  ["insufficient_system_resource", finished("insufficient_system_resource"), /given up/],
  ["cancelled", finished("cancelled"), /given up/],
  ["Abort in capitals", finished("ABORT"), /given up/],
  [
    "/generate that was aborted",
    whole({ text: "Do", meta_info: { finish_reason: { type: "abort" } } }),
    /given up/,
  ],
  [
    "an error event",
    streamed(sse(half, { error: { message: "CUDA error" } })),
    /carries an error: .*CUDA error/,
  ],
  ["an error event of text", streamed(sse({ error: "overloaded" })), /carries an error: .*overloaded/],
  [
    "the older error object",
    streamed(sse(half, { object: "error", message: "CUDA error", code: 500 })),
    /carries an error: .*CUDA/,
  ],
  [
    "an error behind a whole answer",
    streamed(sse(half, delta({}, "stop"), { error: { code: 500 } })),
    /carries an error/,
  ],
  ["an error object as the whole answer", whole({ error: { message: "busy" } }), /carries an error: .*busy/],
  [
    "a cut",
    streamed(event(half), cut),
    /^got an answer that ended .* \(the connection broke: other side closed\)$/,
  ],
  ["a cut without a token", streamed("", cut), /got an answer that ended without .*connection broke/],
  [
    "a stream that ends by itself, half",
    streamed(event(half)),
    /^got an answer that ended without \[DONE\] and without a finish reason$/,
  ],
  ["[DONE] without a finish reason", streamed(sse(half)), /ended without a finish reason/],
  [
    "an unknown end without [DONE]",
    streamed(event(half) + event(delta({}, "paused"))),
    /unknown finish reason paused/,
  ],
  ["an empty body", streamed(""), /got an answer that/],
  ["a page", whole("", { responseBody: "<html>Bad gateway</html>" }), /cannot be read/],
  ["half an object", whole("", { responseBody: '{"choices":[{"mess' }), /cannot be read/],
  [
    "an event that cannot be read",
    streamed(`data: {"cho: keepalive\n\n${sse(half, delta({}, "stop"))}`),
    /cannot be read in 1 of its parts/,
  ],
  [
    "a call that cannot be read",
    streamed(sse(delta({ tool_calls: "find" }), delta({}, "tool_calls"))),
    /cannot be read/,
  ],
  [
    "tool_calls without a call",
    streamed(sse(delta({ role: "assistant" }), delta({}, "tool_calls"))),
    /^got an answer with finish reason tool_calls and without a call/,
  ],
  ["tool_calls with text and no call", finished("tool_calls"), /the server's parser lost it/],
  ["function_call without a call", finished("function_call"), /parser lost it/],
  ["tool_use without a call", finished("tool_use"), /parser lost it/],
  [
    "an empty list of calls",
    whole({ choices: [{ message: { tool_calls: [] }, finish_reason: "tool_calls" }] }),
    /parser lost it/,
  ],
  [
    "a call without a name",
    streamed(sse(delta(called("c1", "", '{"n":1}')), delta({}, "tool_calls"))),
    /finish reason tool_calls and with a call without a name.*: the server's parser lost it$/,
  ],
  [
    "the agent left at a call in a form of its own",
    streamed(
      event(delta({ tool_calls: [{ id: "o", function: { name: "renew", arguments: { id: 1 } } }] })),
      left,
    ),
    /left by the agent .* the calls .*"renew".*\\"id\\":1/,
  ],
  ["the agent left in the middle", streamed(event(half), left), /^was left by the agent before/],
  [
    "a status",
    whole({ detail: "busy" }, { status: 503 }),
    /^was answered with status 503: \{"detail":"busy"\}$/,
  ],
  ["a redirect", streamed("", { status: 307 }), /status 307: \(empty body\)/],
  [
    "no status at all",
    streamed("", { status: null, outcome: "upstream-failed", error: "connect ECONNREFUSED" }),
    /^got no answer: connect ECONNREFUSED$/,
  ],
])("%s is no whole answer", (_, changes, fault) => {
  expect(generationFault(exchange(changes))).toMatch(fault);
});

const toEngine = (changes: Partial<MatchedInnerEnd>): MatchedInnerEnd => ({
  requestId: "r1",
  status: 200,
  outcome: "completed",
  error: null,
  startedNs: 0,
  endedNs: 1,
  finishReason: "stop",
  responseBytes: 1,
  incomplete: null,
  silent: false,
  owner: null,
  certain: true,
  ...changes,
});
const brokenOff = { ...cut, incomplete: "ended without [DONE] and without a finish reason" };
const clean = (...inner: readonly Partial<MatchedInnerEnd>[]) =>
  exchange({ ...finished("stop"), inner: inner.map(toEngine) });

test.each<[string, Exchange, RegExp]>([
  [
    "a cut",
    clean(brokenOff),
    /^was answered cleanly by the gateway although the engine's answer ended without .* \(the connection broke: other side closed\)$/,
  ],
  [
    "an answer that was given up",
    clean({ incomplete: "was given up, with finish reason abort" }),
    /although the engine's answer was given up/,
  ],
  [
    "an error inside a 200",
    clean({ incomplete: "carries an error: busy" }),
    /although the engine's answer carries an error: busy/,
  ],
  ["a status", clean({ status: 500 }), /although the engine's answer had status 500/],
  [
    "an engine that is gone",
    clean({ status: null, outcome: "upstream-failed", error: "connect ECONNREFUSED" }),
    /never came: connect ECONNREFUSED/,
  ],
  [
    "an answer that the gateway left",
    clean({ ...left, incomplete: "ended" }),
    /was left by the gateway before its end/,
  ],
  ["a second cut behind the first", clean(brokenOff, brokenOff), /connection broke/],
  ["a cut behind another request", clean({}, brokenOff), /connection broke/],
])("the gateway makes a clean end of %s: no whole answer", (...[, seen, fault]) => {
  expect(generationFault(seen)).toMatch(fault);
});

test.each<[string, Exchange]>([
  ["the engine's answer is whole", clean({})],
  ["the gateway asked again, and got a whole one", clean({ status: 503 }, {})],
  ["the gateway asked twice and left the slower one", clean({}, { ...left, incomplete: "ended" })],
  ["the gateway left behind the end", clean(left)],
  ["the engine closed badly behind the end", clean(cut)],
  ["the fault may be another request's", clean({ ...brokenOff, certain: false })],
])("%s: a whole answer", (_, seen) => {
  expect(generationFault(seen)).toBeNull();
});

test("a fault that may be this request's is near, one that is another's or none is not", () => {
  const near = [
    clean({ ...brokenOff, certain: false }),
    clean({ certain: false }),
    clean(brokenOff),
    clean(),
  ];
  expect(near.map(hasFaultNear)).toEqual([true, false, false, false]);
});
