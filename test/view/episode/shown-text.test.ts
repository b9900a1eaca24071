import * as fc from "fast-check";
import { expect, test } from "vitest";
import { cut, oneLine, shownText } from "../../../bench/view/episode/shown-text.ts";

test.each([
  ["<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"],
  [`"><img src=x onerror=alert(1)>`, "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;"],
  ["a &lt; b", "a &amp;lt; b"],
  ["\u001b[2J", `<span class="unseen">\\u001b</span>[2J`],
  ["safe\u202etxt.exe", `safe<span class="unseen">\\u202e</span>txt.exe`],
  ["a\u0000b", `a<span class="unseen">\\u0000</span>b`],
  ["line\r\nnext\tcell", `line<span class="unseen">\\r</span>\nnext\tcell`],
  ["half \ud83d of a pair", `half <span class="unseen">\\ud83d</span> of a pair`],
  [
    "zero\u200bwidth, soft\u00adhyphen",
    `zero<span class="unseen">\\u200b</span>width, soft<span class="unseen">\\u00ad</span>hyphen`,
  ],
  ["\u{e0041}", `<span class="unseen">\\u{e0041}</span>`],
  ["👩‍🚀 日本 עברית", "👩‍🚀 日本 עברית"],
  ["\u0007".repeat(1000), `<span class="unseen">${"\\u0007".repeat(4)}(×1000)</span>`],
])("%j is shown as text", (text, expected) => {
  expect(shownText(text).text).toBe(expected);
});

test("whatever a text holds: no markup but our own, nothing unseen, and what can be seen stays in its order", () => {
  const unseen = /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]--[\n\t\u200c\u200d]]/v;
  fc.assert(
    fc.property(hostileText, (text) => {
      const shown = shownText(text).text;
      const bare = shown.replaceAll(/<span class="unseen">[^<]*<\/span>/g, "");
      expect(shown).not.toMatch(unseen);
      expect(bare).not.toMatch(/[<>"]/);
      const seen = Array.from(text)
        .filter((character) => !unseen.test(character))
        .join("");
      const decoded = bare
        .replaceAll("&lt;", "<")
        .replaceAll("&gt;", ">")
        .replaceAll("&quot;", '"')
        .replaceAll("&amp;", "&");
      expect(decoded).toBe(seen);
    }),
  );
});

const hostileText = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("<", "&lt;", "\u202e", "\u001b[31m", "\ud800", "</span>", '"', "\r\n"),
    ),
  )
  .map((parts) => parts.join(""));

test("a cut never leaves half of a pair behind, and says how much is left", () => {
  expect(cut("ab😀", 3)).toEqual({ shown: "ab", left: 2 });
  expect(cut("ab😀", 4)).toEqual({ shown: "ab😀", left: 0 });
  expect(oneLine("  a\n b\tc ", 10)).toBe("a b c");
  expect(oneLine("x".repeat(30), 10)).toBe(`${"x".repeat(10)}…`);
  expect(oneLine(" ".repeat(100), 10)).toBe("…");
});
