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

/** Episodes without a result that counts: when a part has died, those that failed at it have none either. */
export function unfinished(
  planned: readonly PlannedEpisode[],
  records: ReadonlyMap<string, EpisodeRecord>,
  died: boolean,
): readonly PlannedEpisode[] {
  return planned.filter(({ episodeId }) => {
    const record = records.get(episodeId) ?? null;
    return record === null || (died && diedWithEngine(record));
  });
}

/** Through a gateway a dead engine looks like a failing gateway. */
function diedWithEngine(record: EpisodeRecord | null): boolean {
  const failure = record?.failure ?? null;
  return failure !== null && ["engine", "user-engine", "gateway"].includes(failure.class);
}
