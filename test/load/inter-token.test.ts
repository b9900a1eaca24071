import { expect, test } from "vitest";
import { readSample } from "../../bench/load/answer-reading.ts";
import { interTokenMs } from "../../bench/load/latency.ts";
import { chunk, stream } from "../answer/answer-bodies.ts";

const role = stream(chunk({ delta: { role: "assistant", content: "" } }));
const word = (text = "a") => stream(chunk({ delta: { content: text } }));
const thought = stream(chunk({ delta: { reasoning_content: "hm" } }));
const call = (argumentsText: unknown, name?: string) =>
  stream(
    chunk({
      delta: {
        tool_calls: [
          { index: 0, ...(name !== undefined && { id: "a" }), function: { name, arguments: argumentsText } },
        ],
      },
    }),
  );
const ping = ": ping\n\n";
const end = (tokens: number | null) =>
  stream(
    chunk({ delta: {}, finish_reason: "stop" }),
    ...(tokens === null ? [] : [{ choices: [], usage: { prompt_tokens: 9, completion_tokens: tokens } }]),
    "[DONE]",
  );

/** Chunks of a body, one every 10 ms, the tokens that usage tells, and the milliseconds between two of them. */
const arrivals: readonly (readonly [string, readonly string[], number | null, number | null])[] = [
  ["a call in one chunk", [role, call('{"n":1}', "f")], 20, null],
  ["a call as an object", [role, call({ n: 1 }, "f")], 20, null],
  ["a call whose end comes in the next chunk", [role, call("", "f"), call('{"n":1}')], 11, 1],
  ["a call in two events of one chunk", [role, call("", "f") + call('{"n":1}')], 20, null],
  ["a call with the role and the end in its chunk", [role + call('{"n":1}', "f")], 20, null],
  ["a call piece by piece", [role, call("", "f"), call('{"n"'), call(":1}")], 3, 10],
  ["a text in one event", [role, word("Done: the loan is renewed.")], 7, null],
  ["a text in many events of one chunk", [role, word().repeat(7)], 7, null],
  ["a text word by word", [role, word(), word(), word()], 3, 10],
  ["two tokens a chunk", [role, word("a b"), word("c d"), word("e f")], 6, 4],
  ["a text that waits behind heartbeats", [role, ping, ping, word().repeat(5)], 5, null],
  ["heartbeats between two words", [role, word(), ping, ping, word()], 4, 10],
  ["empty deltas around one chunk with tokens", [word(""), word().repeat(4), word("")], 4, null],
  ["a thought and then the call", [role, thought, call('{"n":1}', "f")], 11, 1],
  ["a thought and the text in one chunk", [role, thought + word()], 9, null],
  ["one token", [role, word()], 1, null],
  ["no token", [role], 0, null],
  ["no usage", [role, word(), word()], null, null],
  ["impossible usage", [role, word(), word()], -3, null],
  ["an event that two chunks share", [role, word().slice(0, 12), word().slice(12)], 5, null],
  ["two events, the first in two chunks", [role, word().slice(0, 12), word().slice(12) + word()], 5, null],
  ["the last byte of the second event late", [role, word() + word().slice(0, -3), word().slice(-3)], 6, 2],
];

test.each(arrivals)("%s", (...[, chunks, tokens, expected]) => {
  const all = [...chunks, end(tokens)];
  const sample = readSample(
    { id: "r", session: "s", index: 0, intendedNs: 0, requestBytes: 1 },
    {
      sentNs: 0,
      firstByteNs: 1e6,
      endedNs: 1e9,
      status: 200,
      outcome: "completed",
      error: null,
      contentType: "text/event-stream",
      chunks: all.map((text) => Buffer.from(text)),
      chunkNs: all.map((_, at) => (at + 1) * 10e6),
    },
    { chunks: false, output: false },
  );
  expect(interTokenMs(sample)).toBe(expected);
});
