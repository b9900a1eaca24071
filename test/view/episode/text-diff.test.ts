import * as fc from "fast-check";
import { expect, test } from "vitest";
import { diffTexts, type DiffPiece } from "../../../bench/view/episode/text-diff.ts";

const marked = (pieces: readonly DiffPiece[]) =>
  pieces
    .map(({ of, text }) => (of === "both" ? text : of === "left" ? `[-${text}-]` : `[+${text}+]`))
    .join("");

test.each([
  ["same", "same", "same"],
  ["", "", ""],
  ["temperature 0", "temperature 0.7", "temperature 0[+.7+]"],
  ["one copy of Dune", "two copies of Dune", "[-one-][+two+] [-copy-][+copies+] of Dune"],
  ["a b c", "a c", "a [-b -]c"],
  ["", "made up", "[+made up+]"],
  ["seed 626729", "seed 626730", "seed [-626729-][+626730+]"],
  ["unhappy end", "happy end", "[-unhappy-][+happy+] end"],
  ["a_b_c", "a_x_c", "a_[-b-][+x+]_c"],
  ["x 😀 y", "x 😁 y", "x [-😀-][+😁+] y"],
])("%j and %j", (left, right, expected) => {
  expect(marked(diffTexts(left, right))).toBe(expected);
});

test("both sides can be read off the pieces, whatever the texts are, and no pair is cut in two", () => {
  const text = fc
    .array(fc.constantFrom("a", "b ", "\n", "😀", "😁", "é", "0", "long word "))
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, text, (left, right) => {
      const pieces = diffTexts(left, right);
      const side = (name: "left" | "right") =>
        pieces
          .filter(({ of }) => of === "both" || of === name)
          .map((piece) => piece.text)
          .join("");
      expect(side("left")).toBe(left);
      expect(side("right")).toBe(right);
      expect(pieces.every((piece) => piece.text.isWellFormed())).toBe(true);
      expect(pieces.every(({ of }, at) => of !== pieces[at - 1]?.of)).toBe(true);
    }),
  );
});

test("texts without anything in common and too long to be compared word by word are told whole", () => {
  const [left, right] = ["a,".repeat(200_000), "b;".repeat(200_000)];
  expect(diffTexts(left, right)).toEqual([
    { of: "left", text: left },
    { of: "right", text: right },
  ]);
});
