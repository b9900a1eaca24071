import { AnswerWatch, type WatchedSample } from "./answer-watch.ts";
import type { EpisodeRecord } from "../store/record.ts";

/** Why nothing new begins any more: in one arm, or at all. */
export interface FailureStop {
  /** The arm that is given up; null: the run. */
  readonly arm: string | null;
  /** What happened and what to do, without the command that goes on. */
  readonly message: string;
}

type FailedEpisode = Pick<EpisodeRecord, "arm" | "cellId"> & NonNullable<EpisodeRecord["failure"]>;

/**
 * Counts episodes that a failed part ended, over the whole run, in the order in which they end. After `limits.failures` of them
 * without any other end in between nothing new begins: time on an expensive node is not spent on failing. When all of them failed at
 * the gateway of one arm, only that arm is given up, because the others do not need it.
 */
export class FailureWatch {
  readonly #limit: number;
  readonly #arms = new Map<string, FailureStop>();
  #row: FailedEpisode[] = [];
  #run: FailureStop | null = null;
  /** The same for want of answers, which no part explains. */
  #silent: FailureStop | null = null;
  readonly #answers: AnswerWatch;

  /** @param limit 0: nothing is ever given up */
  constructor(limit: number, answers = new AnswerWatch(0)) {
    this.#limit = limit;
    this.#answers = answers;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Everything that was given up, the run last. */
  get stops(): readonly FailureStop[] {
    return [...this.#arms.values(), ...[this.#silent, this.#run].flatMap((stop) => stop ?? [])];
  }

  get runStopped(): boolean {
    return this.#run !== null || this.#silent !== null;
  }

  /** Whether an episode may begin in this arm. */
  admits(arm: string): boolean {
    return !this.runStopped && !this.#arms.has(arm);
  }

  /** null: the attempt was cancelled and says nothing. Returns what is given up because of it. */
  ended(record: (WatchedSample & Pick<EpisodeRecord, "cellId">) | null): FailureStop | null {
    // What was in flight when the arm was given up ends as it does.
    if (record === null || !this.admits(record.arm)) return null;
    if (record.failure === null) {
      this.#row = [];
      return this.#withoutAnswers(record);
    }
    this.#row = [...this.#row, { arm: record.arm, cellId: record.cellId, ...record.failure }];
    if (this.#limit === 0 || this.#row.length < this.#limit) return null;
    const failed = this.#row;
    this.#row = [];
    const ofGateway = failed.every(({ class: name, arm }) => name === "gateway" && arm === record.arm);
    const stop = { arm: ofGateway ? record.arm : null, message: messageOf(failed, ofGateway) };
    if (ofGateway) this.#arms.set(record.arm, stop);
    else this.#run = stop;
    return stop;
  }

  #withoutAnswers(record: WatchedSample): FailureStop | null {
    const found = this.#answers.ended(record);
    if (found === null) return null;
    const stop = { arm: found.others ? record.arm : null, message: found.message };
    if (found.others) this.#arms.set(record.arm, stop);
    else this.#silent = stop;
    return stop;
  }

  /** A part ended or was started again, which explains what failed until now; an arm that was given up stays so. */
  explained(): void {
    this.#row = [];
    this.#run = null;
  }
}

const advice: Readonly<Record<string, string>> = {
  engine: "Look at the agent's engine and its log; start it again if it has ended.",
  "user-engine": "Look at the user's engine and its log; start it again if it has ended.",
  gateway: "Look at the gateway, at what stands behind it, and at its log.",
};
const otherAdvice = "What the part said is in the logs folder of the run.";

function messageOf(failed: readonly FailedEpisode[], ofGateway: boolean): string {
  const [first] = failed;
  if (first === undefined) throw new RangeError("nothing failed");
  const counts = [...Map.groupBy(failed, (one) => one.class)].map(
    ([name, { length }]) => `${length} ${name}`,
  );
  const given = ofGateway
    ? `no further episode of arm ${first.arm} is begun; the other arms go on`
    : "no further episode is begun";
  return [
    `${failed.length} episodes in a row failed (limits.failures), so ${given}: ${counts.join(", ")}, the first in cell ${first.cellId}: ${first.message}`,
    `${advice[first.class] ?? otherAdvice} What is finished is kept, and what failed is run again when the run is gone on with.`,
  ].join("\n");
}
