import type { ChoiceProblem } from "../contract/problem.ts";
import { lastBoxed } from "./boxed.ts";
import { isRefusal, nothing, type Extracted } from "./extracted.ts";
import { withoutThoughts } from "./thoughts.ts";

export const letterOf = (index: number): string => String.fromCodePoint(65 + index);

/** Where a letter may be a word: "the answer is a matter of taste", "the answer is A matter of taste". */
const goesOn = String.raw`(?=\s*(?:$|[).:,;*_"'\]}–—-]|(?:because|since|as|and|which|for|due|given|so)\b|\())`;
const marks = String.raw`[\s*_"'\x60(\[{$]*(?:\\text\s*\{\s*)?[\s*_"'\x60(\[{]*`;

/** After a letter: a second one. */
const another = (letters: string) =>
  String.raw`[\s*_)\]]*(?:,|/|&|;|\band\b|\bor\b)[\s*_(\[]*(?:and\s+|or\s+)?\(?${letters}(?![A-Za-z'’]| [a-z])`;

/**
 * The letter that a model gives as its answer, by the first of these rules that finds one: the last `\boxed{}`, the last "the
 * answer is …", a text that is nothing but a letter or begins with one as a list does, the only letter in parentheses or after
 * "option", the only choice whose words are in the text. Where a rule finds two different ones the next is asked.
 */
export function extractChoice(said: string, { choices }: Pick<ChoiceProblem, "choices">): Extracted {
  if (said.trim() === "") return nothing("empty");
  const { text, thoughts } = withoutThoughts(said);
  const spoken = text.trim();
  if (spoken === "") return nothing(thoughts === "open" ? "open-thoughts" : "only-thoughts");
  const last = letterOf(choices.length - 1);
  const letters = `[A-${last}a-${last.toLowerCase()}]`;
  return (
    ofBoxed(spoken, letters) ??
    ofStatement(spoken, last) ??
    ofWholeText(spoken, letters) ??
    ofBeginning(spoken, last) ??
    ofOnlyMention(spoken, last) ??
    ofWords(spoken, choices) ??
    nothing(isRefusal(spoken) ? "refusal" : "no-letter")
  );
}

const found = (letter: string | undefined, rule: string): Extracted | null =>
  letter === undefined ? null : { answer: letter.toUpperCase(), rule };

function ofBoxed(text: string, letters: string): Extracted | null {
  const boxed = lastBoxed(text);
  const only = new RegExp(`^${marks}(${letters})(?![A-Za-z])(?!${another(letters)})`, "u");
  return found(boxed === null ? undefined : only.exec(boxed)?.[1], "boxed");
}

function ofStatement(text: string, last: string): Extracted | null {
  const lower = last.toLowerCase();
  const announced = String.raw`\b(?:answer|choice|option)\b[*_"]*\s*(?:(?:is|was|would be|must be|should be)\b(?!\s+not\b)|:|=)\s*:?`;
  const named = String.raw`(?:\s*(?:option|choice|letter)\b)?`;
  const letter = String.raw`(?:\(\s*(?<inside>[A-${last}a-${lower}])\s*\)|(?<upper>[B-${last}](?![A-Za-z'’])|A(?![A-Za-z'’])${goesOn})|(?<small>[a-${lower}])(?=[).*_]|\s*$))`;
  // The word may be written in any way; the letter may not.
  const pattern = new RegExp(`${anyCase(announced)}${anyCase(named)}${marks}${letter}`, "gmu");
  const match = [...text.matchAll(pattern)].at(-1);
  const groups = match?.groups;
  const rest = match === undefined ? "" : text.slice(match.index + match[0].length);
  if (new RegExp(`^${another(`[A-${last}]`)}`, "u").test(rest)) return null;
  return found(groups?.["inside"] ?? groups?.["upper"] ?? groups?.["small"], "answer-is");
}

/** Words of a pattern in small letters or with a large one first, or all large. */
function anyCase(pattern: string): string {
  return pattern.replaceAll(/(?<!\\)\b[a-z]{2,}\b/g, (word) => {
    const large = word.toUpperCase();
    return `(?:${word}|${large.slice(0, 1)}${word.slice(1)}|${large})`;
  });
}

function ofWholeText(text: string, letters: string): Extracted | null {
  return found(new RegExp(`^[^A-Za-z0-9]*(${letters})[^A-Za-z0-9]*$`, "u").exec(text)?.[1], "letter");
}

/** Not where the text begins with a list of the choices, or names several in its first line. */
function ofBeginning(text: string, last: string): Extracted | null {
  const begins = new RegExp(String.raw`^[\s*_>(#-]*([A-${last}])[*_]*\s*[).:](?!\w)`, "gmu");
  const first = new RegExp(String.raw`^[\s*_>(#-]*([A-${last}])[*_]*\s*(?:[).:](?!\w)|\n)`, "u").exec(
    text,
  )?.[1];
  if (first === undefined) return null;
  const others = [...text.matchAll(begins)].map(([, letter = ""]) => letter);
  const inLine = mentioned(text.split("\n", 1)[0] ?? "", last);
  return new Set([first, ...others, ...inLine]).size === 1 ? found(first, "first-letter") : null;
}

function ofOnlyMention(text: string, last: string): Extracted | null {
  const letters = mentioned(text, last);
  return letters.size === 1 ? found([...letters][0], "only-letter") : null;
}

function mentioned(text: string, last: string): ReadonlySet<string> {
  const mention = new RegExp(
    String.raw`\(([A-${last}])\)|\*\*([A-${last}])\b[.):]?|\b(?:[Oo]ption|[Cc]hoice|[Ll]etter)\s+\(?([A-${last}])\b`,
    "gu",
  );
  return new Set([...text.matchAll(mention)].map(([, inside, bold, after]) => inside ?? bold ?? after ?? ""));
}

function ofWords(text: string, choices: readonly string[]): Extracted | null {
  const said = ` ${words(text)} `;
  const named = choices.flatMap((choice, index) =>
    words(choice) !== "" && said.includes(` ${words(choice)} `) ? [index] : [],
  );
  const [only, ...others] = named;
  return only !== undefined && others.length === 0 ? found(letterOf(only), "words-of-choice") : null;
}

const words = (text: string) =>
  text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}.%$/+-]+|\.(?=\s|$)/gu, " ")
    .trim();
