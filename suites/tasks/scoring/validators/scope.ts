import type { TaskFinding } from "../../contract/observation.ts";
import type { Baseline, CheckedWorkspace } from "./checks.ts";
import { matching, readTextInside, type SeenFiles } from "./workspace-files.ts";

/** Of all files that one validator looks at: an agent can make as many as its disk limit allows. */
const JOINED_CHARACTERS_MAX = 16 * 1024 * 1024;

/** Where one AgentBench validator looks. */
export interface Scope {
  /** Where the validator stands in the task, e.g. `outputs[0].validators[1]`. */
  readonly at: string;
  readonly workspace: CheckedWorkspace;
  readonly baseline: Baseline;
  readonly seen: SeenFiles;
  /** The pattern of the expected output it belongs to; null for turns and behavior. */
  readonly pattern: string | null;
  /** Files that the turn, or for outputs and behavior the attempt, created or changed and that are still there. */
  readonly changed: readonly string[];
  /** What the agent said: in the turn, or in the whole attempt. */
  readonly reply: string;
  readonly crash: string | null;
}

/** What a validator found: which share of its points was earned, and why. */
export interface Held {
  /** null: nothing that could be decided; the validator then counts nowhere. */
  readonly share: number | null;
  readonly detail: string;
  readonly command?: TaskFinding["command"];
}

export const holds = (detail: string): Held => ({ share: 1, detail });
export const fails = (detail: string): Held => ({ share: 0, detail });
export const undecided = (detail: string): Held => ({ share: null, detail });
export const partly = (share: number, detail: string): Held => ({ share, detail });

/** Texts that a validator of contents looks at, and what to call them in a sentence. */
export interface LookedAt {
  readonly files: readonly string[];
  readonly text: string;
  readonly name: string;
}

/** `in` of a validator: a path or glob, `any-output`, or null for the output's pattern or the turn's files. */
export async function textOf(scope: Scope, where: string | null): Promise<LookedAt> {
  if (where === "any-output") {
    const { files, text } = await joined(scope, scope.changed);
    return { files, text: `${text}\n${scope.reply}`, name: "what was made and said" };
  }
  const pattern = where ?? scope.pattern;
  if (pattern === null) {
    return { ...(await joined(scope, scope.changed)), name: "what was created or changed" };
  }
  return { ...(await joined(scope, matching(scope.seen, pattern))), name: pattern };
}

async function joined(
  scope: Scope,
  paths: readonly string[],
): Promise<{ readonly files: readonly string[]; readonly text: string }> {
  const files: string[] = [];
  const texts: string[] = [];
  let characters = 0;
  for (const path of paths) {
    if (characters > JOINED_CHARACTERS_MAX) break;
    const seen = await readTextInside(scope.workspace.hostDirectory, path);
    if (seen === null) continue;
    files.push(path);
    texts.push(seen.text);
    characters += seen.text.length;
  }
  return { files, text: texts.join("\n") };
}
