import type { EpisodeRecord } from "../../store/record.ts";
import type { RunJson } from "../../store/run-json.ts";
import { taskOf } from "./cell.ts";
import type { Expected } from "./figure.ts";

type Planned = RunJson["coverage"];

/** Of how much of the workload's data the scores of these episodes are; nothing where the plan does not say what the whole is. */
export function coverageFigures(
  planned: Planned,
  episodes: readonly EpisodeRecord[],
): { readonly [name: string]: Expected } {
  if (planned === undefined) return {};
  const { of, selected, total } = planned;
  const withReward = new Set(episodes.filter(({ reward }) => reward !== null).map(taskOf)).size;
  const scored = Math.min(withReward, selected);
  return { coverage: { of, scored, selected, total, text: partOf(scored, total) } };
}

/** As it stands beside a score. */
export function partOf(count: number, total: number): string {
  return count === total ? `${count}/${total}` : `${count}/${total}, partial`;
}
