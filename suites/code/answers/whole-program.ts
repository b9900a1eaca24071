import type { ProgramProblem } from "../contract/problem.ts";
import { definedNames } from "./python-text.ts";

/**
 * The program that is run: a completion follows the prompt; a whole function follows what stands before its own place in
 * the prompt (imports and helpers), which models often leave out.
 */
export function wholeProgram(
  answer: string,
  rule: string,
  { prompt, entryPoint }: Pick<ProgramProblem, "prompt" | "entryPoint">,
): string {
  if (prompt === "") return ended(answer);
  if (/^(?:fence-)?completion/.test(rule)) return ended(`${ended(prompt)}${answer}`);
  if (entryPoint === null || !definedNames(answer).has(entryPoint)) return ended(answer);
  const before = contextOf(prompt, entryPoint);
  const future = answer.split("\n").filter((line) => /^from\s+__future__\s+import\b/.test(line));
  // Python wants these before all else.
  return ended([...future, before, answer].filter((text) => text !== "").join("\n"));
}

function contextOf(prompt: string, entryPoint: string): string {
  const lines = prompt.split("\n");
  const own = lines.findIndex((line) => new RegExp(`^(?:async\\s+)?def\\s+${entryPoint}\\b`).test(line));
  const decorators =
    own === -1
      ? 0
      : lines
          .slice(0, own)
          .toReversed()
          .findIndex((line) => !line.startsWith("@"));
  return own === -1
    ? ""
    : lines
        .slice(0, own - Math.max(0, decorators))
        .join("\n")
        .trimEnd();
}

const ended = (text: string) => (text.endsWith("\n") ? text : `${text}\n`);
