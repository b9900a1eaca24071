import type { TokenUsage } from "../answer/answer.ts";

const counts = ["promptTokens", "completionTokens", "cachedTokens"] as const;

/** Token counts over some requests. null: at least one of them did not say, so the sum is unknown, never too small. */
export type UsageTotal = { readonly [Count in keyof TokenUsage]: number | null } & {
  readonly requests: number;
};

/** Sums what requests report; one rule for the agent's and the user's side of an episode. */
export class UsageSum {
  #total: UsageTotal = { requests: 0, promptTokens: 0, completionTokens: 0, cachedTokens: 0 };

  /** One request; `usage` is null when its answer carried none, or never came. */
  add(usage: TokenUsage | null): void {
    const sums = counts.map((count) => {
      const [sum, reported] = [this.#total[count], usage?.[count] ?? null];
      return [count, sum === null || reported === null ? null : sum + reported];
    });
    this.#total = { ...this.#total, ...Object.fromEntries(sums), requests: this.#total.requests + 1 };
  }

  total(): UsageTotal {
    return this.#total;
  }
}
