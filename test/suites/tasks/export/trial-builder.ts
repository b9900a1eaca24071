import type { EpisodeRecord } from "../../../../bench/store/record.ts";
import { attemptLineSchema, type StoredAttempt } from "../../../../suites/tasks/attempts/attempt-line.ts";
import type { RecordedAttempt } from "../../../../suites/tasks/attempts/read-attempts.ts";
import type { TaskTrial, TriedRun } from "../../../../suites/tasks/attempts/trial.ts";
import { buildEpisode, plannedCell } from "../../../store/run-builder.ts";
import { attempt, score } from "../attempts/fixtures.ts";

export const triedRun: TriedRun = {
  runId: "tasks-20261129T010203Z-abcdef",
  experiment: "tasks",
  createdAt: "2026-11-29T01:02:03.000Z",
  agent: { name: "openclaw", version: "2026.9.6" },
  model: "org/model-7b",
  simulated: true,
  selection: { fast: false, suite: [], task: [], tier: [] },
};

export interface TaskPlan {
  readonly id: string;
  readonly suite?: string;
  readonly name?: string;
  /** 0..1; null: the attempt failed. */
  readonly value: number | null;
  readonly detail?: string;
  readonly record?: Partial<EpisodeRecord>;
}

/** Two tasks of one suite and one of another: 90, 50 and 30. */
export const threeTasks: readonly TaskPlan[] = [
  { id: "tidy-notes", suite: "file-creation", value: 0.9 },
  { id: "two-tables", suite: "file-creation", value: 0.5, detail: "report.md has no section Totals" },
  { id: "rename-files", suite: "multi-step", value: 0.3, detail: "old.txt is still there" },
];

export function taskTrial(
  plans: readonly TaskPlan[] = threeTasks,
  changed: Partial<TaskTrial> = {},
): TaskTrial {
  const { cellId, arm, load, repetition } = plannedCell("gateway", plans.length, 4);
  return {
    cell: { cellId, arm, load, repetition },
    trial: 0,
    startedAt: new Date("2026-11-29T01:02:03.456Z"),
    wallMs: 61_234,
    tasks: plans.map(triedTask),
    ...changed,
  };
}

function triedTask(plan: TaskPlan, index: number): RecordedAttempt {
  const cell = plannedCell("gateway", 0, 4);
  const failed = plan.value === null;
  const record = buildEpisode(cell, index, {
    domain: plan.suite ?? "file-creation",
    taskId: plan.id,
    reward: plan.value,
    ...(failed && { status: "failed", failure: { class: "engine", message: "status 500" } }),
    ...plan.record,
  });
  return { record, attempt: failed ? null : storedAttempt(plan, record), folder: null };
}

function storedAttempt(plan: TaskPlan, { episodeId, domain }: EpisodeRecord): StoredAttempt {
  const value = plan.value ?? 0;
  const line = attempt({
    taskId: plan.id,
    episodeId,
    task: { suite: domain, ...(plan.name !== undefined && { name: plan.name }) },
    scored: score({
      value,
      passed: value >= 0.6,
      parts: { layer0: value, layer1: 0.7, layer2: null, layer3: null },
    }),
  });
  const found = plan.detail === undefined ? [] : [brokenFinding(plan.detail)];
  const findings = [...line.observation.findings, ...found];
  return attemptLineSchema.parse(
    JSON.parse(JSON.stringify({ ...line, observation: { ...line.observation, findings } })),
  );
}

function brokenFinding(detail: string) {
  return {
    at: "outputs[0].validators[1]",
    type: "content-contains",
    value: 0.25,
    points: { earned: 10, possible: 40 },
    detail,
  };
}

export const servingCost = {
  ttftMsP50: 12.3456,
  e2eMsP50: 80.5,
  overheadMs: {
    against: "raw",
    firstToken: { value: 0.4, low: 0.3, high: 0.5 },
    whole: { value: 0.6, low: 0.5, high: 0.7 },
  },
};
