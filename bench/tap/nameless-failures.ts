import type { ArmSpan, InnerEnd } from "./control.ts";

interface Failure extends ArmSpan {
  readonly end: InnerEnd;
}

/** Failed inner exchanges without identity, behind gateways that do not pass headers on. Only the latest are kept. */
export class NamelessFailures {
  readonly #failures: Failure[] = [];
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  add(span: ArmSpan, end: InnerEnd): void {
    const { status, outcome, incomplete = null } = end;
    if (outcome === "completed" && (status ?? 500) < 400 && incomplete === null) return;
    this.#failures.push({ ...span, end: { status, outcome, incomplete, requestId: null } });
    if (this.#failures.length > this.#max) this.#failures.shift();
  }

  /** The latest that was open for a part of that time; null for none. */
  during({ arm, fromNs, toNs }: ArmSpan): InnerEnd | null {
    const found = this.#failures.findLast(
      (failure) => failure.arm === arm && failure.fromNs <= toNs && failure.toNs >= fromNs,
    );
    return found?.end ?? null;
  }

  clear(): void {
    this.#failures.length = 0;
  }
}
