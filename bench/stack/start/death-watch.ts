import type { TapClient } from "../../tap/client.ts";
import type { OwnedPart } from "../part.ts";
import type { StackDeath } from "../stack.ts";

/** Notes every part of a stack that ends although nobody asked it to. */
export class DeathWatch {
  readonly #deaths: StackDeath[] = [];
  #stopping = false;

  watch({ part, arm, running }: OwnedPart): void {
    void running.ended.then((how) =>
      this.#note({
        part,
        arm,
        message: `${running.name} ended with ${how}. Its log ends with:\n${running.lastLogLines(5)}`,
      }),
    );
  }

  watchTap(tap: Pick<TapClient, "died">): void {
    void tap.died.then(({ message }) => this.#note({ part: "tap", arm: null, message }));
  }

  /** First death that concerns an arm alone, or (null) every arm. */
  of(arm: string | null): StackDeath | null {
    return this.#deaths.find((death) => death.arm === arm) ?? null;
  }

  /** What died was started again. */
  forget(death: StackDeath): void {
    const at = this.#deaths.indexOf(death);
    if (at >= 0) this.#deaths.splice(at, 1);
  }

  /** From now on parts end because the stack is taken down. */
  stopWatching(): void {
    this.#stopping = true;
  }

  #note(death: StackDeath): void {
    if (!this.#stopping) this.#deaths.push(death);
  }
}
