import { RadixCache } from "./radix-cache.ts";
import { type FinishReason, type ScheduledSequence, schedule, type Sequence } from "./sequence.ts";

export interface SchedulerOptions {
  readonly maxRunningRequests: number;
  readonly prefillTokensPerSecond: number;
  readonly decodeStepMs: number;
  readonly decodeStepMsPerRequest: number;
  /** Of a prefill step, beside its tokens. */
  readonly prefillStepMs: number;
  /** Of every step: what the engine's own processes need before the next one. */
  readonly hostStepMs: number;
  readonly hostStepMsPerRequest: number;
  readonly radixCache: boolean;
  /** Tokens of KV memory. */
  readonly poolTokens: number;
  /** Most prompt tokens computed in one prefill step. */
  readonly chunkedPrefillSize: number;
  /** All durations are multiplied by it. */
  /** Every step takes that much longer; asked anew for each. */
  readonly slowFactor: () => number;
}

/** What the scheduler tells the metrics; ns are monotonic. */
export interface SchedulerObserver {
  queued(scheduled: ScheduledSequence, nowNs: number): void;
  /** A prefill step is to be run; `cached` are the tokens of new prompts that it need not compute. */
  prefillBegan(tokens: { readonly computed: number; readonly cached: number }, view: SchedulerView): void;
  prefillEnded(durationNs: number): void;
  prefilled(computedTokens: number, cachedTokens: number): void;
  token(scheduled: ScheduledSequence, nowNs: number): void;
  decoded(step: DecodeStep, view: SchedulerView): void;
  finished(scheduled: ScheduledSequence, finish: FinishReason, nowNs: number): void;
}

export interface DecodeStep {
  readonly tokens: number;
  /** Requests in the batch. */
  readonly requests: number;
  readonly durationNs: number;
}

/** What the scheduler holds at this moment. */
export interface SchedulerView {
  readonly nowNs: number;
  /** Requests that are decoded or prefilled, and of them those that are decoded. */
  readonly runningCount: number;
  readonly decodingCount: number;
  readonly queuedCount: number;
  readonly usedTokens: number;
  readonly evictableTokens: number;
  readonly poolTokens: number;
  /** Prompt and output of the requests that are decoded. */
  readonly sequenceTokens: number;
}

interface Step {
  readonly kind: "prefill" | "decode";
  readonly startNs: number;
  readonly endNs: number;
  /** Sequences and, for a prefill, how many prompt tokens of each the step computes. */
  readonly work: readonly (readonly [ScheduledSequence, number])[];
}

/** Lateness up to this is caught up by running the steps that are due at once; more is a stall of the whole engine. */
const catchUpNs = 50e6;
/** Time after which the loop lets HTTP have its turn, however many steps are still due. */
const turnNs = 4e6;

/**
 * The engine's loop in time. One step at a time, as on a GPU: a prefill step (chunked, FIFO, before anything else) computes
 * prompt tokens that are not cached and yields a first token for every prompt it completes; a decode step yields one token
 * for each running sequence. A step starts where the last one should have ended, so timer error does not add up.
 */
export class Scheduler implements SchedulerView {
  readonly #options: SchedulerOptions;
  readonly #clockNs: () => number;
  readonly #observer: SchedulerObserver;
  readonly #waiting: ScheduledSequence[] = [];
  readonly #prefilling: ScheduledSequence[] = [];
  readonly #running = new Set<ScheduledSequence>();
  #cache = new RadixCache();
  #reserved = 0;
  #step: Step | null = null;
  #timer: NodeJS.Timeout | null = null;
  #latestNs = 0;
  #stalledNs = 0;

  constructor(options: SchedulerOptions, clockNs: () => number, observer: SchedulerObserver) {
    this.#options = options;
    this.#clockNs = clockNs;
    this.#observer = observer;
  }

