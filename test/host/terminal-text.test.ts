import * as fc from "fast-check";
import { expect, test } from "vitest";
import { terminalText } from "../../bench/host/terminal-text.ts";

test.each([
  ["plain\n\ttext, Grüße 日本 🙂\r\nend", "plain\n\ttext, Grüße 日本 🙂\r\nend"],
  ["\u001b[1;31mred\u001b[0m", "\u001b[1;31mred\u001b[0m"],
  ["\u001b[2J\u001b]0;title\u0007", "\\u001b[2J\\u001b]0;title\\u0007"],
  ["\rpassed", "\\u000dpassed"],
  ["\u001b]52;c;aGk=\u001b\\", "\\u001b]52;c;aGk=\\u001b\\"],
  ["\u009b31m", "\\u009b31m"],
  ["file\u202etxt.exe", "file\\u202etxt.exe"],
])("%j is shown as %j", (text, shown) => {
  expect(terminalText(text)).toBe(shown);
});

test("nothing that is left acts on a terminal, but colours", () => {
  const colours = new RegExp(String.raw`\x1b\[[\d;]*m|\r\n`, "g");
  const left: string[] = [];
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const rest = terminalText(text).replaceAll(colours, "");
      if (/[\p{Cc}--[\n\t]]/v.test(rest)) left.push(text);
    }),
    { numRuns: 2_000 },
  );
  expect(left).toEqual([]);
});
