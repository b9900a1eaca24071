import { setTimeout as sleep } from "node:timers/promises";
import type { Experiment } from "../config/experiment.ts";
import { messageOf } from "../errors.ts";
import type { RunningStack, StackDeath } from "../stack/stack.ts";
import type { EpisodeRecord } from "../store/record.ts";
import type { PlannedEpisode } from "../plan/run-plan.ts";

/**
 * What a death means for the run: the cell is finished in a new segment, it is left and the next one begins, nothing can
 * be done about the part (arms that do not need it go on), or the run ends.
 */
export type Recovery = "finish-cell" | "next-cell" | "none" | "stop";

interface RecoveryParts {
  readonly stack: Pick<RunningStack, "revive">;
  readonly stop: { admits(): boolean };
  readonly tell: (text: string) => void;
}

/** Applies `stack.onEngineDeath`. One for a run: restarts are counted over all of it. */
export class EngineRecovery {
  readonly #policy: "none" | "skip" | "stop" | "restart";
  #restartsLeft: number;

  constructor({ stack }: Pick<Experiment, "stack">) {
    const asked = "onEngineDeath" in stack ? stack.onEngineDeath : "none";
    this.#policy = typeof asked === "string" ? asked : "restart";
    this.#restartsLeft = typeof asked === "string" ? 0 : asked.restart;
  }

  async after(death: StackDeath, { stack, stop, tell }: RecoveryParts): Promise<Recovery> {
    const { revive } = stack;
    if (revive === null || (death.part !== "engine" && death.part !== "user-engine")) return "none";
    if (this.#policy === "stop") return "stop";
    if (this.#policy === "restart" && this.#restartsLeft === 0) return "none";
    if (!stop.admits()) return "none";
    this.#restartsLeft -= 1;
    tell(`the ${death.part} died and is started again: ${death.message}`);
    try {
      await revive(death);
    } catch (error) {
      tell(`the ${death.part} did not come up again: ${messageOf(error)}`);
      return "none";
    }
    return this.#policy === "restart" ? "finish-cell" : "next-cell";
  }
}

/** How long the news of a death may take: the daemon tells it after the connections broke. */
const newsMs = 2_000;

/**
 * Waits a moment after an episode that failed at its engine: when the engine has died, no other episode must begin on it,
 * and the cell must not look complete.
 */
export async function awaitNewsOfDeath(
  died: () => StackDeath | null,
  record: EpisodeRecord | null,
): Promise<void> {
  if (!diedWithEngine(record)) return;
  const startMs = performance.now();
  while (died() === null && performance.now() - startMs < newsMs) await sleep(50);
}

/**
 * Which episodes of a segment have no result yet. Keeps nothing of their records, so that a segment of a million episodes takes no more
 * than its plan does.
 */
export class OpenEpisodes {
  readonly #planned: readonly PlannedEpisode[];
  readonly #open: Set<string>;
  /** Those that failed at a part that may have died. */
  readonly #failed = new Set<string>();

  constructor(planned: readonly PlannedEpisode[]) {
    this.#planned = planned;
    this.#open = new Set(planned.map(({ episodeId }) => episodeId));
  }

  get count(): number {
    return this.#open.size;
  }

  ended(record: Pick<EpisodeRecord, "episodeId" | "failure">): void {
    this.#open.delete(record.episodeId);
    if (diedWithEngine(record)) this.#failed.add(record.episodeId);
  }

  /** Episodes without a result that counts, in the order of the plan: when a part has died, those that failed at it have none either. */
  left(died: boolean): readonly PlannedEpisode[] {
    if (this.#open.size === 0 && !died) return [];
    return this.#planned.filter(
      ({ episodeId }) => this.#open.has(episodeId) || (died && this.#failed.has(episodeId)),
    );
  }
}

/** Through a gateway a dead engine looks like a failing gateway. */
function diedWithEngine(record: Pick<EpisodeRecord, "failure"> | null): boolean {
  const failure = record?.failure ?? null;
  return failure !== null && ["engine", "user-engine", "gateway"].includes(failure.class);
}
