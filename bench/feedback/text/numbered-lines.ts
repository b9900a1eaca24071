import { isDigit, isSpace } from "./python-text.ts";

/** Lines that begin with a number, a full stop or a bracket, and white space: `1. one`, ` 2) two`. */
export function countNumberedLines(text: string): number {
  const characters = Array.from(text);
  let count = 0;
  let at = 0;
  while (at < characters.length) {
    const number = after(characters, at, isSpace);
    const mark = after(characters, number, isDigit);
    const end = after(characters, mark + 1, isSpace);
    if (mark > number && (characters[mark] === "." || characters[mark] === ")") && end > mark + 1) {
      count++;
      // White space behind the mark may hold the line's end: what follows is looked at then as the next line.
      at = characters[end - 1] === "\n" ? end : lineAfter(characters, end);
    } else at = lineAfter(characters, number);
  }
  return count;
}

function after(characters: readonly string[], from: number, is: (character: string | undefined) => boolean) {
  let at = from;
  while (is(characters[at])) at++;
  return at;
}

function lineAfter(characters: readonly string[], from: number): number {
  const end = characters.indexOf("\n", from);
  return end === -1 ? characters.length : end + 1;
}
