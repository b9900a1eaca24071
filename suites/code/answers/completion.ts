import type { Extracted } from "./extracted.ts";
import { isPython } from "./python-text.ts";

/** A body does something; a single word is Python as well. */
const doesSomething = /\b(?:return|yield|raise|pass|for|while|if|with|try|lambda)\b|[=(]|\.\.\./;
/** What may follow the function that is completed. All else at the left edge is not of it. */
const belongs = /^(?:\s|$|#|@|(?:async\s+)?def\b|class\b|import\b|from\s+\S+\s+import\b|[)\]}])/;

/** Begins a program of its own, unless a function returns at the left edge, as a body without its indentation does. */
const ownProgram = /^(?:@|(?:async\s+)?def\b|class\b|import\b|from\b)/;
const returns = /^(?:return|yield)\b/m;

/**
 * A text that continues the prompt's last function: its lines as they are; or the first one indented, whose white space many
 * services take off; or all of them. null: with it the prompt is no whole program.
 */
export function completionIn(text: string, prompt: string, rule: string): Extracted | null {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => line.trim() !== "");
  if (first === -1) return null;
  const indent = /\n([ \t]+)\S[^\n]*\s*$/.exec(prompt)?.[1] ?? "    ";
  const form = indented(lines.slice(first), indent);
  if (form === null) return null;
  const kept = cutAfterBody(form.lines);
  const isWhole =
    doesSomething.test(kept) &&
    // A prompt that this parser does not know says nothing of what continues it.
    (isPython(`${ended(prompt)}${kept}\n`) || !isPython(`${ended(prompt)}${indent}pass\n`));
  return isWhole ? { answer: kept, rule: `${rule}${form.rule}` } : null;
}

function indented(
  body: readonly string[],
  indent: string,
): { readonly lines: readonly string[]; readonly rule: string } | null {
  const [head = "", ...rest] = body;
  if (/^\s/.test(head)) return { lines: body, rule: "" };
  const next = rest.find((line) => line.trim() !== "");
  const depth = next === undefined ? 0 : (/^[ \t]*/.exec(next)?.[0].length ?? 0);
  // What a line with a colon opens lies deeper than the line.
  const isDeeper = head.trimEnd().endsWith(":") ? depth > indent.length : depth > 0;
  if (isDeeper) return { lines: [`${indent}${head}`, ...rest], rule: "-first-line-indented" };
  if (ownProgram.test(head) && !returns.test(body.join("\n"))) return null;
  const lines = body.map((line) => (line.trim() === "" ? line : `${indent}${line}`));
  return { lines, rule: "-indented" };
}

function cutAfterBody(lines: readonly string[]): string {
  const end = lines.findIndex((line) => !belongs.test(line));
  const kept = end === -1 ? lines : lines.slice(0, end);
  return kept.join("\n").trimEnd();
}

const ended = (prompt: string) => (prompt.endsWith("\n") ? prompt : `${prompt}\n`);
