import type { AgentBenchProfile, ClawBenchProfile, Validator } from "../../contract/task.ts";
import { renderTemplate } from "../../contract/template.ts";
import type { TaskFinding } from "../../contract/observation.ts";
import type { Baseline, CheckedAttempt, CheckedTurn, CheckedWorkspace } from "./checks.ts";
import { holdExecution } from "./execution-check.ts";
import { holdFile } from "./file-assertion.ts";
import { holdValidator } from "./hold.ts";
import type { Held, Scope } from "./scope.ts";
import type { FileStates } from "./file-state.ts";
import { holdState } from "./state-assertion.ts";
import { listFiles, matching, plainPath, readTextInside, type SeenFiles } from "./workspace-files.ts";

/** What checks will compare with, after the setup and before the agent. @param before of all files by relative path */
export async function takeBaseline(
  { task, hostDirectory, values }: CheckedWorkspace,
  before: FileStates,
): Promise<Baseline> {
  const checks = task.profile.format === "clawbench" ? task.profile.executionChecks : [];
  const paths = checks.flatMap((check) => [check.expectedStdoutFile, check.expectedJsonFile]);
  const expectedTexts = new Map<string, string>();
  for (const path of paths) {
    const name = path === null ? null : plainPath(renderTemplate(path, values));
    const seen = name === null ? null : await readTextInside(hostDirectory, name);
    if (name !== null && seen !== null) expectedTexts.set(name, seen.text);
  }
  return { files: before, expectedTexts };
}

/** Holds a turn's validators against its answer and the files that it created or changed. */
export async function turnFindings(
  workspace: CheckedWorkspace,
  baseline: Baseline,
  { index, turn }: CheckedTurn,
): Promise<readonly TaskFinding[]> {
  const validators = workspace.task.turns[index]?.validators ?? [];
  if (validators.length === 0) return [];
  const seen = await listFiles(workspace.hostDirectory);
  return await heldInOrder(validators, {
    at: `turns[${index}].validators`,
    workspace,
    baseline,
    seen,
    pattern: null,
    changed: stillThere(seen, turn.changedFiles),
    reply: turn.reply ?? "",
    crash: null,
  });
}

/** Holds everything else that the task asks for, when its last turn is over. */
export async function finalFindings(
  workspace: CheckedWorkspace,
  baseline: Baseline,
  attempt: CheckedAttempt,
): Promise<readonly TaskFinding[]> {
  const { profile } = workspace.task;
  return profile.format === "agentbench"
    ? await agentBenchFindings({ workspace, baseline, attempt }, profile)
    : await clawBenchFindings({ workspace, baseline, attempt }, profile);
}

function stillThere({ files }: SeenFiles, changed: readonly string[]): readonly string[] {
  const names = new Set(changed);
  return files.filter((file) => names.has(file));
}

interface Checked {
  readonly workspace: CheckedWorkspace;
  readonly baseline: Baseline;
  readonly attempt: CheckedAttempt;
}

async function agentBenchFindings(
  { workspace, baseline, attempt }: Checked,
  { outputs, behavior }: AgentBenchProfile,
): Promise<readonly TaskFinding[]> {
  const seen = await listFiles(workspace.hostDirectory);
  const changed = attempt.turns.flatMap(({ changedFiles }) => changedFiles);
  const scope = {
    workspace,
    baseline,
    seen,
    changed: stillThere(seen, changed),
    reply: attempt.turns.map(({ reply }) => reply ?? "").join("\n"),
    crash: attempt.crash,
  };
  const findings: TaskFinding[] = [];
  for (const [index, { pattern, required, validators }] of outputs.entries()) {
    const at = `outputs[${index}].validators`;
    const isAbsent = !required && matching(seen, pattern).length === 0;
    findings.push(
      ...(isAbsent
        ? validators.map(({ type }, position) => notAskedFor(`${at}[${position}]`, type, pattern))
        : await heldInOrder(validators, { ...scope, at, pattern })),
    );
  }
  for (const [index, { validators }] of behavior.entries()) {
    const at = `behavior[${index}].validators`;
    findings.push(...(await heldInOrder(validators, { ...scope, at, pattern: null })));
  }
  return findings;
}

/** One after the other: commands of two checks could get into each other's way. */
async function heldInOrder(validators: readonly Validator[], scope: Scope): Promise<readonly TaskFinding[]> {
  const findings: TaskFinding[] = [];
  for (const [position, validator] of validators.entries()) {
    findings.push(await holdValidator({ ...scope, at: `${scope.at}[${position}]` }, validator));
  }
  return findings;
}

function notAskedFor(at: string, type: Validator["type"], pattern: string): TaskFinding {
  return { at, type, value: null, points: null, detail: `${pattern} is not required, and not there` };
}

async function clawBenchFindings(
  { workspace, baseline, attempt }: Checked,
  { files, stateAssertions, executionChecks }: ClawBenchProfile,
): Promise<readonly TaskFinding[]> {
  const findings: TaskFinding[] = [];
  const add = (at: string, type: string, { share, detail, command }: Held) =>
    findings.push({
      at,
      type,
      value: share,
      points: null,
      detail,
      ...(command !== undefined && { command }),
    });
  for (const [index, assertion] of files.entries()) {
    add(`files[${index}]`, "file", await holdFile(workspace, assertion));
  }
  for (const [index, assertion] of stateAssertions.entries()) {
    add(`stateAssertions[${index}]`, assertion.kind, await holdState(workspace, assertion, attempt.calls));
  }
  for (const [index, check] of executionChecks.entries()) {
    add(`executionChecks[${index}]`, "execution", await holdExecution(workspace, baseline, check));
  }
  return findings;
}
