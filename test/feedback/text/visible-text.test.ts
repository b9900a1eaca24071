import * as fc from "fast-check";
import { expect, test } from "vitest";
import { countNumberedLines } from "../../../bench/feedback/text/numbered-lines.ts";
import { countSentences } from "../../../bench/feedback/text/sentences.ts";
import { visibleText } from "../../../bench/feedback/text/visible-text.ts";
import { texts } from "./random-texts.ts";

test.each([
  ["plain", "plain", false],
  ["", "", false],
  ["<think>a</think>b", "b", false],
  ["a<think>b</think>c<think>d</think>e", "ace", false],
  ["<think>\na\n\nb</think>\n\n  c  ", "c", false],
  ["a</think>b", "b", false],
  ["<think>a<think>b</think>c</think>d", "d", false],
  ["<think></think>", "", false],
  ["<think>cut", "", true],
  ["<think>a</think>b<think>cut", "b", true],
  ["a</think>b<think>cut", "b", true],
  ["<think", "<think", false],
  ["< think >a</ think >", "< think >a</ think >", false],
])("of %j a reader sees %j", (said, text, cutInThoughts) => {
  expect(visibleText(said)).toEqual({ text, cutInThoughts });
});

test("nobody sees a thought, and what is seen has none left to take off", () => {
  fc.assert(
    fc.property(texts, (said) => {
      const { text } = visibleText(said);
      expect(said).toContain(text.replaceAll(/<think>|<\/think>/g, "").slice(0, 1));
      expect(text).not.toContain("<think>");
    }),
  );
});

test.each([
  ["1. a\n2) b\n 3. c\n\t4) d\n٥. e", 5],
  ["1.a\n2 . b\n3: c\n(4) d\n5.", 0],
  ["1.\n2.\n", 2],
  ["see 1. a\r2. b\u20283. c", 0],
])("of %j %d lines are numbered", (text, count) => {
  expect(countNumberedLines(text)).toBe(count);
});

test("a text of a million marks is read in one walk", () => {
  const thinks = "<think>".repeat(200_000);
  expect(visibleText(thinks)).toEqual({ text: "", cutInThoughts: true });
  expect(visibleText(`${thinks}</think>x`).text).toBe("x");
  expect(countSentences(`${".".repeat(1_000_000)}x`)).toBe(1);
  expect(countNumberedLines(`${"\n".repeat(500_000)}x`)).toBe(0);
  expect(countNumberedLines("1.\n".repeat(200_000))).toBe(200_000);
});
