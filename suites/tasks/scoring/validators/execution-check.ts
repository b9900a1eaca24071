import { posix } from "node:path";
import { renderShellTemplate, renderTemplate } from "../../contract/template.ts";
import type { ExecutionCheck } from "../../contract/task.ts";
import { pythonPattern } from "../../python/python-pattern.ts";
import type { Baseline, CheckedWorkspace } from "./checks.ts";
import { heldWithout, missingProgram, runCheck, shownCommand, type RanCheck } from "./commands.ts";
import { jsonEqual } from "../../python/json-equal.ts";
import { shown } from "./plain-text.ts";
import { fails, holds, undecided, type Held } from "./scope.ts";
import { shellWords } from "./shell-words.ts";
import { plainPath, readTextInside } from "./workspace-files.ts";

/** ClawBench's execution check: a command whose exit code and output must be as said. */
export async function holdExecution(
  workspace: CheckedWorkspace,
  baseline: Baseline,
  check: ExecutionCheck,
): Promise<Held> {
  const { sandbox, values } = workspace;
  const directory = posix.join(sandbox.directory, renderTemplate(check.cwd, values));
  if (directory !== sandbox.directory && !directory.startsWith(`${sandbox.directory}/`)) {
    return fails(`its folder ${check.cwd} leads out of the workspace`);
  }
  const command = commandOf(check, values);
  if (command === null) return undecided("its command has a quote or a backslash without an end");
  const ran = await runCheck(workspace, command, {
    directory,
    environment: {
      ...renderedRecord(check.env, values),
      PYTHONUNBUFFERED: "1",
      PYTHONPATH: `${directory}:${sandbox.directory}`,
    },
    timeoutMs: check.timeoutMs,
  });
  if (ran.gone !== null) return heldWithout(ran.gone);
  const held = await heldBy(ran, { workspace, baseline, check });
  return { ...(await unlessMissing(workspace, held, { check, ran })), command: shownCommand(ran) };
}

function commandOf(check: ExecutionCheck, values: CheckedWorkspace["values"]): readonly string[] | null {
  if (check.shell) return ["/bin/sh", "-c", renderShellTemplate(check.command, values)];
  return shellWords(check.command)?.map((word) => renderTemplate(word, values)) ?? null;
}

const renderedRecord = (record: Readonly<Record<string, string>>, values: CheckedWorkspace["values"]) =>
  Object.fromEntries(Object.entries(record).map(([name, text]) => [name, renderTemplate(text, values)]));

/** Where ClawBench's harness has modules of Node, e.g. Playwright; checks are told of them by these names. */
const harnessFolders = ["openclaw_node_path", "benchmark_node_path"] as const;
const namesFolder = ({ command, env }: ExecutionCheck, name: string) =>
  [command, ...Object.values(env)].some((text) => text.includes(`{${name}}`));

/** A check that failed because this machine lacks its program says nothing about the agent. */
async function unlessMissing(
  workspace: CheckedWorkspace,
  held: Held,
  { check, ran }: { readonly check: ExecutionCheck; readonly ran: RanCheck },
): Promise<Held> {
  if (held.share !== 0 || ran.timedOut) return held;
  const folder = harnessFolders.find(
    (name) => namesFolder(check, name) && !Object.hasOwn(workspace.values, name),
  );
  if (folder !== undefined)
    return undecided(`it looks for modules in {${folder}}, a folder of ClawBench's own installation`);
  const missing = await missingProgram(workspace, check.command);
  return missing === null ? held : undecided(`this machine lacks ${missing}, which the check needs`);
}

interface Ran {
  readonly workspace: CheckedWorkspace;
  readonly baseline: Baseline;
  readonly check: ExecutionCheck;
}

