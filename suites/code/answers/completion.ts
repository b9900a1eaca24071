import type { Extracted } from "./extracted.ts";
import { isPython } from "./python-text.ts";

/** A body does something; a single word is Python as well. */
const doesSomething = /\b(?:return|yield|raise|pass|for|while|if|with|try|lambda)\b|[=(]|\.\.\./;
/** What may follow the function that is completed. All else at the left edge is not of it. */
const belongs = /^(?:\s|$|#|@|(?:async\s+)?def\b|class\b|import\b|from\s+\S+\s+import\b|[)\]}])/;

/**
 * A text that continues the prompt's last function: its lines as they are; or the first one indented, whose white space many
 * services take off; or all of them. The first of these that makes the prompt whole is the answer.
 */
export function completionIn(text: string, prompt: string, rule: string): Extracted | null {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => line.trim() !== "");
  if (first === -1) return null;
  const body = lines.slice(first);
  const indent = /\n([ \t]+)\S[^\n]*\s*$/.exec(prompt)?.[1] ?? "    ";
  const forms: readonly (readonly [string, readonly string[]])[] = [
    [rule, body],
    [`${rule}-first-line-indented`, [`${indent}${body[0]?.trimStart() ?? ""}`, ...body.slice(1)]],
    [`${rule}-indented`, body.map((line) => (line.trim() === "" ? line : `${indent}${line}`))],
  ];
  for (const [named, form] of forms) {
    if (!/^\s/.test(form[0] ?? "")) continue;
    const kept = cutAfterBody(form);
    if (doesSomething.test(kept) && isPython(`${ended(prompt)}${kept}\n`))
      return { answer: kept, rule: named };
  }
  return null;
}

function cutAfterBody(lines: readonly string[]): string {
  const end = lines.findIndex((line) => !belongs.test(line));
  const kept = end === -1 ? lines : lines.slice(0, end);
  return kept.join("\n").trimEnd();
}

const ended = (prompt: string) => (prompt.endsWith("\n") ? prompt : `${prompt}\n`);
