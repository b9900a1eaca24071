import type { CallCounts } from "./protocol.ts";

export interface EpisodeLimits {
  /** Messages and rounds of tool calls; a round counts 2, as in tau2. */
  readonly maxSteps: number;
  /** Failed calls of both sides together. */
  readonly maxErrors: number;
  /** Longest time a call may wait, and longest time it may run before its worker counts as stuck. */
  readonly callTimeoutMs: number;
}

/**
 * Counts steps and errors, to refuse a call behind a limit. As in tau2, a limit is looked at after a whole tool round, so
 * a round that has begun is never cut; without request ids each call is a round.
 */
export class LimitCounter {
  readonly #limits: EpisodeLimits;
  #agentCalls = 0;
  #userCalls = 0;
  #errors = 0;
  #refused = 0;
  #steps = 0;
  #round: string | null = null;

  constructor(limits: EpisodeLimits) {
    this.#limits = limits;
  }

  /** Whether an agent's call may run. `requestId` names the round it belongs to. */
  admit(requestId: string | null): boolean {
    const sameRound = requestId !== null && requestId === this.#round;
    if (!sameRound && this.#reached() !== null) return false;
    if (!sameRound) this.#steps += 2;
    this.#round = requestId;
    return true;
  }

  refuse(): void {
    this.#refused += 1;
  }

  record(requestor: "assistant" | "user", error: boolean): void {
    if (requestor === "assistant") this.#agentCalls += 1;
    else this.#userCalls += 1;
    if (error) this.#errors += 1;
  }

  /** Steps that only the harness sees: messages, rounds of user calls. They end the agent's last round. */
  addSteps(count: number): void {
    this.#steps += count;
    this.#round = null;
  }

  counts(): CallCounts {
    return {
      agentCalls: this.#agentCalls,
      userCalls: this.#userCalls,
      errors: this.#errors,
      refused: this.#refused,
      steps: this.#steps,
      limit: this.#reached(),
    };
  }

  /** As tau2 does: steps are looked at first and errors second, and the later reason wins. */
  #reached(): CallCounts["limit"] {
    if (this.#errors >= this.#limits.maxErrors) return "too_many_errors";
    return this.#steps >= this.#limits.maxSteps ? "max_steps" : null;
  }
}