async function heldBy(ran: RanCheck, { workspace, baseline, check }: Ran): Promise<Held> {
  if (ran.timedOut) return fails(`timed out after ${check.timeoutMs / 1000} s`);
  if (ran.exitCode !== check.expectedExitCode) {
    return fails(`exit code ${ran.exitCode}, ${check.expectedExitCode} is expected`);
  }
  const rendered = (text: string) => renderTemplate(text, workspace.values);
  const texts = heldByTexts(ran, check, rendered);
  if (texts !== null) return texts;
  if (check.expectedStdout !== null && ran.stdout.trim() !== rendered(check.expectedStdout).trim()) {
    return fails("stdout is not the expected text");
  }
  if (check.expectedStdoutFile !== null) {
    const path = rendered(check.expectedStdoutFile);
    const expected = await expectedText(workspace, baseline, path);
    if (expected === null) return undecided(`${path}, with which stdout is compared, cannot be read`);
    if (ran.stdout.trim() !== expected.trim()) return fails(`stdout is not the text of ${path}`);
  }
  return await heldByJson(ran.stdout, { workspace, baseline, check });
}

function heldByTexts(
  { stdout, stderr }: RanCheck,
  check: ExecutionCheck,
  rendered: (text: string) => string,
): Held | null {
  const lacks = (stream: string, tokens: readonly string[]) =>
    tokens.map(rendered).find((token) => !stream.includes(token));
  const out = lacks(stdout, check.stdoutContains);
  if (out !== undefined) return fails(`stdout lacks ${JSON.stringify(shown(out))}`);
  const unwanted = check.stdoutNotContains.map(rendered).find((token) => stdout.includes(token));
  if (unwanted !== undefined) return fails(`stdout has ${JSON.stringify(shown(unwanted))}`);
  const error = lacks(stderr, check.stderrContains);
  if (error !== undefined) return fails(`stderr lacks ${JSON.stringify(shown(error))}`);
  const patterns = [
    ["stdout", stdout, check.stdoutMatches],
    ["stderr", stderr, check.stderrMatches],
  ] as const;
  for (const [name, text, source] of patterns) {
    if (source === null || source === "") continue;
    const pattern = pythonPattern(rendered(source), { lines: true });
    if (pattern === null) return undecided(`the pattern ${source} cannot be read`);
    if (!pattern.test(text)) return fails(`${name} does not match ${source}`);
  }
  return null;
}

async function heldByJson(stdout: string, { workspace, baseline, check }: Ran): Promise<Held> {
  const wanted: { readonly value: unknown; readonly name: string }[] = [];
  if (check.expectedJson !== undefined) {
    wanted.push({ value: renderedValue(check.expectedJson, workspace.values), name: "the expected JSON" });
  }
  if (check.expectedJsonFile !== null) {
    const path = renderTemplate(check.expectedJsonFile, workspace.values);
    const text = await expectedText(workspace, baseline, path);
    const value = text === null ? undefined : jsonOf(text);
    if (value === undefined) return undecided(`${path}, with which stdout is compared, has no JSON to read`);
    wanted.push({ value, name: `that of ${path}` });
  }
  if (wanted.length === 0) return holds("exit code and output are as expected");
  const value = jsonOf(stdout);
  if (value === undefined) return fails("stdout is no JSON");
  const other = wanted.find((expected) => !jsonEqual(value, expected.value));
  return other === undefined
    ? holds("exit code and output are as expected")
    : fails(`the JSON of stdout is not ${other.name}`);
}

/** undefined where a text is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function renderedValue(value: unknown, values: CheckedWorkspace["values"]): unknown {
  if (typeof value === "string") return renderTemplate(value, values);
  if (Array.isArray(value)) return value.map((item) => renderedValue(item, values));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, renderedValue(item, values)]));
}

/** A file that a check compares with: as it stood before the agent, which could write what it has to be compared with. */
async function expectedText(
  { hostDirectory }: CheckedWorkspace,
  { expectedTexts }: Baseline,
  path: string,
): Promise<string | null> {
  const text =
    expectedTexts.get(plainPath(path)) ?? (await readTextInside(hostDirectory, path))?.text ?? null;
  // As Python reads a text.
  return text?.replaceAll(/\r\n?/gu, "\n") ?? null;
}
