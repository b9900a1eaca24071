import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RunDirectory } from "../../../../bench/store/run-directory.ts";
import type { PlannedCell, RunJson } from "../../../../bench/store/run-json.ts";
import { attemptLine, type AttemptLine } from "../../../../suites/tasks/attempts/attempt-line.ts";
import { writeSegment } from "../../../evidence/evidence-builder.ts";
import { buildIdentity, plannedCell, runStarted } from "../../../store/run-builder.ts";
import { attempt, clawBenchTask, score } from "../attempts/fixtures.ts";

export const scoreNames: NonNullable<RunJson["scores"]> = {
  averaged: "groups",
  outOf: 100,
  names: [
    { name: "agentbench", heading: "score", meaning: "all layers by their weights" },
    { name: "layer0", heading: "L0", meaning: "what the files are" },
  ],
};

/** A task with what it is worth in each trial; null: the engine failed. */
export interface TaskValues {
  readonly suite: string;
  readonly id: string;
  readonly values: readonly (number | null)[];
}

/** file-creation 70 and 80, multi-step 30 and -. */
export const twoTrials: readonly TaskValues[] = [
  { suite: "file-creation", id: "tidy-notes", values: [0.9, 0.9] },
  { suite: "file-creation", id: "two-tables", values: [0.5, 0.7] },
  { suite: "multi-step", id: "rename files", values: [0.3, null] },
];

export interface TasksRunPlan {
  readonly tasks?: readonly TaskValues[];
  readonly arms?: readonly string[];
  readonly identity?: Partial<RunJson>;
  readonly line?: (line: AttemptLine) => AttemptLine;
}

/** A finished run of tasks, through raw and gateway unless told otherwise. */
export async function writeTasksRun(scratch: string, plan: TasksRunPlan = {}): Promise<string> {
  const { tasks = twoTrials, arms = ["raw", "gateway"], line = (same: AttemptLine) => same } = plan;
  const episodes = tasks.flatMap(({ values, ...task }) =>
    values.map((value, trial) => ({ ...task, value, trial })),
  );
  const cells = arms.map((arm) => plannedCell(arm, episodes.length));
  const identity = buildIdentity({
    cells,
    scores: scoreNames,
    resolved: {
      name: "tasks",
      stack: { model: "org/model-7b" },
      workload: { kind: "tasks", fast: true, trials: 2 },
    },
    ...plan.identity,
  });
  await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
  await run.append(runStarted(identity));
  for (const cell of cells) {
    await writeSegment(run, {
      cell,
      episodes: episodes.map((_, at) => at),
      record: (at) => recordOf(episodes[at]),
    });
    const lines = episodes.flatMap(({ value, ...task }, at) =>
      value === null ? [] : [line(lineOf(cell, at, { ...task, value }))],
    );
    const directory = join(run.path, "evidence", cell.cellId, "s0");
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "tasks.ndjson"), lines.map(attemptLine).join(""));
  }
  return run.path;
}

/** A finished run of tasks of ClawBench through one arm: three runs of one whose values differ, three alike, and one whose engine failed. */
export function writeClawbenchRun(
  scratch: string,
  plan: Pick<TasksRunPlan, "identity"> = {},
): Promise<string> {
  return writeTasksRun(scratch, {
    ...plan,
    arms: ["raw"],
    tasks: [
      { suite: "coding", id: "fix", values: [0.95, 0.4, 0.88] },
      { suite: "coding", id: "write", values: [0.9, 0.9, 0.9] },
      { suite: "repo", id: "lost", values: [null, null, null] },
    ],
    line: (line) => ({
      ...line,
      profile: { format: "clawbench", version: "1" },
      observation: {
        ...line.observation,
        task: clawBenchTask({ id: line.observation.task.id, suite: line.observation.task.suite }),
      },
      score: {
        value: line.score?.value ?? null,
        // Of one run nobody could decide whether all that is asked for holds.
        passed: line.score?.value === 0.4 ? null : (line.score?.value ?? 0) >= 0.7,
        parts: { completion: line.score?.value ?? null, trajectory: 0.8, behavior: 1 },
        missing: {},
        breakdown: { deliveryOutcome: "pass", failureMode: null },
        by: { completion: "rules" },
      },
    }),
  });
}

interface PlannedAttempt {
  readonly suite: string;
  readonly id: string;
  readonly trial: number;
  readonly value: number | null;
}

function recordOf(planned: PlannedAttempt | undefined) {
  if (planned === undefined) throw new Error("no such episode");
  const { suite, id, trial, value } = planned;
  const of = { domain: suite, taskId: id, trial, reward: value };
  if (value === null)
    return { ...of, status: "failed" as const, failure: { class: "engine", message: "status 500" } };
  return {
    ...of,
    scores: [
      { name: "agentbench", value, passed: value >= 0.6 },
      { name: "layer0", value, passed: null },
    ],
  };
}

function lineOf(
  cell: PlannedCell,
  at: number,
  { suite, id, value }: PlannedAttempt & { readonly value: number },
): AttemptLine {
  const episodeId = cell.episodeIds[at] ?? "";
  const line = attempt({
    taskId: id,
    episodeId,
    task: { suite },
    scored: score({
      value,
      passed: value >= 0.6,
      parts: { layer0: value, layer1: 0.7, layer2: null, layer3: null },
    }),
  });
  return { ...line, attemptKey: `${episodeId}-s0` };
}
