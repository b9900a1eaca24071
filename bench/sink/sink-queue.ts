import { messageOf } from "../errors.ts";
import type { Sink, SinkEvent, SinkLimits } from "./sink.ts";

export interface SinkQueueOptions {
  /** As messages name it, e.g. `jsonl`. */
  readonly name: string;
  readonly open: () => Promise<Sink>;
  /** Called with the first failure; later ones are counted. */
  readonly tell: (line: string) => void;
  readonly limits?: Partial<SinkLimits>;
}

const defaultLimits: SinkLimits = { waitingMax: 10_000, callMs: 10_000, drainMs: 30_000 };

/**
 * Stands between a run and one sink, so that nothing a sink does reaches the run: `push` returns at once and never throws,
 * calls are made one after another in the background, each with a time limit.
 */
export class SinkQueue {
  readonly #options: SinkQueueOptions;
  readonly #limits: SinkLimits;
  readonly #stop = new AbortController();
  readonly #lost = new Map<string, number>();
  #waiting: SinkEvent[] = [];
  #sink: Sink | null = null;
  #delivering: Promise<void> | null = null;
  #pushed = 0;
  #delivered = 0;
  #opened = false;
  /** The first one is told at once; of the others the last says how it ended. */
  #failures: { readonly first: string; readonly last: string } | null = null;

  constructor(options: SinkQueueOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
  }

  push(event: SinkEvent): void {
    this.#pushed += 1;
    if (this.#waiting.length >= this.#limits.waitingMax && event.type !== "run-ended") {
      this.#lose(event, "dropped, because too many waited");
      return;
    }
    this.#waiting.push(event);
    this.#delivering ??= this.#deliver();
  }

  /** Waits for what is left, as long as the limits allow. What was lost, in one line; null when every event arrived. */
  async close(): Promise<string | null> {
    const stopped = setTimeout(() => this.#stop.abort(new Error("the run has ended")), this.#limits.drainMs);
    await this.#delivering;
    clearTimeout(stopped);
    for (const event of this.#waiting) this.#lose(event, "not delivered before the time was up");
    const closing = await this.#call("closed", [], async (signal) => this.#sink?.close(signal));
    if (closing !== null) this.#report(closing);
    const lost = [...this.#lost].map(([what, count]) => `${count} ${what}`);
    if (lost.length === 0 && closing === null) return null;
    const { first, last } = this.#failures ?? { first: "", last: "" };
    const failure = closing ?? (last === first ? null : `the last: ${last}`);
    return `sink ${this.#options.name}: ${this.#delivered} of ${this.#pushed} events delivered. ${[...lost, ...(failure === null ? [] : [failure])].join("; ")}`;
  }

  /** Never rejects: every failure ends in a count. */
  async #deliver(): Promise<void> {
    if (!this.#opened) await this.#open();
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      await this.#take(event);
      if (this.#stop.signal.aborted) break;
    }
    this.#delivering = null;
  }

  async #open(): Promise<void> {
    this.#opened = true;
    const failure = await this.#call("opened", [this.#stop.signal], async () => {
      this.#sink = await this.#options.open();
    });
    if (failure !== null) this.#report(failure);
  }

  async #take(event: SinkEvent): Promise<void> {
    const sink = this.#sink;
    if (sink === null) {
      this.#lose(event, "not delivered, because the sink is not open");
      return;
    }
    const failure = await this.#call(`given the event ${event.type}`, [this.#stop.signal], (signal) =>
      sink.take(event, signal),
    );
    if (failure === null) this.#delivered += 1;
    else {
      this.#lose(event, "failed");
      this.#report(failure);
    }
  }

  /** What failed, or null. The call may go on behind its limit; nobody waits for it any more. */
  async #call(
    what: string,
    signals: readonly AbortSignal[],
    operation: (signal: AbortSignal) => Promise<void>,
  ): Promise<string | null> {
    const { callMs } = this.#limits;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new Error(`no answer within ${callMs} ms`)), callMs);
    const { signal } = limit;
    const follow = () => limit.abort(signals.find(({ aborted }) => aborted)?.reason);
    // Not AbortSignal.any, of which something stays for every event: see Deadline.
    for (const one of signals) one.addEventListener("abort", follow);
    if (signals.some(({ aborted }) => aborted)) follow();
    try {
      await Promise.race([operation(signal), rejectionOf(signal)]);
      return null;
    } catch (error) {
      return `could not be ${what}: ${messageOf(error)}`;
    } finally {
      clearTimeout(timer);
      for (const one of signals) one.removeEventListener("abort", follow);
    }
  }

  #lose({ type }: SinkEvent, why: string): void {
    const what = `${type} ${why}`;
    this.#lost.set(what, (this.#lost.get(what) ?? 0) + 1);
  }

  #report(failure: string): void {
    const before = this.#failures;
    this.#failures = { first: before?.first ?? failure, last: failure };
    if (before !== null) return;
    this.#options.tell(
      `sink ${this.#options.name} ${failure}. The run goes on; further failures of this sink are counted.`,
    );
  }
}

async function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
  });
}
