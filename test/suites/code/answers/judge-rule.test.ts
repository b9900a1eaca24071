import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exactNumber, sameNumber } from "../../../../suites/code/answers/exact-number.ts";
import { judgeRule } from "../../../../suites/code/answers/judge-rule.ts";

const numbers: readonly (readonly [said: string, answer: string | null, rule: string])[] = [
  ["She has 3 + 4 = 7 apples.\n#### 7", "7", "hashes"],
  ["#### 1,234", "1,234", "hashes"],
  ["#### $18.00", "18.00", "hashes"],
  ["#### -5", "-5", "hashes"],
  ["#### −5", "-5", "hashes"],
  ["#### 12 eggs", "12", "hashes"],
  ["#### **12**", "12", "hashes"],
  ["#### 3\nWait, no.\n#### 4", "4", "hashes"],
  ["So we get \\boxed{42}.", "42", "boxed"],
  ["\\boxed{\\frac{3}{4}}", "3/4", "boxed"],
  ["\\boxed{\\$1{,}250}", "1,250", "boxed"],
  ["\\boxed{\\text{18 dollars}}", "18", "boxed"],
  ["\\boxed{1,\\!000}", "1,000", "boxed"],
  ["$\\boxed{50\\%}$", "50", "boxed"],
  ["First \\boxed{1}, then \\boxed{2}", "2", "boxed"],
  ["The answer is 42.", "42", "answer-is"],
  ["The answer is 4.5.", "4.5", "answer-is"],
  ["**Answer:** 1,000,000 people", "1,000,000", "answer-is"],
  ["Final answer: **$70,000**", "70,000", "answer-is"],
  ["The answer is 5 + 3 = 8. It took 2 steps.", "8", "answer-is"],
  ["The answer is 3. No: the answer is 4.", "4", "answer-is"],
  ["The final answer is 1/2 of a cake.", "1/2", "answer-is"],
  ["The answer is 2 1/2 cups", "2 1/2", "answer-is"],
  ["The total is €1,500.25 for 3 people.", "1,500.25", "answer-is"],
  ["the result would be -3", "-3", "answer-is"],
  ["The answer is not 5 but we find 6", "6", "last-number"],
  ["Each has 3-5 apples, so 15 in all", "15", "last-number"],
  ["I think 7", "7", "last-number"],
  ["From 3-5", "5", "last-number"],
  ["Lists of 1,2,3", "3", "last-number"],
  ["<think>The answer is 3.</think>The answer is 4.", "4", "answer-is"],
  ["The answer is 3.\n</think>\nIt is 9", "9", "last-number"],
  ["<think>The answer is 3.", null, "open-thoughts"],
  ["", null, "empty"],
  ["I'm sorry, I cannot answer that.", null, "refusal"],
  ["Nobody knows.", null, "no-number"],
];

describe("a number is taken by a rule that has a name", () => {
  test.each(numbers)("%j", (said, answer, rule) => {
    expect(judgeRule({ kind: "number", id: "n", expected: "7" }, said)).toMatchObject({
      answer,
      answerRule: rule,
    });
  });

  test.each([
    ["18", "18.00", true],
    ["1,000", "1000", true],
    ["0.5", "1/2", true],
    ["2 1/2", "2.5", true],
    ["-3", "3", false],
    ["0.33", "1/3", false],
    ["10", "1", false],
    ["12345678901234567890", "12345678901234567891", false],
  ])("%s is %s: %j", (said, expected, isRight) => {
    const judged = judgeRule({ kind: "number", id: "n", expected }, `#### ${said}`);
    expect([judged.verdict, judged.passed]).toEqual(isRight ? ["passed", true] : ["wrong-answer", false]);
  });

  test("an expected answer that is no number is nobody's failure", () => {
    expect(judgeRule({ kind: "number", id: "n", expected: "many" }, "#### 3")).toMatchObject({
      verdict: "test-fault",
      passed: null,
    });
  });

  test("a whole number is found however it is written", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.constantFrom("", "$", "€"), (value, currency) => {
        const written = `${value < 0 ? "-" : ""}${currency}${Math.abs(value).toLocaleString("en-US")}`;
        for (const said of [
          `#### ${written}`,
          `\\boxed{${written}}`,
          `The answer is ${written}.`,
          `So, ${written}!`,
        ])
          expect(judgeRule({ kind: "number", id: "n", expected: String(value) }, said).passed).toBe(true);
      }),
    );
  });

  test("numbers are compared as fractions", () => {
    const whole = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
    fc.assert(
      fc.property(
        whole,
        fc.bigInt({ min: 1n, max: 1000n }),
        fc.bigInt({ min: 1n, max: 50n }),
        (a, b, times) => {
          const [x, y] = [exactNumber(`${a}/${b}`), exactNumber(`${a * times}/${b * times}`)];
          expect(x !== null && y !== null && sameNumber(x, y)).toBe(true);
        },
      ),
    );
    expect(exactNumber("1/0")).toBeNull();
    expect(exactNumber("")).toBeNull();
    expect(exactNumber("-")).toBeNull();
  });
});

