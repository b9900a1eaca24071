import { expect, test } from "vitest";
import { armSchema } from "../../bench/config/arm-schema.ts";
import type { Place } from "../../bench/fidelity/difference.ts";
import { isDeclared, rewritesOf } from "../../bench/fidelity/rewrites.ts";

const strict: Place = ["tools", 3, "function", "strict"];
const name: Place = ["messages", 2, "name"];

test.each<readonly [pattern: string, place: Place, covered: boolean]>([
  ["seed", ["seed"], true],
  ["seed", ["seeds"], false],
  ["tools.strict", strict, true],
  ["tools[*].function.strict", strict, true],
  ["tools[3].strict", strict, true],
  ["tools[2].strict", strict, false],
  ["tools", strict, true],
  ["tools.strict", ["tools", 3], false],
  ["messages[*].name", name, true],
  ["messages.name", name, true],
  ["messages[0]", name, false],
  ["messages[2]", name, true],
  ["messages[0]", ["messages", 0, "content"], true],
  ["messages.content", ["messages", 0, "content", 1, "text"], true],
  ["response_format.type", ["response_format"], false],
  ["answer.usage", ["answer", "usage", "promptTokens"], true],
  ["answer.finish_reason", ["answer", "text"], false],
])("%s covers a place or not", (pattern, place, covered) => {
  expect(isDeclared(place, ["stream", pattern])).toBe(covered);
});

test("what a kind of arm rewrites by design is declared beside what the experiment says", () => {
  const of = (spec: object) => rewritesOf(armSchema.parse(spec));
  expect(of({ kind: "raw" })).toEqual([]);
  expect(of({ kind: "gateway", rewrites: ["seed"] })).toEqual(["seed"]);
  expect(of({ kind: "gateway", level: "L1", rewrites: ["seed"] })).toEqual(
    expect.arrayContaining(["stream", "logprobs", "seed"]),
  );
  expect(() => armSchema.parse({ kind: "raw", rewrites: ["tools. strict"] })).toThrow(/tools\.strict/);
});
