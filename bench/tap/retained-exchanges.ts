import type { Exchange } from "../workload/exchange.ts";
import { deltaOf } from "./body-delta.ts";
import type { TakenExchange } from "./control.ts";
import { timingOf } from "./exchange-record.ts";

interface Attempt {
  readonly exchanges: TakenExchange[];
  /** Request text of the last one: base of the next. */
  last: string;
  chars: number;
}

/**
 * The outer exchanges of each attempt until the driver takes them. Requests are kept as differences, because an episode
 * repeats its conversation in every one of them.
 */
export class RetainedExchanges {
  readonly #attempts = new Map<string, Attempt>();
  readonly #forgotten = new Set<string>();
  readonly #charsMax: number;
  #chars = 0;

  /** @param charsMax bound over all attempts; beyond it the attempt that has been quiet longest is forgotten */
  constructor(charsMax: number) {
    this.#charsMax = charsMax;
  }

  add(attemptKey: string, exchange: Exchange): void {
    const attempt = this.#attempts.get(attemptKey) ?? { exchanges: [], last: "", chars: 0 };
    const request = deltaOf(attempt.last, exchange.requestBody);
    const chars = request.middle.length + exchange.responseBody.length + 64 * exchange.chunks.length;
    attempt.exchanges.push({ timing: timingOf(exchange), request, responseBody: exchange.responseBody });
    attempt.last = exchange.requestBody;
    attempt.chars += chars;
    this.#chars += chars;
    this.#attempts.delete(attemptKey);
    this.#attempts.set(attemptKey, attempt);
    this.#makeRoom();
  }

  /**
   * Removes and returns an attempt's exchanges in the order in which they ended.
   * @throws {Error} when some had to be forgotten: a part of a conversation would look like the whole of it
   */
  take(attemptKey: string): readonly TakenExchange[] {
    if (this.#forgotten.has(attemptKey)) {
      throw new Error(
        `The tap had to forget exchanges of attempt ${attemptKey}: more than ${this.#charsMax} characters were waiting to be taken.`,
      );
    }
    const attempt = this.#attempts.get(attemptKey);
    this.#attempts.delete(attemptKey);
    this.#chars -= attempt?.chars ?? 0;
    return attempt?.exchanges ?? [];
  }

  clear(): void {
    this.#attempts.clear();
    this.#forgotten.clear();
    this.#chars = 0;
  }

  #makeRoom(): void {
    for (const [key, { chars }] of this.#attempts) {
      if (this.#chars <= this.#charsMax) return;
      this.#attempts.delete(key);
      this.#forgotten.add(key);
      this.#chars -= chars;
    }
  }
}