const choices = ["Paris", "London", "New York City", "Rome"];
const letters: readonly (readonly [said: string, answer: string | null, rule: string])[] = [
  ["C", "C", "letter"],
  ["(c)", "C", "letter"],
  ["**B.**", "B", "letter"],
  ["C. New York City", "C", "first-letter"],
  ["B) London\n\nIt is the capital.", "B", "first-letter"],
  ["B\n\nBecause it is the capital.", "B", "first-letter"],
  ["The answer is C.", "C", "answer-is"],
  ["the answer is (b), as we saw", "B", "answer-is"],
  ["Answer: D", "D", "answer-is"],
  ["ANSWER: D", "D", "answer-is"],
  ["**Answer: B**", "B", "answer-is"],
  ["Answer: **C. New York City**", "C", "answer-is"],
  ["The correct option is B because it is the capital.", "B", "answer-is"],
  ["The answer is A because of that.", "A", "answer-is"],
  ["The answer is A.", "A", "answer-is"],
  ["The answer is option C", "C", "answer-is"],
  ["The answer is A, no wait, the answer is D.", "D", "answer-is"],
  ["The answer is A matter of taste: London", "B", "words-of-choice"],
  ["The answer is a capital, and it is Rome.", "D", "words-of-choice"],
  ["The answer is not B. I choose option D.", "D", "only-letter"],
  ["$\\boxed{B}$", "B", "boxed"],
  ["\\boxed{\\text{(C)}}", "C", "boxed"],
  ["\\boxed{A} no, \\boxed{B}", "B", "boxed"],
  ["It must be London.", "B", "words-of-choice"],
  ["new york city", "C", "words-of-choice"],
  ["Either Paris or London.", null, "no-letter"],
  ["A. Paris\nB. London\nC. New York City\nD. Rome", null, "no-letter"],
  ["(A) or (B)", null, "no-letter"],
  ["The answer is B and C.", null, "no-letter"],
  ["The answer is (B) or (D).", null, "no-letter"],
  ["Answer: A/B", null, "no-letter"],
  ["\\boxed{B, C}", null, "no-letter"],
  ["The answer is B, and a reason is that it is the capital.", "B", "answer-is"],
  ["E", null, "no-letter"],
  ["The answer is E.", null, "no-letter"],
  ["Bananas", null, "no-letter"],
  ["<think>The answer is A.</think>The answer is B.", "B", "answer-is"],
  ["", null, "empty"],
  ["I cannot answer this.", null, "refusal"],
];

describe("a letter is taken by a rule that has a name", () => {
  test.each(letters)("%j", (said, answer, rule) => {
    expect(judgeRule({ kind: "choice", id: "c", choices, expected: 1 }, said)).toMatchObject({
      answer,
      answerRule: rule,
      passed: answer === "B",
    });
  });

  test("every letter of every number of choices is found", () => {
    for (let count = 2; count <= 10; count++)
      for (let expected = 0; expected < count; expected++) {
        const letter = String.fromCodePoint(65 + expected);
        const problem = {
          kind: "choice" as const,
          id: "c",
          choices: Array.from({ length: count }, (_, at) => `choice number ${at}`),
          expected,
        };
        for (const said of [
          letter,
          `(${letter})`,
          `Answer: ${letter}`,
          `The answer is ${letter}.`,
          `\\boxed{${letter}}`,
          `${letter}. It is so.`,
        ])
          expect([said, judgeRule(problem, said).passed]).toEqual([said, true]);
      }
  });
});
