import { deltaOf } from "../../tap/body-delta.ts";
import { isHighSurrogate } from "./shown-text.ts";

/** A piece of two texts: in both, or in one of them only. */
export interface DiffPiece {
  readonly of: "both" | "left" | "right";
  readonly text: string;
}

/** Pieces between what the texts begin and end with alike are compared word by word up to this many on each side. */
const wordsMax = 1500;

/** What two texts differ in. `both` and `left` in their order are the left text, `both` and `right` the right one. Pure. */
export function diffTexts(left: string, right: string): readonly DiffPiece[] {
  const { prefix, suffix } = alikeEnds(left, right);
  const [before, after] = [
    left.slice(prefix, left.length - suffix),
    right.slice(prefix, right.length - suffix),
  ];
  const pieces = [
    { of: "both", text: left.slice(0, prefix) } as const,
    ...middleDiff(before, after),
    { of: "both", text: left.slice(left.length - suffix) } as const,
  ];
  return joined(pieces);
}

/** Lengths of what both begin and end with; a pair of surrogates is never cut in two, and neither is a word that is not very long. */
function alikeEnds(left: string, right: string): { readonly prefix: number; readonly suffix: number } {
  let { prefix, suffix } = deltaOf(left, right);
  if (isHighSurrogate(left.charCodeAt(prefix - 1))) prefix -= 1;
  const first = left.charCodeAt(left.length - suffix);
  if (suffix > 0 && first >= 0xdc_00 && first <= 0xdf_ff) suffix -= 1;
  const inWord = (at: number, from: (text: string) => number) =>
    [left, right].some((text) => isWord(text[from(text) + at]));
  for (let back = 0; back < wordMax && prefix > 0; back += 1) {
    if (!isWord(left[prefix - 1]) || !inWord(prefix, () => 0)) break;
    prefix -= 1;
  }
  for (let back = 0; back < wordMax && suffix > 0; back += 1) {
    if (!isWord(left[left.length - suffix]) || !inWord(-suffix - 1, ({ length }) => length)) break;
    suffix -= 1;
  }
  return { prefix, suffix };
}

/** Letters and digits that a difference is moved over. */
const wordMax = 40;

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character);
}

function middleDiff(left: string, right: string): readonly DiffPiece[] {
  for (const parts of [/\p{L}+|\p{N}+|\s+|[^\p{L}\p{N}\s]/gu, /[^\n]*\n|[^\n]+/g]) {
    const [before, after] = [left.match(parts) ?? [], right.match(parts) ?? []];
    if (before.length <= wordsMax && after.length <= wordsMax) return commonParts(before, after);
  }
  return [
    { of: "left", text: left },
    { of: "right", text: right },
  ];
}

/** By the longest common subsequence. */
function commonParts(left: readonly string[], right: readonly string[]): readonly DiffPiece[] {
  const width = right.length + 1;
  const lengths = new Uint16Array((left.length + 1) * width);
  for (let at = left.length - 1; at >= 0; at -= 1)
    for (let other = right.length - 1; other >= 0; other -= 1)
      lengths[at * width + other] =
        left[at] === right[other]
          ? (lengths[(at + 1) * width + other + 1] ?? 0) + 1
          : Math.max(lengths[(at + 1) * width + other] ?? 0, lengths[at * width + other + 1] ?? 0);
  const pieces: DiffPiece[] = [];
  let [at, other] = [0, 0];
  while (at < left.length || other < right.length) {
    const [before, after] = [left[at], right[other]];
    if (before !== undefined && before === after) {
      pieces.push({ of: "both", text: before });
      at += 1;
      other += 1;
    } else if (
      after === undefined ||
      (before !== undefined &&
        (lengths[(at + 1) * width + other] ?? 0) >= (lengths[at * width + other + 1] ?? 0))
    ) {
      pieces.push({ of: "left", text: before ?? "" });
      at += 1;
    } else {
      pieces.push({ of: "right", text: after });
      other += 1;
    }
  }
  return pieces;
}

/** Neighbours of one kind as one piece; between two common pieces what is left comes before what is right. */
function joined(pieces: readonly DiffPiece[]): readonly DiffPiece[] {
  const found: DiffPiece[] = [];
  let [left, right] = ["", ""];
  const flush = () => {
    if (left !== "") found.push({ of: "left", text: left });
    if (right !== "") found.push({ of: "right", text: right });
    [left, right] = ["", ""];
  };
  let both = "";
  for (const { of, text } of pieces) {
    if (text === "") continue;
    if (of === "both") {
      flush();
      both += text;
      continue;
    }
    if (both !== "") found.push({ of: "both", text: both });
    both = "";
    if (of === "left") left += text;
    else right += text;
  }
  flush();
  if (both !== "") found.push({ of: "both", text: both });
  return found;
}
