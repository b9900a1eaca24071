import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readGeneration } from "../../bench/tap/generation-reading.ts";
import { streamedAnswer } from "./fixtures/scripted-engine.ts";

const endOf = (events: readonly string[], at: number) =>
  Buffer.byteLength(events.slice(0, at + 1).join("")) - 1;

test("the role chunk is not the first token, and usage and finish reason come from the end", () => {
  const events = streamedAnswer(["é", "b", "c"]);
  expect(readGeneration(Buffer.from(events.join("")), true)).toEqual({
    firstTokenEndByte: endOf(events, 1),
    lastTokenEndByte: endOf(events, 3),
    usage: { promptTokens: 11, completionTokens: 3, cachedTokens: 4 },
    finishReason: "stop",
    responseId: "chatcmpl-1",
  });
});

test.each([
  ["reasoning", { reasoning_content: "hm" }],
  ["a tool call", { tool_calls: [{ index: 0, id: "call_1", function: { name: "f", arguments: "" } }] }],
])("%s is a token", (_what, delta) => {
  const events = [
    `data: ${JSON.stringify({ choices: [{ delta: { role: "assistant", content: "" } }] })}\n\n`,
    `data: ${JSON.stringify({ choices: [{ delta }] })}\n\n`,
  ];
  const reading = readGeneration(Buffer.from(events.join("")), true);
  expect([reading.firstTokenEndByte, reading.lastTokenEndByte]).toEqual([endOf(events, 1), endOf(events, 1)]);
});

test("an answer in one piece has usage and no first token", () => {
  const body = {
    id: "c1",
    choices: [{ message: { role: "assistant", content: "hi" }, finish_reason: "length" }],
    usage: { prompt_tokens: 5, completion_tokens: 2, prompt_tokens_details: null },
  };
  expect(readGeneration(Buffer.from(JSON.stringify(body)), false)).toEqual({
    firstTokenEndByte: null,
    lastTokenEndByte: null,
    usage: { promptTokens: 5, completionTokens: 2, cachedTokens: null },
    finishReason: "length",
    responseId: "c1",
  });
});

test("SGLang's own generate stream is read too", () => {
  const frame = (text: string, more: object) => `data: ${JSON.stringify({ text, ...more })}\n\n`;
  const meta = { id: "g1", prompt_tokens: 7, completion_tokens: 1, cached_tokens: 0 };
  const events = [
    frame("a", { output_ids: [1], meta_info: meta }),
    frame("ab", {
      output_ids: [1, 2],
      meta_info: { ...meta, completion_tokens: 2, finish_reason: { type: "stop" } },
    }),
    "data: [DONE]\n\n",
  ];
  expect(readGeneration(Buffer.from(events.join("")), true)).toEqual({
    firstTokenEndByte: endOf(events, 0),
    lastTokenEndByte: endOf(events, 1),
    usage: { promptTokens: 7, completionTokens: 2, cachedTokens: 0 },
    finishReason: "stop",
    responseId: "g1",
  });
});

test("a stream that was cut anywhere is read as far as it goes and never fails", () => {
  const whole = Buffer.from(streamedAnswer(["a", "b", "c"]).join(""));
  fc.assert(
    fc.property(fc.nat(whole.length), (length) => {
      const { usage, firstTokenEndByte, lastTokenEndByte } = readGeneration(whole.subarray(0, length), true);
      expect(usage === null || usage.completionTokens === 3).toBe(true);
      expect(Number(firstTokenEndByte) <= Number(lastTokenEndByte)).toBe(true);
    }),
  );
  expect(readGeneration(Buffer.from("<html>"), true)).toMatchObject({ usage: null, firstTokenEndByte: null });
});

test("a chunk is not a token: their number is the one that usage says", () => {
  const events = streamedAnswer(["two tokens", " and five more of them"]).map((event) =>
    event.replace('"completion_tokens":2', '"completion_tokens":7'),
  );
  expect(readGeneration(Buffer.from(events.join("")), true).usage).toEqual({
    promptTokens: 11,
    completionTokens: 7,
    cachedTokens: 4,
  });
});

test("without usage nobody knows how many tokens there were, whatever arrived", () => {
  const events = streamedAnswer(["a", "b"]).filter((event) => !event.includes("completion_tokens"));
  const reading = readGeneration(Buffer.from(events.join("")), true);
  expect(reading.usage).toBeNull();
  expect([reading.firstTokenEndByte, reading.finishReason]).toEqual([endOf(events, 1), "stop"]);
});
