import { assert, property, string } from "fast-check";
import { expect, test } from "vitest";
import { block } from "../../../bench/export/benchmarks/error-analysis.ts";

test("no text closes the fence that it stands in", () => {
  assert(
    property(string({ unit: "grapheme" }), string(), (before, after) => {
      const lines = block(`${before}\n\`\`\`\`\n${after}`).split("\n");
      const [first = ""] = lines;
      const fence = first.slice(0, first.lastIndexOf("text"));
      expect(lines.filter((line) => line.trim().startsWith(fence))).toEqual([first, fence]);
      expect(lines.at(-1)).toBe(fence);
    }),
  );
});

test("a long answer is cut, and it is said how much is not there", () => {
  expect(block("x".repeat(2000))).toContain("[500 more characters]");
  expect(block("")).toContain("(nothing)");
});
