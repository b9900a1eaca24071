import { z } from "zod";
import type { ReportModel } from "../../../bench/report/model/report-model.ts";
import { segmentsOf } from "../../../bench/store/progress.ts";
import type { StoredRun } from "../../../bench/store/read-run.ts";
import type { PlannedCell, RunJson } from "../../../bench/store/run-json.ts";
import type { RecordedAttempt } from "../attempts/read-attempts.ts";
import type { Bounded, ServingCost, TaskTrial, TriedRun } from "../attempts/trial.ts";

const resolvedSchema = z.object({
  stack: z
    .looseObject({
      model: z.string().optional().catch(undefined),
      // Of servers that are there already, each has its own.
      agent: z.looseObject({ model: z.string().optional() }).optional().catch(undefined),
    })
    .optional(),
  workload: z
    .looseObject({
      fast: z.boolean().default(false),
      suite: z.array(z.string()).default([]),
      task: z.array(z.string()).default([]),
      tier: z.array(z.number()).default([]),
    })
    .prefault({}),
});

/** Who was tried, and with which tasks. Pure. */
export function triedRun(identity: RunJson, { run }: Pick<ReportModel, "run">): TriedRun {
  const { stack, workload } = resolvedSchema.parse(identity.resolved);
  const { fast, suite, task, tier } = workload;
  return {
    runId: identity.runId,
    experiment: identity.experiment,
    createdAt: identity.createdAt,
    agent: identity.agent,
    model: stack?.model ?? stack?.agent?.model ?? "unknown",
    simulated: run.simulated,
    selection: { fast, suite, task, tier },
  };
}

/** The trials of a cell, each with the attempts at its tasks in the order of the records. Pure. */
export function trialsOf(
  run: Pick<StoredRun, "records">,
  cell: PlannedCell,
  attempts: readonly RecordedAttempt[],
): readonly TaskTrial[] {
  const segments = new Map(segmentsOf(run.records).map((segment) => [segment.segmentId, segment]));
  const startOf = ({ record }: RecordedAttempt) => {
    const segment = segments.get(record.segmentId);
    return segment === undefined
      ? Number.NaN
      : Date.parse(segment.at) + (record.startedNs - segment.startedNs) / 1e6;
  };
  const { cellId, arm, load, repetition } = cell;
  const groups = [...Map.groupBy(attempts, ({ record }) => record.trial)].sort(([a], [b]) => a - b);
  return groups.map(([trial, tasks]) => {
    const records = tasks.map(({ record }) => record);
    const oneSegment = new Set(records.map(({ segmentId }) => segmentId)).size === 1;
    const start = Math.min(...records.map(({ startedNs }) => startedNs));
    const end = Math.max(...records.map(({ endedNs }) => endedNs));
    return {
      cell: { cellId, arm, load, repetition },
      trial,
      startedAt: new Date(Math.min(...tasks.map(startOf))),
      wallMs: oneSegment ? (end - start) / 1e6 : null,
      tasks,
    };
  });
}

/** Pure. */
export function servingCost(
  report: Pick<ReportModel, "cells" | "overheads">,
  cell: PlannedCell,
): ServingCost {
  const summary = report.cells.find(({ cellId }) => cellId === cell.cellId);
  const overhead = report.overheads.find(
    ({ arm, load, refused }) => arm === cell.arm && load === cell.load && refused === null,
  );
  return {
    ttftMsP50: summary?.ttftMs.p50.value ?? null,
    e2eMsP50: summary?.e2eMs.p50.value ?? null,
    overheadMs:
      overhead === undefined
        ? null
        : {
            against: overhead.baseline,
            firstToken: overhead.firstTokenRefused === undefined ? bounded(overhead.pathMs.firstToken) : null,
            whole: bounded(overhead.pathMs.whole),
          },
  };
}

type Path = ReportModel["overheads"][number]["pathMs"]["whole"];

function bounded({ difference: { value, low, high } }: Path): Bounded | null {
  return value === null ? null : { value, low, high };
}
