import type { EpisodeRecord } from "../../store/record.ts";
import type { Selection } from "../selection.ts";

/** Which rows; an empty list means all. */
export type RowSelection = Omit<Selection, "dedup">;

export const allRows: RowSelection = { arms: [], domains: [], statuses: [], rewardMin: null, split: null };

/** Why a row is not selected; null when it is. What asks something of an episode leaves out a request of none. */
export function refusal(
  { arms, domains, statuses, rewardMin, split }: RowSelection,
  { arm, episode }: { readonly arm: string; readonly episode: EpisodeRecord | null },
): string | null {
  const outside = (list: readonly string[], value: string | null) =>
    list.length > 0 && (value === null || !list.includes(value));
  if (outside(arms, arm)) return `not selected: arm ${arm}`;
  if (outside(domains, episode?.domain ?? null)) return "not selected: domain";
  if (outside(statuses, episode?.status ?? null)) return "not selected: status";
  if (split !== null && (episode === null || !split.tasks.has(episode.taskId)))
    return `not selected: not in split ${split.name}`;
  const reward = episode?.reward ?? null;
  return rewardMin !== null && (reward === null || reward < rewardMin)
    ? `not selected: no reward of at least ${rewardMin}`
    : null;
}