  get nowNs(): number {
    return this.#clockNs();
  }
  get decodingCount(): number {
    return this.#running.size;
  }
  get runningCount(): number {
    return this.#running.size + this.#prefilling.length;
  }
  get queuedCount(): number {
    return this.#waiting.length;
  }
  /** Prompt tokens of the requests that wait. */
  get queuedTokens(): number {
    return this.#waiting.reduce((sum, { sequence }) => sum + sequence.promptIds.length, 0);
  }
  /** Tokens of the pool that cannot be evicted. */
  get usedTokens(): number {
    return this.#cache.lockedTokens + this.#reserved;
  }
  /** Tokens of the prefix cache that nobody needs now. */
  get evictableTokens(): number {
    return this.#cache.tokens - this.#cache.lockedTokens;
  }
  get sequenceTokens(): number {
    return [...this.#running].reduce(
      (sum, { sequence, produced }) => sum + sequence.promptIds.length + produced,
      0,
    );
  }
  get poolTokens(): number {
    return this.#options.poolTokens;
  }
  /** How far the timing of this process can be trusted: the latest step, and the time by which the schedule was moved. */
  get timing(): { readonly lateMsMax: number; readonly stalledMs: number } {
    return { lateMsMax: this.#latestNs / 1e6, stalledMs: this.#stalledNs / 1e6 };
  }

  submit(sequence: Sequence): ScheduledSequence {
    const scheduled = schedule(sequence);
    this.#waiting.push(scheduled);
    this.#wake();
    return scheduled;
  }

  /** Ends a sequence early. What was computed stays in the prefix cache. No effect on one that has ended. */
  abort(scheduled: ScheduledSequence, message: string): void {
    if (scheduled.ended) return;
    remove(this.#waiting, scheduled);
    remove(this.#prefilling, scheduled);
    this.#running.delete(scheduled);
    this.#end(scheduled, { type: "abort", message }, this.#clockNs());
  }

  abortAll(message: string): void {
    for (const scheduled of [...this.#waiting, ...this.#prefilling, ...this.#running])
      this.abort(scheduled, message);
  }

  /** Empties the prefix cache; false (and nothing done) while requests run or wait. */
  flush(): boolean {
    if (this.runningCount + this.queuedCount > 0) return false;
    this.#cache = new RadixCache();
    return true;
  }

  /** Stops the loop; sequences that have not ended stay as they are. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#step = null;
  }

  #wake(): void {
    if (this.#step !== null) return;
    this.#step = this.#nextStep(this.#clockNs());
    this.#arm();
  }

  #arm(): void {
    if (this.#step === null) return;
    const delayMs = Math.max(0, (this.#step.endNs - this.#clockNs()) / 1e6);
    this.#timer = setTimeout(() => this.#runDueSteps(), delayMs);
  }

  #runDueSteps(): void {
    const beganNs = this.#clockNs();
    for (;;) {
      const step = this.#step;
      const nowNs = this.#clockNs();
      if (step === null || step.endNs > nowNs || nowNs - beganNs > turnNs) break;
      this.#latestNs = Math.max(this.#latestNs, nowNs - step.endNs);
      if (step.kind === "prefill") this.#completePrefill(step, nowNs);
      else this.#completeDecode(step, nowNs);
      const startNs = Math.max(step.endNs, nowNs - catchUpNs);
      this.#stalledNs += startNs - step.endNs;
      this.#step = this.#nextStep(startNs);
    }
    this.#arm();
  }

  #nextStep(startNs: number): Step | null {
    const work = this.#prefillWork();
    if (work.length > 0) {
      this.#observer.prefillBegan(prefillTokens(work), this);
      return { kind: "prefill", startNs, endNs: startNs + this.#prefillNs(work), work };
    }
    const batch = this.#running.size;
    if (batch === 0) return null;
    const { decodeStepMs, decodeStepMsPerRequest } = this.#options;
    const stepMs = decodeStepMs + decodeStepMsPerRequest * (batch - 1);
    const endNs = startNs + this.#withHostNs(stepMs, batch);
    return { kind: "decode", startNs, endNs, work: [...this.#running].map((one) => [one, 1]) };
  }

  #prefillNs(work: Step["work"]): number {
    const { prefillStepMs, prefillTokensPerSecond } = this.#options;
    const tokens = work.reduce((sum, [, count]) => sum + count, 0);
    return this.#withHostNs(prefillStepMs + (tokens / prefillTokensPerSecond) * 1e3, work.length);
  }

  #withHostNs(stepMs: number, requests: number): number {
    const { hostStepMs, hostStepMsPerRequest, slowFactor } = this.#options;
    return (stepMs + hostStepMs + hostStepMsPerRequest * requests) * 1e6 * slowFactor();
  }

  #prefillWork(): (readonly [ScheduledSequence, number])[] {
    const work: (readonly [ScheduledSequence, number])[] = [];
    let budget = this.#options.chunkedPrefillSize;
    for (const scheduled of this.#prefilling) {
      if (budget <= 0) return work;
      const count = Math.min(budget, scheduled.prefillRemaining);
      work.push([scheduled, count]);
      budget -= count;
    }
    while (budget > 0) {
      const scheduled = this.#admit();
      if (scheduled === null) break;
      const count = Math.min(budget, scheduled.prefillRemaining);
      work.push([scheduled, count]);
      budget -= count;
    }
    return work;
  }

  /** Moves the first waiting request into the batch, if there is a place and memory for it. */
  #admit(): ScheduledSequence | null {
    const scheduled = this.#waiting[0];
    if (scheduled === undefined || this.runningCount >= this.#options.maxRunningRequests) return null;
    const { promptIds, outputIds, computesWholePrompt = false } = scheduled.sequence;
    const prefix =
      this.#options.radixCache && !computesWholePrompt ? this.#cache.matchLocked(promptIds) : null;
    // At least one token is computed, because the first output comes from its logits.
    const cached = Math.min(prefix?.length ?? 0, Math.max(0, promptIds.length - 1));
    const needed = promptIds.length - cached + outputIds.length;
    const lacking = needed + this.#reserved + this.#cache.tokens - this.#options.poolTokens;
    if (lacking > 0 && this.#cache.evict(lacking) < lacking && this.runningCount > 0) {
      if (prefix !== null) this.#cache.unlock(prefix.lock);
      return null;
    }
    this.#waiting.shift();
    this.#prefilling.push(scheduled);
    const nowNs = this.#clockNs();
    scheduled.lock = prefix?.lock ?? null;
    scheduled.cachedTokens = cached;
    scheduled.prefillRemaining = promptIds.length - cached;
    scheduled.prefillStartNs = nowNs;
    scheduled.reservedTokens = needed;
    this.#reserved += needed;
    this.#observer.queued(scheduled, nowNs);
    return scheduled;
  }

  #completePrefill(step: Step, nowNs: number): void {
    this.#observer.prefillEnded(step.endNs - step.startNs);
    for (const [scheduled, count] of step.work) {
      // Aborted while the step ran: the GPU would have computed it for nothing.
      this.#observer.prefilled(count, scheduled.prefillRemaining === count ? scheduled.cachedTokens : 0);
      if (scheduled.ended) continue;
      scheduled.prefillRemaining -= count;
      if (scheduled.prefillRemaining > 0) continue;
      remove(this.#prefilling, scheduled);
      this.#running.add(scheduled);
      this.#remember(scheduled, scheduled.sequence.promptIds);
      if (scheduled.sequence.outputIds.length > 0) this.#emit(scheduled, nowNs);
      else this.#finish(scheduled, nowNs);
    }
  }

  #completeDecode(step: Step, nowNs: number): void {
    let tokens = 0;
    for (const [scheduled] of step.work)
      if (!scheduled.ended) {
        tokens++;
        this.#emit(scheduled, nowNs);
      }
    const durationNs = step.endNs - step.startNs;
    this.#observer.decoded({ tokens, requests: step.work.length, durationNs }, this);
  }

  #emit(scheduled: ScheduledSequence, nowNs: number): void {
    const { outputIds, onToken } = scheduled.sequence;
    scheduled.produced++;
    scheduled.tokenNs.push(nowNs);
    this.#observer.token(scheduled, nowNs);
    scheduled.lastTokenNs = nowNs;
    onToken(scheduled.produced, nowNs);
    // The listener may have aborted it (a fault, a closed socket).
    if (!scheduled.ended && scheduled.produced >= outputIds.length) this.#finish(scheduled, nowNs);
  }

  #finish(scheduled: ScheduledSequence, nowNs: number): void {
    this.#running.delete(scheduled);
    this.#end(scheduled, scheduled.sequence.finish, nowNs);
  }

  #end(scheduled: ScheduledSequence, finish: FinishReason, nowNs: number): void {
    scheduled.ended = true;
    const { promptIds, outputIds, onFinish } = scheduled.sequence;
    if (scheduled.produced > 0) {
      // The last token was never fed back, so it has no entry in KV memory.
      const computed = new Int32Array(promptIds.length + scheduled.produced - 1);
      computed.set(promptIds);
      computed.set(outputIds.subarray(0, scheduled.produced - 1), promptIds.length);
      this.#remember(scheduled, computed);
    }
    if (scheduled.lock !== null) this.#cache.unlock(scheduled.lock);
    scheduled.lock = null;
    this.#reserved -= scheduled.reservedTokens;
    scheduled.reservedTokens = 0;
    this.#observer.finished(scheduled, finish, nowNs);
    onFinish(finish, nowNs);
  }

  /** Hands computed tokens to the prefix cache: they are no longer the sequence's own reservation. */
  #remember(scheduled: ScheduledSequence, ids: Int32Array): void {
    if (!this.#options.radixCache) return;
    const lock = this.#cache.insertLocked(ids);
    if (scheduled.lock !== null) this.#cache.unlock(scheduled.lock);
    scheduled.lock = lock;
    const total = scheduled.sequence.promptIds.length + scheduled.sequence.outputIds.length;
    this.#reserved -= scheduled.reservedTokens;
    scheduled.reservedTokens = Math.max(0, total - ids.length);
    this.#reserved += scheduled.reservedTokens;
  }
}

function prefillTokens(work: Step["work"]): { readonly computed: number; readonly cached: number } {
  let [computed, cached] = [0, 0];
  for (const [{ sequence, cachedTokens, prefillRemaining }, count] of work) {
    computed += count;
    // A prompt whose first piece this is.
    if (prefillRemaining + cachedTokens === sequence.promptIds.length) cached += cachedTokens;
  }
  return { computed, cached };
}

function remove<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}
