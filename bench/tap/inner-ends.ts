import { isGenerationRequest, type Exchange, type InnerEnd } from "../workload/exchange.ts";
import { questionOf } from "../workload/question.ts";

/** What a tap knows of a request before its end. */
interface Begun {
  readonly attemptKey: string | null;
}

interface Attempt {
  open: number;
  readonly ends: InnerEnd[];
}

interface ArmSpan {
  readonly arm: string;
  readonly fromNs: number;
  readonly toNs: number;
}

/**
 * How model requests ended at the inner tap, until the driver takes them. Where a gateway passes no identity on only faults
 * are kept, the latest of them, with what can tell whose they are: the conversation that was asked, and whether another
 * request was open in the arm.
 */
export class InnerEnds {
  readonly #attempts = new Map<string, Attempt>();
  readonly #nameless: (InnerEnd & { readonly arm: string })[] = [];
  readonly #namelessMax: number;
  /** Requests that are open at the outer tap, by arm. */
  readonly #openOuter = new Map<string, number>();
  readonly #alone = new WeakSet<Begun>();

  constructor(namelessMax: number) {
    this.#namelessMax = namelessMax;
  }

  outerBegan(arm: string): void {
    this.#openOuter.set(arm, (this.#openOuter.get(arm) ?? 0) + 1);
  }

  outerEnded(arm: string): void {
    this.#openOuter.set(arm, (this.#openOuter.get(arm) ?? 1) - 1);
  }

  began(request: Begun, arm: string): void {
    const { attemptKey } = request;
    if (attemptKey !== null) this.#of(attemptKey).open += 1;
    else if ((this.#openOuter.get(arm) ?? 0) <= 1) this.#alone.add(request);
  }

  ended(request: Begun, exchange: Exchange): void {
    const { attemptKey } = request;
    if (attemptKey !== null) {
      const attempt = this.#of(attemptKey);
      attempt.open -= 1;
      if (isGenerationRequest(exchange)) attempt.ends.push(endOf(exchange));
    } else if (isGenerationRequest(exchange) && !isWhole(exchange)) {
      const question = questionOf(exchange.requestBody);
      const owner = { question, alone: this.#alone.has(request) };
      this.#nameless.push({ ...endOf(exchange), owner, arm: exchange.arm });
      if (this.#nameless.length > this.#namelessMax) this.#nameless.shift();
    }
  }

  isOpen(attemptKey: string): boolean {
    return (this.#attempts.get(attemptKey)?.open ?? 0) > 0;
  }

  /** Those of the attempt since the last take, and the nameless faults of the arm in that time. */
  take(attemptKey: string, during: ArmSpan | null): InnerEnd[] {
    const attempt = this.#attempts.get(attemptKey);
    if (attempt?.open === 0) this.#attempts.delete(attemptKey);
    const nameless = this.#nameless.filter(
      ({ arm, startedNs }) => arm === during?.arm && startedNs >= during.fromNs && startedNs <= during.toNs,
    );
    return [...(attempt?.ends.splice(0) ?? []), ...nameless];
  }

  clear(): void {
    this.#attempts.clear();
    this.#nameless.length = 0;
  }

  #of(attemptKey: string): Attempt {
    const attempt = this.#attempts.get(attemptKey) ?? { open: 0, ends: [] };
    this.#attempts.set(attemptKey, attempt);
    return attempt;
  }
}

function isWhole({ outcome, status, incomplete = null }: Exchange): boolean {
  return outcome === "completed" && status === 200 && incomplete === null;
}

function endOf(exchange: Exchange): InnerEnd {
  const { requestId, status, outcome, error, startedNs, endedNs } = exchange;
  const { finishReason, responseBytes, incomplete = null, firstTokenNs } = exchange;
  const silent = firstTokenNs === null;
  const seen = { requestId, status, outcome, error, incomplete, startedNs, endedNs };
  return { ...seen, finishReason, responseBytes, silent, owner: null };
}
