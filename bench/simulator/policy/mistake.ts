import { draw } from "../settings/draw.ts";
import type { EpisodeReference } from "./reference.ts";
import type { Scenario } from "./scenario.ts";

export interface MistakeOptions {
  readonly seed: number;
  /** Share of episodes with a mistake, 0..1. */
  readonly errorRate: number;
  /** Golden actions to leave out in every episode, as `taskId:actionId`. */
  readonly drop: readonly string[];
}

/** What the agent will leave out in an episode. */
export interface Omissions {
  /** Indexes of golden actions. */
  readonly steps: ReadonlySet<number>;
  readonly communicate: boolean;
}

/**
 * Decided by seed, task and trial alone, so that both arms of a comparison make the same mistakes. A mistake leaves out the
 * last state-changing golden action (the last one where it is not known which change state), or, in a task without one,
 * what should have been said.
 */
export function omissionsOf(
  scenario: Scenario,
  reference: EpisodeReference,
  options: MistakeOptions,
): Omissions {
  const steps = new Set<number>();
  for (const [index, action] of scenario.actions.entries())
    if (options.drop.includes(`${scenario.taskId}:${action.actionId}`)) steps.add(index);
  if (draw("mistake", options.seed, reference.taskId, reference.trial) >= options.errorRate)
    return { steps, communicate: false };
  const last = scenario.actions.findLastIndex(({ mutatesState }) => mutatesState !== false);
  if (last >= 0) steps.add(last);
  return { steps, communicate: last < 0 };
}
