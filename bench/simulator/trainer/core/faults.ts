import type { Law } from "../law/law-schema.ts";

export type FaultName = keyof Law["faults"];

/** Counts, for each fault, how often it could have struck. */
export class TrainerFaults {
  readonly #every: Law["faults"];
  readonly #seen = new Map<FaultName, number>();

  constructor(every: Law["faults"]) {
    this.#every = every;
  }

  /** Whether it strikes this time. */
  strikes(name: FaultName): boolean {
    const nth = this.#every[name];
    if (nth === undefined) return false;
    const seen = (this.#seen.get(name) ?? 0) + 1;
    this.#seen.set(name, seen);
    return seen % nth === 0;
  }

  /** Whether it strikes at this number alone. */
  strikesAt(name: FaultName, count: number): boolean {
    return this.#every[name] === count;
  }
}
