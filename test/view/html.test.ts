import * as fc from "fast-check";
import { expect, test } from "vitest";
import { html, trusted, visible } from "../../bench/view/html.ts";

test("a value is text, whatever it holds; HTML, lists and nothing are what they are", () => {
  const hostile = `<script>alert(1)</script>" onload="x" & '`;
  expect(html`<p title="${hostile}">${hostile}</p>`.text).toBe(
    `<p title="&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&quot;x&quot; &amp; '">&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&quot;x&quot; &amp; '</p>`,
  );
  expect(html`${[html`<b>${1}</b>`, trusted("<i>"), "<"]}|${null}|${0}`.text).toBe("<b>1</b><i>&lt;||0");
});

test("no text ends the element or the attribute that it stands in", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 30 }), (text) => {
      const inside = /^<p title="([^"]*)">(.*)<\/p>$/s.exec(html`<p title="${text}">${text}</p>`.text);
      expect(inside?.[1]).not.toMatch(/[<>]/);
      expect(inside?.[2]).not.toMatch(/[<>]/);
    }),
  );
});

test.each([
  ["a terminal's escape", "\u001b[31mred", "\\u001b[31mred"],
  ["an override of the direction", "gpj.\u202eexe", "gpj.\\u202eexe"],
  ["a mark without width", "ad\u200bmin", "ad\\u200bmin"],
  ["the half of a character", "\ud83d!", "\\ud83d!"],
  ["nothing at all", "\u0000", "\\u0000"],
  ["lines and tabs, which are shown as such", "a\n\tb", "a\n\tb"],
  ["a whole character of two halves", "🙂 日本", "🙂 日本"],
])("%s is shown", (_, text, shown) => expect(visible(text)).toBe(shown));
