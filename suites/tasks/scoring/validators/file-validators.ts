import { posix } from "node:path";
import type { Validator } from "../../contract/task.ts";
import { heldWithout, missingProgram, runCheck, shownCommand, type RanCheck } from "./commands.ts";
import { pythonPattern } from "../../python/python-pattern.ts";
import { named, search, shown } from "./plain-text.ts";
import { fails, holds, partly, undecided, type Held, type Scope } from "./scope.ts";
import { isSeen, matching, plainPath } from "./workspace-files.ts";
import { fileState } from "./file-state.ts";

/** AgentBench's validators of which files there are, and of what commands say of them. */

type Of<Type extends Validator["type"]> = Extract<Validator, { readonly type: Type }>;

const COMMAND_TIMEOUT_MS = 60_000;
const GIT_TIMEOUT_MS = 20_000;

export async function fileExists(scope: Scope, { path }: Of<"file-exists">): Promise<Held> {
  const pattern = path ?? scope.pattern;
  if (pattern === null) {
    return scope.changed.length > 0
      ? holds(`${named(scope.changed)} was created or changed`)
      : fails("no file was created or changed");
  }
  return isThere(scope, pattern) ? holds(`${pattern} is there`) : fails(`${pattern} is not there`);
}

const isThere = ({ seen }: Scope, pattern: string): boolean =>
  isSeen(seen, pattern) ||
  (!pattern.endsWith("/") && matching(seen, pattern).length > 0) ||
  seen.folders.some((folder) => posix.matchesGlob(folder, plainPath(pattern)));

export async function directoryStructure(scope: Scope, { paths }: Of<"directory-structure">): Promise<Held> {
  const lacking = paths.filter((path) => !isThere(scope, path));
  if (lacking.length === 0) return holds(`all ${paths.length} paths are there`);
  return partly((paths.length - lacking.length) / paths.length, `not there: ${named(lacking)}`);
}

export async function fileUnchanged(scope: Scope, { files }: Of<"file-unchanged">): Promise<Held> {
  const before = scope.baseline.files;
  const wanted = files.flatMap((file) => {
    const name = plainPath(file);
    if (before.has(name)) return [name];
    return [...before.keys()].filter((path) => posix.matchesGlob(path, name) || path.startsWith(`${name}/`));
  });
  if (wanted.length === 0) return undecided(`${named(files)} was not there after the setup`);
  const changed: string[] = [];
  for (const path of wanted) {
    const now = await fileState(scope.workspace.hostDirectory, path);
    if (now !== before.get(path)) changed.push(path);
  }
  if (changed.length === 0) return holds(`${named(wanted)}: as after the setup`);
  return partly((wanted.length - changed.length) / wanted.length, `changed or gone: ${named(changed)}`);
}

export async function fileModified(scope: Scope, { patterns }: Of<"file-modified">): Promise<Held> {
  const hit = scope.changed.filter((path) =>
    patterns.some((pattern) => path === plainPath(pattern) || posix.matchesGlob(path, plainPath(pattern))),
  );
  return hit.length > 0
    ? holds(`${named(hit)} was created or changed`)
    : fails(`no file like ${named(patterns)} was created or changed`);
}

export async function filenameMatches(scope: Scope, { pattern }: Of<"filename-matches">): Promise<Held> {
  if (scope.changed.length === 0) return fails("no file was created or changed");
  const expression = pythonPattern(pattern);
  if (expression === null)
    return undecided(`${shown(pattern)} is no regular expression that can be read here`);
  const other = scope.changed.filter((path) => !expression.test(posix.basename(path)));
  if (other.length === 0) return holds(`${named(scope.changed)}: all names are like ${pattern}`);
  return partly(
    (scope.changed.length - other.length) / scope.changed.length,
    `not like ${pattern}: ${named(other)}`,
  );
}

export async function commandOutputContains(
  scope: Scope,
  { command, contains }: Of<"command-output-contains">,
): Promise<Held> {
  const ran = await runCheck(scope.workspace, ["bash", "-c", command], {
    environment: { WORKSPACE: scope.workspace.sandbox.directory },
    timeoutMs: COMMAND_TIMEOUT_MS,
  });
  if (ran.gone !== null) return heldWithout(ran.gone);
  const { lacking } = search(`${ran.stdout}\n${ran.stderr}`, contains);
  const held = holds(`the output has all ${contains.length} texts`);
  if (lacking.length === 0 && ran.exitCode === 0) return { ...held, command: shownCommand(ran) };
  // A shell that cannot find a program says so in words, among which a text that is looked for may be.
  if (lacking.length === 0) return await unlessMissing(scope, { command, ran, held });
  const why = ran.timedOut
    ? `it took longer than ${COMMAND_TIMEOUT_MS / 1000} s`
    : `exit code ${ran.exitCode}`;
  const detail = `the output lacks ${named(lacking)} (${why})`;
  return await unlessMissing(scope, { command, ran, held: fails(detail) });
}

/** A command that failed because this machine lacks its program says nothing about the agent. */
async function unlessMissing(
  { workspace }: Scope,
  { command, ran, held }: { readonly command: string; readonly ran: RanCheck; readonly held: Held },
): Promise<Held> {
  const missing = ran.timedOut ? null : await missingProgram(workspace, command);
  return {
    ...(missing === null ? held : undecided(`this machine lacks ${missing}, which the check needs`)),
    command: shownCommand(ran),
  };
}

export async function gitLogContains(
  scope: Scope,
  { contains, minCommits }: Of<"git-log-contains">,
): Promise<Held> {
  const command = ["git", "-c", "safe.directory=*", "--no-pager", "log", "--format=%B%x00"];
  const ran = await runCheck(scope.workspace, command, { timeoutMs: GIT_TIMEOUT_MS });
  if (ran.gone !== null) return heldWithout(ran.gone);
  if (ran.exitCode !== 0) {
    return await unlessMissing(scope, {
      command: "git log",
      ran,
      held: fails("there is no git log to read"),
    });
  }
  const commits = ran.stdout.split("\0").filter((message) => message.trim() !== "").length;
  const { found, lacking } = search(ran.stdout, contains);
  const tooFew = minCommits !== null && commits < minCommits;
  const asked = contains.length + (minCommits === null ? 0 : 1);
  const held = found.length + (minCommits === null || tooFew ? 0 : 1);
  if (asked === 0 || held === asked)
    return { ...holds(`${commits} commits, all texts found`), command: shownCommand(ran) };
  const problems = [
    ...(lacking.length > 0 ? [`no commit message has ${named(lacking)}`] : []),
    ...(tooFew ? [`${commits} commits, ${minCommits} are asked for`] : []),
  ];
  return { ...partly(held / asked, problems.join("; ")), command: shownCommand(ran) };
}

export async function noCrash({ crash }: Scope): Promise<Held> {
  return crash === null ? holds("the attempt went through") : fails(`the attempt ended: ${crash}`);
}
