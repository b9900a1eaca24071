import { StartError } from "../errors.ts";
import type { RunningStack, StackDeath } from "../stack/stack.ts";

const lookMs = 250;

/**
 * Ends the start of an agent when the tap has ended meanwhile: starting an OpenClaw takes a minute, and nothing can be measured without a tap.
 * What else may die is started again by the sweep, or concerns one arm.
 */
export class StartWatch implements Disposable {
  readonly #gone = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #stack: Pick<RunningStack, "arms" | "death">;

  constructor(stack: Pick<RunningStack, "arms" | "death">) {
    this.#stack = stack;
    this.#timer = setInterval(() => {
      if (this.#death() !== null) this.#gone.abort();
    }, lookMs);
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** What a start came to. @throws {StartError} where the tap was what ended it */
  async during<Started>(start: Promise<Started>): Promise<Started> {
    try {
      return await start;
    } catch (cause) {
      const death = this.#death();
      if (death === null) throw cause;
      throw new StartError("tap", `The tap ended while the agent was started: ${death.message}`, { cause });
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #death(): StackDeath | null {
    const deaths = this.#stack.arms.map(({ spec }) => this.#stack.death(spec.name));
    return deaths.find((death) => death?.part === "tap") ?? null;
  }
}
