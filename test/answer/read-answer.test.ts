import { createParser } from "eventsource-parser";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EventSplitter } from "../../bench/answer/event-splitter.ts";
import { AnswerReader, readAnswer } from "../../bench/answer/read-answer.ts";
import { streamedAnswer } from "../tap/fixtures/scripted-engine.ts";
import { chunk, stream } from "./answer-bodies.ts";

/** Pieces of a body, cut at any bytes. */
const cuts = (body: Buffer) =>
  fc.array(fc.nat(body.length), { maxLength: 12 }).map((at) => {
    const ends = [0, ...at.toSorted((a, b) => a - b), body.length];
    return ends.slice(1).map((end, index) => body.subarray(ends[index], end));
  });
function inPieces(pieces: readonly Buffer[]) {
  const reader = new AnswerReader();
  for (const piece of pieces) reader.push(piece);
  return reader.end();
}

const call = (index: number, more: { id?: string; name?: string }, args: string) =>
  chunk({ delta: { tool_calls: [{ index, id: more.id, function: { name: more.name, arguments: args } }] } });
const bodies: readonly (readonly [string, string])[] = [
  [
    "a stream",
    stream(
      chunk({ delta: { content: "数é" } }),
      call(0, { id: "a", name: "find" }, '{"é'),
      call(0, {}, '":1}'),
      "{}",
      "not JSON",
      "[DONE]",
    ),
  ],
  [
    "with \\r\\n",
    ": hi\r\n\r\nevent: x\r\n" +
      stream(chunk({ delta: { content: "数" } }), "[DONE]").replaceAll("\n", "\r\n"),
  ],
  ["an object", ` {"choices":[{"message":{"content":"数"},"finish_reason":"stop"}]}`],
  ["a page", "<html>\n<p>数</p>"],
];

test.each(bodies)("%s reads the same in whatever pieces it comes", (_name, body) => {
  const whole = readAnswer(body);
  fc.assert(
    fc.property(cuts(Buffer.from(body)), (pieces) => {
      expect(inPieces(pieces)).toEqual(whole);
    }),
  );
});

test("any mix of text, reasoning and calls is put together as it was taken apart", () => {
  const piece = fc.oneof(
    fc.record({ kind: fc.constantFrom("content", "reasoning", "reasoning_content"), text: fc.string() }),
    fc.record({ kind: fc.constant("call"), at: fc.nat(3), text: fc.string() }),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const said = { text: "", reasoning: "" };
      const calls = new Map<number, string>();
      const events = pieces.map((one) => {
        if (!("at" in one)) {
          said[one.kind === "content" ? "text" : "reasoning"] += one.text;
          return chunk({ delta: { [one.kind]: one.text } });
        }
        const known = calls.get(one.at);
        calls.set(one.at, (known ?? "") + one.text);
        return call(one.at, known === undefined ? { id: `id${one.at}`, name: `f${one.at}` } : {}, one.text);
      });
      const expected = [...calls].map(([at, argumentsText]) => ({
        id: `id${at}`,
        name: `f${at}`,
        argumentsText,
      }));
      expect(readAnswer(stream(...events))).toMatchObject({
        ...said,
        calls: expected,
        unreadable: { count: 0 },
      });
    }),
  );
});

test("nothing makes the reader fail, and what it does not know it counts", () => {
  const odd = fc.oneof(fc.json(), fc.string(), fc.constant("[".repeat(20_000) + "]".repeat(20_000)));
  fc.assert(
    fc.property(fc.array(odd), (texts) => {
      const { unreadable } = readAnswer(stream(...texts));
      expect(unreadable.first === null).toBe(unreadable.count === 0);
    }),
  );
  const fields = ["id", "choices", "usage", "error", "object", "meta_info", "text", "created", "__proto__"];
  const event = fc.dictionary(fc.constantFrom(...fields), fc.jsonValue());
  fc.assert(fc.property(fc.array(event), (events) => void readAnswer(stream(...events))));
  const parts = ["content", "reasoning", "tool_calls", "function_call", "finish_reason", "constructor"];
  const choice = fc.dictionary(
    fc.constantFrom("delta", "message", "index"),
    fc.dictionary(fc.constantFrom(...parts), fc.jsonValue()),
  );
  fc.assert(fc.property(fc.array(choice), (choices) => void readAnswer(stream({ choices }))));
  expect(readAnswer("<html>\nno gateway\n</html>").unreadable).toEqual({
    count: 3,
    first: "no JSON object: <html>",
  });
  const nested = `{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":${"[".repeat(20_000)}${"]".repeat(20_000)}}}]}}]}`;
  expect(readAnswer(stream(nested)).unreadable).toEqual({
    count: 1,
    first: "tool_calls is nested too deeply",
  });
  expect(readAnswer(stream("x".repeat(1_000))).unreadable.first).toHaveLength(
    "no JSON object: ".length + 301,
  );
});

