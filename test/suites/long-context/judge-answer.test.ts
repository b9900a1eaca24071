import * as fc from "fast-check";
import { expect, test } from "vitest";
import { judgeAnswer } from "../../../suites/long-context/answer/judge-answer.ts";
import { kinds } from "../../../suites/long-context/material/material.ts";
import { materials } from "../../../suites/long-context/material/materials.ts";

const judged = (
  kind: (typeof kinds)[number],
  text: string,
  {
    expected = ["739214"],
    finishReason = "stop",
  }: { expected?: readonly string[]; finishReason?: string } = {},
) => judgeAnswer({ kind, expected }, { text, finishReason });

test.each([
  { text: "739214", verdict: "passed" },
  { text: "The access code is **739214**.", verdict: "passed" },
  { text: "739,214", verdict: "passed" },
  { text: "739 214", verdict: "passed" },
  { text: "It is 739214 (chronicle, line 12). Yes, 739214.", verdict: "passed" },
  { text: "<think>maybe 111111</think>739214", verdict: "passed" },
  { text: "maybe 111111</think>\n739214", verdict: "passed" },
  { text: "```text\n739214\n```", verdict: "passed" },
  { text: "There are 111111 and 222222. Answer: 739214", verdict: "passed" },
  { text: "The answer is 739214", verdict: "passed" },
  { text: "739214 or 739215", verdict: "several-answers" },
  { text: "739215", verdict: "wrong-answer" },
  { text: "1739214", verdict: "no-answer" },
  { text: "7392145", verdict: "no-answer" },
  { text: "<think>739214", verdict: "no-answer" },
  { text: "", verdict: "no-answer" },
  { text: "I cannot find it in the text.", verdict: "refusal" },
  { text: "I'm sorry, but I can't help with that.", verdict: "refusal" },
])("needle: $text is $verdict", ({ text, verdict }) => {
  expect(judged("needle", text).verdict).toBe(verdict);
});

test("an answer that was cut before it came is told apart from none", () => {
  expect(judged("needle", "Let me read", { finishReason: "length" }).verdict).toBe("length");
  expect(judged("needle", "739214", { finishReason: "length" }).verdict).toBe("passed");
});

const four = { expected: ["1042", "3901", "5555", "7001"] };
test.each([
  { text: "1042, 3901, 5555, 7001", verdict: "passed", found: 1 },
  { text: "7001\n5555\n3901\n1,042", verdict: "passed", found: 1 },
  { text: "1042, 3901 and 5555", verdict: "incomplete", found: 0.75 },
  { text: "1042, 3901, 5555, 7001, 2222", verdict: "several-answers", found: 0.8 },
  { text: "1042, 1042, 1042, 1042", verdict: "incomplete", found: 0.25 },
  { text: "2222", verdict: "wrong-answer", found: 0 },
  { text: "none", verdict: "no-answer", found: 0 },
])("needles: $text is $verdict", ({ text, verdict, found }) => {
  expect(judged("needles", text, four)).toMatchObject({ verdict, found });
});

test.each([
  { kind: "documents", text: "Tavira", expected: ["Tavira"], verdict: "passed" },
  { kind: "documents", text: "It meets in tavira.", expected: ["Tavira"], verdict: "passed" },
  { kind: "documents", text: "Tavira or Belmont", expected: ["Tavira"], verdict: "several-answers" },
  { kind: "documents", text: "Paris", expected: ["Tavira"], verdict: "no-answer" },
  {
    kind: "code",
    text: "base gives 4, times 3 is 12, so total returns 29",
    expected: ["29"],
    verdict: "passed",
  },
  { kind: "code", text: "`29`", expected: ["29"], verdict: "passed" },
  { kind: "code", text: "29.0", expected: ["29"], verdict: "passed" },
  { kind: "code", text: "1,029", expected: ["1029"], verdict: "passed" },
  { kind: "code", text: "-29", expected: ["29"], verdict: "wrong-answer" },
  { kind: "code", text: "12 * 3 = 36", expected: ["29"], verdict: "wrong-answer" },
] as const)("$kind: $text is $verdict", ({ kind, text, expected, verdict }) => {
  expect(judged(kind, text, { expected }).verdict).toBe(verdict);
});

test("the right answer passes and another question's never does, whatever stands around it", () => {
  const index = fc.nat(63);
  const around = fc.constantFrom("", "Sure! ", "**", "Answer: ", "\n\n");
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.tuple(index, index), around, (kind, [asked, other], before) => {
      const { expected } = materials[kind].question(asked);
      const said = (of: readonly string[]) =>
        judged(kind, `${before}${of.join(", ")}${before === "**" ? "**" : "."}`, { expected });
      expect(said(expected)).toMatchObject({ passed: true, found: 1 });
      const theirs = materials[kind].question(other).expected;
      expect(said(theirs).passed).toBe(theirs.join() === expected.join());
    }),
  );
});

test("what was found is a share, and naming more never pays", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1000, max: 9999 }), { maxLength: 30 }), (numbers) => {
      const { found, passed } = judged("needles", numbers.join(" "), four);
      expect(found).toBeGreaterThanOrEqual(0);
      expect(found).toBeLessThanOrEqual(1);
      expect(passed).toBe(found === 1);
    }),
  );
});
