import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readAnswer } from "../../bench/answer/read-answer.ts";
import { compareAnswers } from "../../bench/fidelity/compare-answers.ts";
import { compareRequests } from "../../bench/fidelity/compare-requests.ts";

const chat = "/v1/chat/completions";
const text = fc
  .string({ unit: "binary", minLength: 1, maxLength: 30 })
  .filter((value) => value.isWellFormed());
const schema = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 8 }),
  fc.oneof(text, fc.integer(), fc.boolean()),
  {
    maxKeys: 4,
  },
);
const message = fc.oneof(
  fc.record({ role: fc.constantFrom("system", "user", "assistant"), content: text }),
  fc.record({ role: fc.constant("tool"), tool_call_id: text, content: text }),
);
const request = fc.record({
  model: text,
  messages: fc.array(message, { minLength: 1, maxLength: 8 }),
  tools: fc.uniqueArray(fc.record({ name: text, parameters: schema }), {
    selector: ({ name }) => name,
    maxLength: 4,
  }),
  temperature: fc.double({ min: 0, max: 2, noNaN: true }),
  seed: fc.integer(),
  max_tokens: fc.integer({ min: 1, max: 9_999 }),
  stop: fc.array(text, { minLength: 1, maxLength: 3 }),
});
type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };

/** The same JSON with other white space, other escapes and the keys of objects turned round. */
function spelled(
  value: Value,
  { space, escape, turn }: { space: string; escape: boolean; turn: boolean },
): string {
  if (Array.isArray(value))
    return `[${space}${value.map((member) => spelled(member, { space, escape, turn })).join(`${space},`)}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(
      ([key, member]) =>
        `${spelled(key, { space, escape, turn })}${space}:${spelled(member, { space, escape, turn })}`,
    );
    return `{${space}${(turn ? members.toReversed() : members).join(`,${space}`)}}`;
  }
  const written = JSON.stringify(value);
  if (typeof value !== "string" || !escape) return written;
  const codes = value.split("").map((unit) => unit.charCodeAt(0).toString(16).padStart(4, "0"));
  return `"${codes.map((code) => `\\u${code}`).join("")}"`;
}

const compared = (sent: string, received: string) =>
  compareRequests({ sent: { path: chat, body: sent }, received: { path: chat, body: received } });

test("a request that is written in another way is the same request", () => {
  const ways = fc.record({
    space: fc.constantFrom("", " ", "\n\t"),
    escape: fc.boolean(),
    turn: fc.boolean(),
  });
  fc.assert(
    fc.property(request, ways, (sent, way) => {
      expect(compared(JSON.stringify(sent), spelled(sent as Value, way)).differences).toEqual([]);
    }),
  );
});

/** Every value that a request is made of, by the path to it. */
function leavesOf(
  value: Value,
  path: readonly (string | number)[] = [],
): readonly (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, member]) =>
    leavesOf(member, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

function altered(value: Value, [key, ...rest]: readonly (string | number)[]): Value {
  if (key === undefined) {
    if (typeof value === "string") return `${value}x`;
    return typeof value === "number" ? value + 1 : !(value as boolean);
  }
  if (Array.isArray(value)) return value.map((member, at) => (at === key ? altered(member, rest) : member));
  const members = value as { readonly [key: string]: Value };
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => [name, name === key ? altered(member, rest) : member]),
  );
}

test("whatever single value is altered in a request, it is named", () => {
  fc.assert(
    fc.property(request, fc.nat(), (sent, pick) => {
      const leaves = leavesOf(sent);
      const leaf = leaves[pick % leaves.length] ?? [];
      const received = altered(sent, leaf);
      fc.pre(JSON.stringify(received) !== JSON.stringify(sent));
      expect(compared(JSON.stringify(sent), JSON.stringify(received)).differences).not.toEqual([]);
    }),
  );
});

test("a message that is removed, doubled or moved is named", () => {
  fc.assert(
    fc.property(request, fc.nat(), fc.nat(), (sent, from, to) => {
      const at = from % sent.messages.length;
      const kept = sent.messages.toSpliced(at, 1);
      const moved = sent.messages[at];
      if (moved === undefined) return;
      const lists = [
        kept,
        sent.messages.toSpliced(at, 0, moved),
        kept.toSpliced(to % (kept.length + 1), 0, moved),
      ];
      for (const messages of lists) {
        if (JSON.stringify(messages) === JSON.stringify(sent.messages)) continue;
        expect(compared(JSON.stringify(sent), JSON.stringify({ ...sent, messages })).differences).not.toEqual(
          [],
        );
      }
    }),
  );
});

/** A stream of the text in pieces of some length. */
function streamOf(said: string, length: number): string {
  const characters = Array.from(said);
  const pieces = Array.from({ length: Math.ceil(characters.length / length) }, (_, at) =>
    characters.slice(at * length, (at + 1) * length).join(""),
  );
  const events = [
    ...pieces.map((content) => ({ choices: [{ delta: { content } }] })),
    { choices: [{ delta: {}, finish_reason: "stop" }] },
  ];
  return [...events.map((event) => `data: ${JSON.stringify(event)}`), "data: [DONE]", ""].join("\n\n");
}

test("an answer is the same in pieces of any length, and another one with any character changed", () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 9 }), fc.nat(), (said, length, pick) => {
      const units = Array.from(said);
      const other = units.with(pick % units.length, units[pick % units.length] === "x" ? "y" : "x").join("");
      const difference = (left: string) =>
        compareAnswers({
          engine: readAnswer(streamOf(said, 1)),
          arm: readAnswer(streamOf(left, length)),
          rendered: false,
          offered: null,
          usageNotAsked: false,
        }).differences.map(({ about }) => about);
      expect(difference(said)).toEqual([]);
      expect(difference(other)).toEqual(["answer.text changed"]);
    }),
  );
});
