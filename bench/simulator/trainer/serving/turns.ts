import { setTimeout as sleep } from "node:timers/promises";
import type { Law } from "../law/law-schema.ts";

/** Who may answer when: as many at once as the law says, first come, first served, all slower while an update runs. */
export class Turns {
  readonly #law: Law;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #training = 0;

  constructor(law: Law) {
    this.#law = law;
  }

  get running(): number {
    return this.#running;
  }

  get queued(): number {
    return this.#waiting.length;
  }

  get training(): number {
    return this.#training;
  }

  async withTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#law.serving.max_running)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await work();
    } finally {
      // Whoever waits longest takes the place over.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  /** Takes the time of an update, during which answers take longer. */
  async train(work: () => Promise<void>): Promise<void> {
    this.#training++;
    try {
      await work();
    } finally {
      this.#training--;
    }
  }

  /** Lets time pass for an answer, in slices, because training may begin or end meanwhile. */
  async pass(milliseconds: number): Promise<void> {
    for (let left = milliseconds; left > 0; left -= sliceMs)
      await sleep(Math.min(left, sliceMs) * (this.#training > 0 ? this.#law.training.slowdown : 1));
  }
}

const sliceMs = 20;
