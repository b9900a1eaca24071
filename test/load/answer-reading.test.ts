import { expect, test } from "vitest";
import { readAnswer } from "../../bench/answer/read-answer.ts";
import { outputSha256, readSample } from "../../bench/load/answer-reading.ts";
import { loadMetrics, steadySamples } from "../../bench/load/latency.ts";
import type { RawAnswer } from "../../bench/load/request-watch.ts";
import { streamedAnswer } from "../tap/fixtures/scripted-engine.ts";

const asked = { id: "r", session: "s", index: 0, intendedNs: 90e6, requestBytes: 10 };
/** Sent at 100 ms, head at 110 ms, then a chunk every 10 ms. */
const raw = (events: readonly string[], more: Partial<RawAnswer> = {}): RawAnswer => ({
  sentNs: 100e6,
  firstByteNs: 110e6,
  endedNs: 110e6 + events.length * 10e6 + 1e6,
  status: 200,
  outcome: "completed",
  error: null,
  contentType: "text/event-stream; charset=utf-8",
  chunks: events.map((event) => Buffer.from(event)),
  chunkNs: events.map((_, at) => 120e6 + at * 10e6),
  ...more,
});
const keep = { chunks: false, output: false };
const text = ["a", "b", "c"];

test("the role chunk is no token, usage and the end are no tokens either", () => {
  const sample = readSample(asked, raw(streamedAnswer(text)), keep);
  expect(sample).toMatchObject({
    firstTokenNs: 130e6,
    lastTokenNs: 150e6,
    tokenChunks: 2,
    usage: { promptTokens: 11, completionTokens: 3, cachedTokens: 4 },
    outcome: "completed",
  });
  const measured = Object.fromEntries(Object.entries(loadMetrics).map(([name, of]) => [name, of(sample)]));
  expect(measured).toEqual({
    ttft: 30,
    ttftIntended: 40,
    e2e: 80,
    e2eIntended: 90,
    itl: 10,
    toFirstByte: 10,
    byteToToken: 20,
    betweenTokens: 20,
    afterTokens: 30,
    lateness: 10,
  });
  const { toFirstByte, byteToToken, betweenTokens, afterTokens, e2e } = measured;
  expect(Number(toFirstByte) + Number(byteToToken) + Number(betweenTokens) + Number(afterTokens)).toBe(e2e);
});

test("a whole answer ends with its last byte, any other with its body", () => {
  const events = streamedAnswer(text);
  const lastByteNs = 120e6 + (events.length - 1) * 10e6;
  const bodyEndNs = lastByteNs + 50e6;
  const endOf = (sent: readonly string[], more: Partial<RawAnswer> = {}) =>
    readSample(asked, raw(sent, { endedNs: bodyEndNs, ...more }), keep).endedNs;
  expect(endOf(events)).toBe(lastByteNs);
  // Without its end, cut, refused: nobody knows that nothing more would have come.
  expect(endOf(events.slice(0, 2))).toBe(bodyEndNs);
  expect(endOf(events, { outcome: "truncated", error: "reset" })).toBe(bodyEndNs);
  expect(endOf(events, { status: 500, outcome: "http-error" })).toBe(bodyEndNs);
  expect(endOf([])).toBe(bodyEndNs);
});

test("tokens are told from events, however the bytes are cut into chunks", () => {
  const whole = streamedAnswer(text).join("");
  const third = Math.floor(whole.length / 3);
  const cut = [whole.slice(0, third), whole.slice(third, 2 * third), whole.slice(2 * third)];
  const sample = readSample(asked, raw(cut), { chunks: true, output: true });
  expect(sample.usage?.completionTokens).toBe(3);
  expect(sample.chunks?.map(([atNs]) => atNs)).toEqual([20e6, 30e6, 40e6]);
  expect(sample.outputSha256).toBe(
    readSample(asked, raw([whole]), { chunks: false, output: true }).outputSha256,
  );
});

test("an answer that is no stream has an end and no tokens; a stream without an end is incomplete", () => {
  const body = ['{"choices":[{"message":{"content":"abc"},"finish_reason":"stop"}]}'];
  const answer = readSample(asked, raw(body, { contentType: "application/json" }), keep);
  expect([loadMetrics.ttft(answer), loadMetrics.itl(answer), loadMetrics.e2e(answer)]).toEqual([
    null,
    null,
    20,
  ]);
  const silent = readSample(asked, raw(streamedAnswer(text).slice(0, 3)), keep);
  expect(silent).toMatchObject({ outcome: "incomplete", usage: null });
  expect(loadMetrics.itl(silent)).toBeNull();
});

test.each([
  [
    "given up",
    { choices: [{ delta: {}, finish_reason: "abort" }] },
    "was given up, with finish reason abort",
  ],
  ["with an error in it", { error: { code: 503 } }, 'carries an error: {"error":{"code":503}}'],
  ["that only says [DONE]", { choices: [] }, "ended without a finish reason"],
])("a stream %s is incomplete, whatever its status; its times stay", (_name, event, why) => {
  const [role = "", token = ""] = streamedAnswer(text);
  const events = [role, token, `data: ${JSON.stringify(event)}\n\n`, "data: [DONE]\n\n"];
  expect(readSample(asked, raw(events), { chunks: false, output: true })).toMatchObject({
    outcome: "incomplete",
    error: `the answer ${why}`,
    firstTokenNs: 130e6,
    endedNs: 151e6,
  });
  const refused = raw(events, { outcome: "http-error", error: "HTTP status 500" });
  expect(readSample(asked, refused, keep)).toMatchObject({ outcome: "http-error", error: "HTTP status 500" });
});

test("an error in one piece inside a 200 is incomplete", () => {
  const refused = raw(['{"error":"busy"}'], { contentType: "application/json" });
  expect(readSample(asked, refused, keep)).toMatchObject({
    outcome: "incomplete",
    error: 'the answer carries an error: {"error":"busy"}',
  });
});

test("one hash for what is said, not for how it is sent", () => {
  const streamed = (events: readonly unknown[]) =>
    outputSha256(readAnswer(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")));
  const delta = (of: unknown, id = "x") => ({ id, choices: [{ delta: of }] });
  const call = (index: number, name: string | undefined, args: string) =>
    delta({ tool_calls: [{ index, function: { name, arguments: args } }] });
  const whole = (message: unknown) => outputSha256(readAnswer(JSON.stringify({ choices: [{ message }] })));
  const said = whole({ content: "Hello", tool_calls: [{ function: { name: "f", arguments: '{"a":1}' } }] });
  expect(
    streamed([
      delta({ content: "Hel" }),
      delta({ content: "lo" }, "y"),
      call(0, "f", '{"a"'),
      call(0, undefined, ":1}"),
    ]),
  ).toBe(said);
  expect(streamed([delta({ content: "Hello" }), call(0, "f", '{"a":2}')])).not.toBe(said);
  expect(whole({ reasoning_content: "Hello" })).not.toBe(whole({ content: "Hello" }));
  expect(outputSha256(readAnswer("nonsense"))).toBeNull();
});

test("the steady window holds what was due within it", () => {
  const at = (intendedNs: number) => ({ ...readSample(asked, raw([]), keep), intendedNs });
  const samples = [at(0), at(1), at(2), at(3)];
  expect(steadySamples(samples, { startNs: 1, endNs: 2 }).map(({ intendedNs }) => intendedNs)).toEqual([
    1, 2,
  ]);
});
