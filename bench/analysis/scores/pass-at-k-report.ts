import { z } from "zod";
import { meanOf, percentile } from "../../statistics/distribution.ts";
import { passAtK } from "../../statistics/pass-at-k.ts";
import { boundedMeanInterval } from "../../statistics/wilson.ts";
import { hasPassed } from "../../store/passed.ts";
import type { EpisodeRecord } from "../../store/record.ts";
import type { RequestLatencies } from "../../evidence/request-latencies.ts";
import type { CellSummary } from "../cell/cell-summary.ts";
import { isFailing } from "../cell/failures.ts";
import { clusterInterval } from "../estimates/cluster-interval.ts";
import { estimateSchema, type Estimate } from "../estimates/estimate.ts";
import { shareText } from "../estimates/coverage.ts";
import { taskKey } from "../estimates/pass-rate.ts";

const rowSchema = z.object({
  k: z.number().int(),
  /** Mean over problems; `count`: problems. */
  mean: estimateSchema,
  median: z.number().nullable(),
  /** How the interval was made; null where there is none. */
  method: z.enum(["t bootstrap over problems", "Wilson score interval of a mean in 0..1"]).nullable(),
  /** Problems with fewer than k samples that were judged: they are in no mean. */
  tooFewSamples: z.number().int(),
  /** The problems of the mean, of all that the workload's data has; absent where nothing says what the whole would be. */
  coverage: z.string().optional(),
});

const problemSchema = z.object({
  group: z.string(),
  task: z.string(),
  /** Judged ones. */
  samples: z.number().int(),
  passes: z.number().int(),
  /** By k, of those for which there are samples enough. */
  passAtK: z.record(z.string(), z.number()),
  /** Median over samples that passed; null where none did, or none was measured. */
  secondsToSolution: z.number().nullable(),
});

/** pass@k of a run whose workload asks for it. */
export const passAtKReportSchema = z.object({
  ks: z.array(z.number().int()),
  cells: z.array(
    z.object({
      cellId: z.string(),
      arm: z.string(),
      load: z.string(),
      /** Configuration of the agent's engine; absent where the experiment has no `sweep.variants`. */
      variant: z.string().optional(),
      /** Who is left over in such a cell is no sample of its problems: nothing is stated. */
      failing: z.boolean(),
      rows: z.array(rowSchema),
      /** From the request to the end of the answer, of samples that passed; mean and median over problems that have one. */
      secondsToSolution: z.object({ mean: estimateSchema, median: z.number().nullable() }),
      problems: z.array(problemSchema),
    }),
  ),
});
export type PassAtKReport = z.infer<typeof passAtKReportSchema>;
type Cell = PassAtKReport["cells"][number];
type Problem = z.infer<typeof problemSchema>;

interface SampledCell {
  readonly summary: Pick<CellSummary, "cellId" | "arm" | "load" | "variant" | "reasons" | "coverage">;
  readonly latencies: ReadonlyMap<string, RequestLatencies>;
}

/** null where no k is asked for. Pure. */
export function passAtKReport(
  ks: readonly number[] | undefined,
  cells: readonly SampledCell[],
  episodes: readonly EpisodeRecord[],
): PassAtKReport | null {
  if (ks === undefined || ks.length === 0) return null;
  const byCell = Map.groupBy(episodes, ({ cellId }) => cellId);
  return {
    ks: [...ks],
    cells: cells.map(({ summary: { coverage, ...summary }, latencies }): Cell => {
      const { cellId, arm, load, variant } = summary;
      const failing = isFailing(summary);
      const problems = failing ? [] : problemsOf(byCell.get(cellId) ?? [], ks, latencies);
      const rows = ks.map((k) => {
        const row = rowOf(k, problems);
        const { count } = row.mean;
        return {
          ...row,
          ...(coverage && { coverage: shareText(Math.min(count, coverage.total), coverage.total) }),
        };
      });
      return {
        cellId,
        arm,
        load,
        ...(variant !== undefined && { variant }),
        failing,
        rows,
        secondsToSolution: secondsOf(problems),
        problems,
      };
    }),
  };
}

function problemsOf(
  episodes: readonly EpisodeRecord[],
  ks: readonly number[],
  latencies: ReadonlyMap<string, RequestLatencies>,
): Problem[] {
  const groups = [...Map.groupBy(episodes, taskKey).values()];
  return groups
    .flatMap((members): Problem[] => {
      const [first] = members;
      if (first === undefined) return [];
      const judged = members.filter((episode) => hasPassed(episode) !== null);
      const passed = judged.filter((episode) => hasPassed(episode) === true);
      const counts = { samples: judged.length, passes: passed.length };
      const known = ks.filter((k) => k <= counts.samples);
      const seconds = passed
        .flatMap(({ episodeId }) => latencies.get(episodeId)?.e2e ?? [])
        .map((ms) => ms / 1000);
      return [
        {
          group: first.domain,
          task: first.taskId,
          ...counts,
          passAtK: Object.fromEntries(known.map((k) => [String(k), passAtK({ ...counts, k })])),
          secondsToSolution: percentile(seconds, 0.5),
        },
      ];
    })
    .sort((a, b) => order(a) - order(b) || compareText(a.group, b.group) || compareText(a.task, b.task));
}

/** Names with a number at their end go by it. */
const order = ({ task }: Problem) => Number(/(\d+)$/.exec(task)?.[1] ?? 0);
const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function rowOf(k: number, problems: readonly Problem[]): Cell["rows"][number] {
  const values = problems.flatMap((problem) => problem.passAtK[String(k)] ?? []);
  const { median, ...mean } = overProblems(values);
  return { k, ...mean, median, tooFewSamples: problems.length - values.length };
}

/**
 * Problems differ more than samples of one problem, so the interval is over problems. Where they are few, or all alike, those tell
 * nothing of how far others may lie, and the widest interval that fits their mean is stated.
 */
function overProblems(values: readonly number[]): {
  readonly mean: Estimate;
  readonly median: number | null;
  readonly method: Cell["rows"][number]["method"];
} {
  const bounded = boundedMeanInterval(values, { confidence: 0.95 });
  const count = values.length;
  if (bounded === null)
    return { mean: { value: null, count, low: null, high: null }, median: null, method: null };
  const alike = values.every((value) => value === values[0]);
  const drawn = alike
    ? null
    : clusterInterval(
        values.map((value, index) => ({ value, cluster: String(index) })),
        "mean",
      );
  const { low, high } = drawn ?? bounded;
  return {
    mean: { value: bounded.estimate, count, low: Math.max(0, low), high: Math.min(1, high) },
    median: percentile(values, 0.5),
    method: drawn === null ? "Wilson score interval of a mean in 0..1" : "t bootstrap over problems",
  };
}

function secondsOf(problems: readonly Problem[]): Cell["secondsToSolution"] {
  const values = problems.flatMap(({ secondsToSolution }) => secondsToSolution ?? []);
  const count = values.length;
  const interval = clusterInterval(
    values.map((value, index) => ({ value, cluster: String(index) })),
    "mean",
  );
  return {
    mean: {
      value: count === 0 ? null : meanOf(values),
      count,
      low: interval?.low ?? null,
      high: interval?.high ?? null,
    },
    median: percentile(values, 0.5),
  };
}
