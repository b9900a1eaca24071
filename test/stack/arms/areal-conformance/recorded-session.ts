import type { RecordedTokens } from "./tensors.ts";

interface Call {
  readonly interactionId: string;
  readonly promptIds: readonly number[];
  readonly outputIds: readonly number[] | null;
}

/** One session of a data proxy: calls, and trajectories that a reward has closed. */
export class RecordedSession {
  readonly id: string;
  readonly key: string;
  #calls: Call[] = [];
  readonly #rewards = new Map<string, number>();
  readonly #closed: (readonly RecordedTokens[])[] = [];
  ended = false;

  constructor(id: string, key: string) {
    this.id = id;
    this.key = key;
  }

  /** Kept from the start of the call; one without an answer stays incomplete. */
  record(call: Call): void {
    this.#calls.push(call);
  }

  get count(): number {
    return this.#calls.length;
  }

  /** null when there is nothing to reward. */
  reward(
    value: number,
  ): { readonly trajectoryId: number; readonly count: number; readonly first: boolean } | null {
    const last = this.#calls.at(-1);
    if (last === undefined) {
      const before = this.#closed.length - 1;
      return before < 0
        ? null
        : { trajectoryId: before, count: this.#closed[before]?.length ?? 0, first: false };
    }
    this.#rewards.set(last.interactionId, value);
    const count = this.#calls.length;
    this.#closed.push(this.tokens());
    this.#calls = [];
    return { trajectoryId: this.#closed.length - 1, count, first: true };
  }

  /** The older stack only notes the reward; the session's end closes it. */
  noteReward(value: number): boolean {
    const last = this.#calls.at(-1);
    if (last !== undefined) this.#rewards.set(last.interactionId, value);
    return last !== undefined;
  }

  latest(): readonly RecordedTokens[] | null {
    return this.#closed.at(-1) ?? null;
  }

  /** Complete calls that are not in a trajectory yet. A reward on an incomplete one moves back with the discount. */
  tokens(): RecordedTokens[] {
    let moved = 0;
    const complete = this.#calls.toReversed().flatMap((call) => {
      const reward = (this.#rewards.get(call.interactionId) ?? 0) + moved;
      moved = call.outputIds === null ? reward : 0;
      if (call.outputIds === null) return [];
      const logprobs = call.outputIds.map((id) => -id / 256);
      return [{ ...call, outputIds: call.outputIds, logprobs, reward: reward === 0 ? null : reward }];
    });
    return complete.toReversed();
  }
}