test("events are split as eventsource-parser splits them", () => {
  const line = fc.constantFrom(
    "data: a",
    "data:b",
    "data:  c",
    "data: 数",
    "data",
    "",
    "",
    ": hi",
    "event: x",
    "id: 1",
    "retry: 5",
  );
  fc.assert(
    fc.property(fc.array(line), fc.constantFrom("\n", "\r\n", "\r"), (lines, ending) => {
      const text = [...lines, "", ""].join(ending);
      const [expected, seen]: [string[], string[]] = [[], []];
      createParser({ onEvent: ({ data }) => void expected.push(data) }).feed(text);
      const splitter = new EventSplitter({ event: ({ data }) => void seen.push(data) });
      splitter.push(Buffer.from(text));
      splitter.end();
      expect(seen.filter((data) => data !== "")).toEqual(expected.filter((data) => data !== ""));
    }),
  );
});

test("tokens end where the line of their event does, counted in bytes", () => {
  const events = streamedAnswer(["é", "b", "c"]);
  const endOf = (at: number) => Buffer.byteLength(events.slice(0, at + 1).join("")) - 1;
  const { firstTokenEndByte, lastTokenEndByte } = readAnswer(events.join(""));
  expect([firstTokenEndByte, lastTokenEndByte]).toEqual([endOf(1), endOf(3)]);
});

test("an error page in place of a stream, and an error behind half of one, are found", () => {
  expect(readAnswer('{"error":{"message":"no"}}').error).toBe('{"error":{"message":"no"}}');
  expect(readAnswer(`${stream(chunk({ delta: { content: "a" } }))}{"error":"gone"}`)).toMatchObject({
    text: "a",
    error: '{"error":"gone"}',
  });
});

test("usage behind [DONE] counts", () => {
  const usage = { prompt_tokens: 140, completion_tokens: 7 };
  expect(
    readAnswer(stream(chunk({ finish_reason: "stop" }), "[DONE]", { choices: [], usage })).usage
      ?.promptTokens,
  ).toBe(140);
});

test("a long line in many pieces costs no more than its length", () => {
  const line = Buffer.alloc(16 << 20, "x");
  const startedMs = performance.now();
  expect(readAnswer(line).unreadable.count).toBe(1);
  // Joining the pieces again at each of them takes minutes.
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

const endOf = (events: readonly string[], at: number) =>
  Buffer.byteLength(events.slice(0, at + 1).join("")) - 1;

test("the role chunk is not the first token, and usage and finish reason come from the end", () => {
  const events = streamedAnswer(["é", "b", "c"]);
  expect(readAnswer(events.join(""))).toMatchObject({
    firstTokenEndByte: endOf(events, 1),
    lastTokenEndByte: endOf(events, 3),
    usage: { promptTokens: 11, completionTokens: 3, cachedTokens: 4 },
    finish: "stop",
    responseId: "chatcmpl-1",
  });
});

test("a chunk is not a token: their number is the one that usage says", () => {
  const events = streamedAnswer(["two tokens", " and five more of them"]).map((event) =>
    event.replace('"completion_tokens":2', '"completion_tokens":7'),
  );
  const { usage, tokenEvents } = readAnswer(events.join(""));
  expect(usage).toEqual({ promptTokens: 11, completionTokens: 7, cachedTokens: 4 });
  expect(tokenEvents).toBe(2);
});

test("without usage nobody knows how many tokens there were, whatever arrived", () => {
  const events = streamedAnswer(["a", "b"]).filter((event) => !event.includes("completion_tokens"));
  const { usage, firstTokenEndByte, finish } = readAnswer(events.join(""));
  expect(usage).toBeNull();
  expect([firstTokenEndByte, finish]).toEqual([endOf(events, 1), "stop"]);
});
