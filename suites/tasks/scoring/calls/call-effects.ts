import { posix } from "node:path";
import { callInput, classifyCall } from "./tool-family.ts";
import type { ObservedCall } from "../../contract/observation.ts";
import { shellSegments, type ShellSegment } from "../../shell/shell-segments.ts";
import { afterOptions } from "../../shell/started-words.ts";

/** What single calls do to files, as far as their arguments tell: for AgentBench's rules and for the facts of a report. */

type Call = Pick<ObservedCall, "name" | "argumentsText">;

const shellTools = /bash|exec|terminal|shell|command/iu;

/** The commands that a call hands to a shell; none for other tools. */
export function shellOf(call: Call): readonly ShellSegment[] {
  if (!shellTools.test(call.name)) return [];
  const { command, cmd, script } = callInput(call);
  const line = [command, cmd, script].find((value) => typeof value === "string");
  return typeof line === "string" ? shellSegments(line) : [];
}

const changingPrograms = new Set(
  "tee touch mkdir rmdir rm mv cp ln chmod chown patch apply_patch install truncate dd rsync unzip".split(
    " ",
  ),
);
const changingGit = new Set(
  "add am apply checkout cherry-pick clean commit init merge mv pull push rebase reset restore revert rm stash switch tag".split(
    " ",
  ),
);
const installers = new Set(["pip", "pip3", "npm", "pnpm", "yarn"]);

/** Whether a call is there to change files. A program that it starts may do so as well; that is not known from here. */
export function changesFiles(call: Call): boolean {
  const { family, mutating } = classifyCall(call);
  if (!shellTools.test(call.name)) return mutating || family === "edit";
  return shellOf(call).some(changes);
}

function changes({ words, writesTo }: ShellSegment): boolean {
  const [program = "", ...rest] = words;
  const name = posix.basename(program);
  if (writesTo.length > 0 || changingPrograms.has(name) || editsInPlace(name, rest)) return true;
  if (name === "find") return rest.includes("-delete");
  if (name === "git") return changingGit.has(afterOptions(rest, "-C -c --git-dir --work-tree")[0] ?? "");
  const verb = rest.find((word) => !word.startsWith("-")) ?? "";
  return installers.has(name) && /^(?:install|i|add|ci)$/u.test(verb);
}

export function editsInPlace(program: string, rest: readonly string[]): boolean {
  if (program === "sed") return rest.some((word) => /^-[a-zA-Z]*i|^--in-place/u.test(word));
  if (program === "perl") return rest.some((word) => /^-[a-zA-Z]*i/u.test(word));
  return /^g?awk$/u.test(program) && rest.some((word, at) => word === "inplace" && rest[at - 1] === "-i");
}

/** Whether a call's arguments name a file of the workspace: by its path, its name, or a glob that means it. */
export function namesFile(call: Call, path: string): boolean {
  const words = [...shellOf(call).flatMap(({ words: all }) => all), ...textsOf(callInput(call))].flatMap(
    // As they are first: names may have spaces and signs in them.
    (text) => [text, ...text.split(/[\s'"=:,;()[\]{}<>|]+/u)],
  );
  const base = posix.basename(path);
  return words.some((word) => {
    const plain = posix.normalize(word).replace(/^\/workspace\//u, "");
    if (plain === path || posix.basename(plain) === base) return true;
    return /[*?[]/u.test(plain) && (posix.matchesGlob(path, plain) || posix.matchesGlob(base, plain));
  });
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}
