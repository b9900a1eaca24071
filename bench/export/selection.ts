import { createHash } from "node:crypto";
import type { LeftOut } from "./left-out.ts";
import type { InlinedTrajectory } from "./inlined-trajectory.ts";

/** Which trajectories an export is about. An empty list means all. */
export interface Selection {
  readonly arms: readonly string[];
  readonly domains: readonly string[];
  readonly statuses: readonly string[];
  /** Smallest reward, inclusive; null takes every one and unjudged episodes too. */
  readonly rewardMin: number | null;
  /** Task ids of a split; null for all. */
  readonly split: { readonly name: string; readonly tasks: ReadonlySet<string> } | null;
  /** Leaves out what repeats an earlier conversation of the same task, word for word and call for call. */
  readonly dedup: boolean;
}

export const everything: Selection = {
  arms: [],
  domains: [],
  statuses: [],
  rewardMin: null,
  split: null,
  dedup: false,
};

export interface Selector {
  /** Says why a trajectory is not selected; null when it is. */
  refusal(trajectory: InlinedTrajectory): LeftOut | null;
  /** Remembers what is in the export now, 32 bytes each, for `dedup`. What the format refused leaves room for its like. */
  written(trajectory: InlinedTrajectory): void;
}

export function selector(selection: Selection): Selector {
  const seen = new Set<string>();
  const { arms, domains, statuses, rewardMin, split, dedup } = selection;
  const outside = (list: readonly string[], value: string) => list.length > 0 && !list.includes(value);
  const reasonNot = (whole: InlinedTrajectory): string | null => {
    const { record } = whole;
    if (outside(arms, record.arm)) return `not selected: arm ${record.arm}`;
    if (outside(domains, record.domain)) return `not selected: domain ${record.domain}`;
    if (outside(statuses, record.status)) return `not selected: status ${record.status}`;
    if (split !== null && !split.tasks.has(record.taskId)) return `not selected: not in split ${split.name}`;
    if (rewardMin !== null && record.reward === null) return "not selected: unjudged, so it has no reward";
    if (rewardMin !== null && (record.reward ?? 0) < rewardMin)
      return `not selected: reward below ${rewardMin}`;
    return dedup && seen.has(contentDigest(whole))
      ? "duplicate of an earlier conversation of the same task"
      : null;
  };
  return {
    refusal(whole) {
      const reason = reasonNot(whole);
      return reason === null ? null : { reason };
    },
    written(whole) {
      if (dedup) seen.add(contentDigest(whole));
    },
  };
}

/** What was said and done, without the ids that name it. */
function contentDigest({ record, trajectory, system, tools }: InlinedTrajectory): string {
  const said = trajectory.messages.map((message) =>
    message.role === "tool"
      ? [message.role, message.requestor, message.content]
      : [
          message.role,
          message.content,
          message.toolCalls?.map((call) => [call.name, call.arguments]) ?? null,
        ],
  );
  const content = JSON.stringify([record.domain, record.taskId, system, tools, said]);
  return createHash("sha256").update(content).digest("base64");
}
