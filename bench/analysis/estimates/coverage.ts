import { z } from "zod";
import type { EpisodeRecord } from "../../store/record.ts";
import type { RunJson } from "../../store/run-json.ts";
import { taskKey } from "./pass-rate.ts";

/** How much of a workload's data the scores of some cells are of. */
export const coverageSchema = z.object({
  /** What is counted, e.g. `problems`. */
  of: z.string(),
  /** Those that have a score. */
  scored: z.number().int(),
  /** Those that the plan has. */
  selected: z.number().int(),
  total: z.number().int(),
  /** As it stands beside every score: `5/164, partial`. */
  text: z.string(),
});
export type ScoreCoverage = z.infer<typeof coverageSchema>;

type PlannedCoverage = Omit<NonNullable<RunJson["coverage"]>, "excluded"> & {
  readonly excluded: readonly { readonly reason: string; readonly count: number }[];
};

/** What the scores of these episodes are of. What ended without a score is not covered by any, whatever was planned. Pure. */
export function coverageOf(
  { of, selected, total }: PlannedCoverage,
  episodes: readonly EpisodeRecord[],
): ScoreCoverage {
  const judged = episodes.flatMap((episode) => (episode.reward === null ? [] : [taskKey(episode)]));
  const scored = Math.min(new Set(judged).size, selected);
  return { of, scored, selected, total, text: shareText(scored, total) };
}

/** `5/5`, or `5/164, partial`: no part is printed as the whole. */
export function shareText(scored: number, total: number): string {
  return `${scored}/${total}${scored < total ? ", partial" : ""}`;
}

/** What the pairs of two runs are of; the larger whole where they differ. null where neither says what the whole is. */
export function pairedCoverage(
  runs: readonly Pick<RunJson, "coverage">[],
  pairedTasks: number,
): string | null {
  const totals = runs.flatMap(({ coverage }) => coverage?.total ?? []);
  return totals.length === 0 ? null : shareText(pairedTasks, Math.max(pairedTasks, ...totals));
}

/** Of a part of the tasks, whose whole nobody counts: how many they are, and that the run is a part. */
export function partText(tasks: number, coverage: ScoreCoverage | undefined): string {
  if (coverage === undefined) return "";
  return `${tasks}${coverage.scored < coverage.total ? ", partial" : ""}`;
}

/** The plan's part in a sentence, with the reasons why the others are not there. */
export function coverageSentence({ of, selected, total, excluded }: PlannedCoverage): string {
  if (selected === total) return `coverage: all ${total} ${of}`;
  const why = excluded.map(({ reason, count }) => `${count}: ${reason}`);
  return `coverage: ${selected} of ${total} ${of}, partial${why.length === 0 ? "" : ` (left out: ${why.join("; ")})`}`;
}
