import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Answer } from "../../bench/answer/answer.ts";
import { AnswerReader, readAnswer, readAnswerInTurns } from "../../bench/answer/read-answer.ts";
import { chunk, stream } from "./answer-bodies.ts";

function read(pieces: readonly Buffer[]): Answer {
  const reader = new AnswerReader();
  for (const piece of pieces) reader.push(piece);
  return reader.end();
}
/** No event is whole in a piece, so each is parsed by itself. */
const byteByByte = (body: Buffer) => read(Array.from(body, (byte) => Buffer.of(byte)));

const words = fc.oneof(
  fc.constantFrom("a", "", " ", '"', "\\", "\n", "é", "数", "😀", "\u2028", "}", "[DONE]", "null"),
  fc.string({ unit: "binary", maxLength: 5 }),
);
/** The fields around the words as servers send them: what comes first, last, and null. */
const envelopes = [
  (delta: object) => ({
    id: "c",
    created: 1,
    choices: [{ index: 0, delta, finish_reason: null }],
    usage: null,
  }),
  (delta: object) => ({
    choices: [{ delta: { ...delta, tool_calls: null }, finish_reason: null, index: 0 }],
  }),
];
const event = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .tuple(fc.constantFrom("content", "reasoning", "reasoning_content"), words)
      .map(([name, text]) => ({ [name]: text })),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(0, 1, null), words)
      .map(([index, text]) => ({ tool_calls: [{ index, function: { arguments: text } }] })),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      { tool_calls: [{ index: 0, id: "a", function: { name: "f", arguments: "" } }] },
      { content: 5 },
      {},
    ),
  },
);
const line = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .tuple(fc.constantFrom(...envelopes), event)
      .map(([envelope, delta]) => JSON.stringify(envelope(delta))),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      JSON.stringify({ error: "full" }),
      JSON.stringify({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 900 } }),
      JSON.stringify(chunk({ delta: {}, finish_reason: "stop" })),
      "not JSON",
      "[DONE]",
      "",
    ),
  },
);
const ending = fc.constantFrom("\n", "\r\n", "\r");
const body = fc
  .tuple(
    fc.array(line, { maxLength: 40 }),
    ending,
    fc.constantFrom("data: ", "data:"),
    fc.constantFrom("", "\uFEFF", ": hi\n\n"),
  )
  .map(([lines, end, field, before]) =>
    Buffer.from(before + lines.map((text) => `${field}${text}${end}${end}`).join("")),
  );

test("a stream reads the same in one piece, where events are told by those before them, and byte by byte", () => {
  fc.assert(
    fc.property(body, (bytes) => {
      expect(readAnswer(bytes)).toEqual(byteByByte(bytes));
    }),
    { numRuns: 1_000 },
  );
});

test("a stream reads the same however it is cut, in the middle of a character, a line end or an event", () => {
  const cuts = fc.array(fc.nat(), { maxLength: 8 });
  fc.assert(
    fc.property(body, cuts, (bytes, at) => {
      const ends = [0, ...at.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
      const pieces = ends.slice(1).map((end, index) => bytes.subarray(ends[index], end));
      expect(read(pieces)).toEqual(readAnswer(bytes));
    }),
    { numRuns: 1_000 },
  );
});

const said = (text: string) => chunk({ delta: { content: text } });
const many = Array.from({ length: 500 }, (_, at) => said(` word${at}`));
const end = [chunk({ delta: {}, finish_reason: "stop" }), "[DONE]"];

test.each([
  [
    "an error",
    { error: "queue full" },
    { error: '{"error":"queue full"}', incomplete: 'carries an error: {"error":"queue full"}' },
  ],
  ["an event that cannot be read", "{broken", { unreadable: { count: 1, first: "no JSON object: {broken" } }],
  ["a field of another type", said(5 as never), { unreadable: { count: 1, first: "content is 5" } }],
  [
    "usage",
    { choices: [], usage: { prompt_tokens: 9, completion_tokens: 501 } },
    { usage: { promptTokens: 9, completionTokens: 501, cachedTokens: null } },
  ],
  [
    "a finish reason",
    chunk({ delta: {}, finish_reason: "abort" }),
    { incomplete: "was given up, with finish reason abort" },
  ],
  [
    "another choice",
    { choices: [{ index: 1, delta: { content: "b" } }] },
    { unreadable: { count: 1, first: 'choices is [{"index":1,"delta":{"content":"b"}}]' } },
  ],
])("%s in the middle of a long stream is not missed", (_name, odd, expected) => {
  const body = stream(...many.slice(0, 250), odd, ...many.slice(250), ...end);
  const answer = readAnswer(body);
  expect(answer).toMatchObject({ finish: expect.any(String) as string, tokenEvents: 500, ...expected });
  expect(answer.text).toHaveLength(many.map((_, at) => ` word${at}`).join("").length);
});

test.each([
  ["comments", ": ping\n\n"],
  ["ends", "data: [DONE]\n\n"],
  ["tokens", `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "é" } }] })}\n\n`],
  ["lines of objects", '{"message":{"content":"é"}}\n'],
  ["what begins like an object", "{\n"],
  ["spaces before an object", " "],
])("a long answer of %s is read as at once, and others have their turn meanwhile", async (_name, part) => {
  const body = Buffer.from(`${part.repeat(1 + (1 << 20) / part.length)}{"choices":[]}`);
  let turns = 0;
  let isOver = false;
  const others = () => {
    turns += 1;
    if (!isOver) setImmediate(others);
  };
  setImmediate(others);
  const answer = await readAnswerInTurns(body);
  isOver = true;
  expect(answer).toEqual(readAnswer(body));
  expect(turns).toBeGreaterThanOrEqual(15);
});
