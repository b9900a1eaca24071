import { createHash } from "node:crypto";
import type { MetricPoint } from "../client/batches.ts";
import type { DatasetInput, RunStatus } from "../client/mlflow-client.ts";

/** A run of MLflow as Tollgate wants it to stand there: one for the run as a whole, one for each of its parts. */
export interface MlflowEntry {
  /** What it is of the run: `run`, or the id of a cell, an arm, a preference. With the run's id it is found again. */
  readonly part: string;
  readonly name: string;
  readonly startedMs: number;
  /** null: it has not ended. */
  readonly endedMs: number | null;
  readonly status: RunStatus;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly metrics: readonly MetricPoint[];
  readonly datasets: readonly DatasetInput[];
}

/** A run of Tollgate as entries, and the files that go with it. */
export interface RunEntries {
  readonly runId: string;
  readonly whole: MlflowEntry;
  readonly parts: readonly MlflowEntry[];
}

/** Tags by which an entry is found again. */
export const identityTags = {
  runId: "tollgate.run_id",
  part: "tollgate.part",
  /** Of what was logged; set last, so that what was cut off has none. */
  logged: "tollgate.logged",
  artifacts: "tollgate.artifacts",
  traces: "tollgate.traces",
} as const;

/** Of all that an entry says; equal ones need not be logged again. */
export function digestOf(entry: MlflowEntry): string {
  return createHash("sha256").update(JSON.stringify(entry)).digest("hex").slice(0, 16);
}

/** Values of a metric that are numbers: what was not measured has no point, and nothing stands in its place. */
export function pointsOf(
  values: Readonly<Record<string, unknown>>,
  at: { readonly step: number; readonly atMs: number },
): readonly MetricPoint[] {
  return Object.entries(values).flatMap(([key, value]) =>
    typeof value === "number" && Number.isFinite(value) ? [{ key, value, ...at }] : [],
  );
}
