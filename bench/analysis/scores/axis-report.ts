import { z } from "zod";
import type { EpisodeRecord } from "../../store/record.ts";
import type { RunJson } from "../../store/run-json.ts";
import { isFailing } from "../cell/failures.ts";
import { counted, estimateSchema, type Estimate } from "../estimates/estimate.ts";
import { passRate } from "../estimates/pass-rate.ts";
import { coverageSchema } from "../estimates/coverage.ts";
import { scoredTasks, scoredTasksSchema, type ScoredCell } from "./score-report.ts";

const valueSchema = z.union([z.string(), z.number()]);
type AxisValue = z.infer<typeof valueSchema>;

/** The tasks of a cell at one place of an axis. */
const axisRowSchema = z.object({
  axis: z.string(),
  value: valueSchema,
  /** Share of judged episodes that passed. */
  passRate: estimateSchema,
  ...scoredTasksSchema.shape,
});
export type AxisRow = z.infer<typeof axisRowSchema>;

/** The tasks of a cell by two axes with numbers. */
const gridSchema = z.object({
  x: z.string(),
  y: z.string(),
  places: z.array(
    z.object({ x: z.number(), y: z.number(), tasks: z.number().int(), passRate: estimateSchema }),
  ),
});
export type AxisGrid = z.infer<typeof gridSchema>;

/** What tasks are worth by what they differ in, cell by cell. */
export const axisReportSchema = z.object({
  axes: z.array(z.object({ name: z.string(), heading: z.string(), meaning: z.string() })),
  cells: z.array(
    z.object({
      cellId: z.string(),
      arm: z.string(),
      load: z.string(),
      /** Configuration of the agent's engine; absent where the experiment has no `sweep.variants`. */
      variant: z.string().optional(),
      failing: z.boolean(),
      coverage: coverageSchema.optional(),
      /** Axis by axis; numbers ascending, words by name. */
      rows: z.array(axisRowSchema),
      grids: z.array(gridSchema),
    }),
  ),
});
export type AxisReport = z.infer<typeof axisReportSchema>;

/** null where no episode has a place on an axis. Pure. */
export function axisReport(
  { axes = [], scores }: Pick<RunJson, "axes" | "scores">,
  cells: readonly Pick<ScoredCell, "summary" | "latencies">[],
  episodes: readonly EpisodeRecord[],
): AxisReport | null {
  const byCell = Map.groupBy(episodes, ({ cellId }) => cellId);
  const names = axes.map(({ name }) => name);
  const placed = cells.map(({ summary, latencies }) => {
    const { cellId, arm, load, variant, coverage } = summary;
    const of = { names, failing: isFailing(summary), episodes: byCell.get(cellId) ?? [] };
    const { failing } = of;
    const rows = names.flatMap((axis) =>
      valuesOf(axis, of.episodes).map(({ value, members }): AxisRow => ({
        axis,
        value,
        passRate: rateOf(members, failing),
        ...scoredTasks(scores ?? null, members, { failing, latencies }),
      })),
    );
    return {
      cellId,
      arm,
      load,
      ...(variant !== undefined && { variant }),
      failing,
      ...(coverage && { coverage }),
      rows,
      grids: gridsOf(of),
    };
  });
  if (placed.every(({ rows }) => rows.length === 0)) return null;
  return { axes: [...axes], cells: placed };
}

/** Who is left over in a failing cell is no sample of its tasks. */
function rateOf(episodes: readonly EpisodeRecord[], failing: boolean): Estimate {
  const rate = passRate(episodes);
  return failing ? counted(null, rate.count) : rate;
}

function valuesOf(axis: string, episodes: readonly EpisodeRecord[]) {
  const placed = episodes.flatMap((episode) => {
    const value = episode.axes?.[axis];
    return value === undefined ? [] : [{ value, episode }];
  });
  return [...Map.groupBy(placed, ({ value }) => value)]
    .map(([value, members]) => ({ value, members: members.map(({ episode }) => episode) }))
    .sort((a, b) => inOrder(a.value, b.value));
}

/** Numbers by size, then words by name. */
function inOrder(a: AxisValue, b: AxisValue): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return String(a) < String(b) ? -1 : 1;
}

interface Placed {
  readonly names: readonly string[];
  readonly failing: boolean;
  readonly episodes: readonly EpisodeRecord[];
}

/** Each pair of axes on which tasks have numbers, in the order of the axes. */
function gridsOf({ names, failing, episodes }: Placed): AxisGrid[] {
  return names.flatMap((x, at) =>
    names.slice(at + 1).flatMap((y): AxisGrid[] => {
      const placed = episodes.flatMap((episode) => {
        const [atX, atY] = [episode.axes?.[x], episode.axes?.[y]];
        return typeof atX === "number" && typeof atY === "number" ? [{ x: atX, y: atY, episode }] : [];
      });
      const places = [...Map.groupBy(placed, (one) => JSON.stringify([one.x, one.y])).values()].flatMap(
        (members) => {
          const [first] = members;
          if (first === undefined) return [];
          const own = members.map(({ episode }) => episode);
          const tasks = new Set(own.map(({ domain, taskId }) => JSON.stringify([domain, taskId]))).size;
          return [{ x: first.x, y: first.y, tasks, passRate: rateOf(own, failing) }];
        },
      );
      return places.length === 0 ? [] : [{ x, y, places: places.sort((a, b) => a.x - b.x || a.y - b.y) }];
    }),
  );
}
