import { setTimeout as sleep } from "node:timers/promises";
import type { SegmentReport, Taken, TakenExchange, TapListenerSpec } from "./control.ts";
import { Descriptors } from "./descriptors.ts";
import type { ExchangeRecord } from "./exchange-record.ts";
import { Listener } from "./listener.ts";
import { InnerEnds } from "./inner-ends.ts";
import { Manners } from "../wire/manners.ts";
import { BodyStore } from "./kept-body.ts";
import { ReadingQueue } from "./reading-queue.ts";
import { RetainedExchanges } from "./retained-exchanges.ts";
import { TapSegment } from "./segment.ts";
import { secretsRemover } from "../host/secret-words.ts";
import { Timer } from "../measure/deadline.ts";
import type { Exchange } from "../workload/exchange.ts";

/** Characters of untaken bodies over all attempts, about one or two bytes each. */
const retainedCharsMax = 512 << 20;

/** How long a closing segment waits for exchanges that are just ending. */
const settleMs = 1_000;
/**
 * How long after its end an exchange is read. Reading takes as long as an answer takes to pass a hop: done at once at the inner tap,
 * it would hold the end of the same answer at the outer one, and only in an arm without a gateway in between.
 */
const readAfterMs = 5;
const wholeSettleMs = 50;

/** All listeners of a run, what they record, and what waits to be taken. Lives in the tap process. */
export class Tap implements AsyncDisposable {
  readonly #listeners = new Map<string, Listener>();
  readonly #store = new BodyStore();
  /** By origin: an engine closes connections of all arms alike. */
  readonly #manners = new Map<string, Manners>();
  readonly #retained = new RetainedExchanges(retainedCharsMax);
  /** Exchanges that have ended and have not been read. */
  readonly #unread = new Map<ExchangeRecord, TapListenerSpec>();
  /** Exchanges per attempt that have not been recorded yet, and who waits for them. */
  readonly #open = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #inner = new InnerEnds(1_000);
  readonly #descriptors = new Descriptors();
  /** Those that are being read: a tap that ends waits for them. */
  readonly #reads = new Set<Promise<void>>();
  readonly #reading = new ReadingQueue((record: ExchangeRecord) => this.#read(record), readAfterMs);
  readonly #segmentOf = new WeakMap<ExchangeRecord, TapSegment>();
  readonly #onEvidenceFailure: (message: string) => void;
  #segment: TapSegment | null = null;
  /** Connections that each listener had opened when the segment began. */
  #connectionsBefore: ReadonlyMap<string, number> = new Map();

  constructor(onEvidenceFailure: (message: string) => void) {
    this.#onEvidenceFailure = onEvidenceFailure;
  }

  /** Opens a listener and returns its origin. */
  async listen(spec: TapListenerSpec): Promise<string> {
    if (this.#listeners.has(spec.name)) throw new Error(`The tap has a listener named ${spec.name} already.`);
    const { origin } = new URL(spec.upstream);
    const manners = this.#manners.get(origin) ?? new Manners();
    this.#manners.set(origin, manners);
    const observer = {
      began: (record: ExchangeRecord) => this.#began(record, spec),
      ended: (record: ExchangeRecord) => this.#ended(record, spec),
    };
    const listener = await Listener.open(spec, observer, { manners, store: this.#store });
    this.#listeners.set(spec.name, listener);
    return listener.url;
  }

  async openSegment(directory: string, bodies: boolean): Promise<void> {
    if (this.#segment !== null) throw new Error("The last segment is still open; close it first.");
    this.#retained.clear();
    this.#inner.clear();
    this.#connectionsBefore = this.#connections();
    this.#segment = await TapSegment.open({
      directory,
      bodies,
      listeners: Array.from(this.#listeners.values(), ({ spec }) => spec),
      onFailure: this.#onEvidenceFailure,
    });
  }

  async closeSegment(): Promise<SegmentReport> {
    const segment = this.#segment;
    if (segment === null) throw new Error("No segment is open.");
    // A client has its last byte a moment before the exchange is recorded.
    const giveUpMs = performance.now() + settleMs;
    while (segment.open > 0 && performance.now() < giveUpMs) await sleep(2);
    // Only what is still open is given up: a long answer that has ended is read to its end.
    await this.#readAll();
    this.#segment = null;
    const opened = Array.from(
      this.#connections(),
      ([name, count]) => [name, count - (this.#connectionsBefore.get(name) ?? 0)] as const,
    );
    return segment.close(new Map(opened));
  }

  /** Waits until the attempt has no open outer exchange or the time is up, and gives out those that have ended. */
  async take(attemptKey: string, waitMs: number): Promise<Taken> {
    await this.#readThoseOf(attemptKey);
    if (this.#open.has(attemptKey)) {
      await new Promise<void>((resolve) => {
        const timer = new Timer(waitMs, resolve);
        const waiting = this.#waiting.get(attemptKey) ?? [];
        waiting.push(() => {
          timer[Symbol.dispose]();
          resolve();
        });
        this.#waiting.set(attemptKey, waiting);
      });
    }
    await this.#readThoseOf(attemptKey);
    const exchanges = this.#retained.take(attemptKey);
    // A gateway hears a moment later than the tap that its client went away. A whole answer ends there last.
    const giveUpMs = performance.now() + (exchanges.every(isWhole) ? wholeSettleMs : settleMs);
    while (this.#inner.isOpen(attemptKey) && performance.now() < giveUpMs) await sleep(2);
    return { exchanges, inner: this.#inner.take(attemptKey, spanOf(exchanges)) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.#listeners.values()) await listener[Symbol.asyncDispose]();
    this.#descriptors[Symbol.dispose]();
    await this.#readAll();
    await this.#segment?.abandon();
  }

  /** A gateway that could not reach the inner tap answers as if its engine were gone. */
  #withOwnFault(exchange: Exchange): Exchange {
    if ((exchange.status ?? 500) < 500) return exchange;
    const problem = this.#descriptors.problemSince(exchange.startedNs);
    if (problem === null) return exchange;
    return { ...exchange, error: exchange.error === null ? problem : `${exchange.error}; ${problem}` };
  }

  #connections(): ReadonlyMap<string, number> {
    return new Map(Array.from(this.#listeners, ([name, { connections }]) => [name, connections]));
  }

  #began(record: ExchangeRecord, spec: TapListenerSpec): void {
    if (this.#segment !== null) {
      this.#segment.began();
      this.#segmentOf.set(record, this.#segment);
    }
    if (spec.hop === "inner") this.#inner.began(record, spec.arm);
    if (spec.hop === "outer") this.#inner.outerBegan(spec.arm);
    if (spec.hop === "outer" && record.attemptKey !== null) {
      this.#open.set(record.attemptKey, (this.#open.get(record.attemptKey) ?? 0) + 1);
    }
  }

  #ended(record: ExchangeRecord, spec: TapListenerSpec): void {
    if (spec.hop === "outer") this.#inner.outerEnded(spec.arm);
    this.#unread.set(record, spec);
    // Whoever waits for it shall not wait for all others.
    if (record.attemptKey !== null && this.#waiting.has(record.attemptKey))
      setImmediate(() => void this.#read(record));
    else this.#reading.add(record);
  }

  /** Whoever takes an attempt's exchanges is done with a turn, so nothing of it is on its way. Requests without a name may be its own. */
  async #readThoseOf(attemptKey: string): Promise<void> {
    const records = [...this.#unread.keys()];
    const own = records.filter((record) => record.attemptKey === attemptKey || record.attemptKey === null);
    await Promise.all(own.map((record) => this.#read(record)));
  }

  async #readAll(): Promise<void> {
    for (const record of this.#unread.keys()) void this.#read(record);
    await Promise.all(this.#reads);
  }

  async #read(record: ExchangeRecord): Promise<void> {
    const spec = this.#unread.get(record);
    if (spec === undefined) return;
    this.#unread.delete(record);
    const reading = this.#keep(record, spec);
    this.#reads.add(reading);
    await reading;
    this.#reads.delete(reading);
  }

  async #keep(record: ExchangeRecord, spec: TapListenerSpec): Promise<void> {
    const { exchange: seen } = await record.finish();
    const exchange = withoutSecrets(spec.hop === "outer" ? this.#withOwnFault(seen) : seen, spec);
    const segment = this.#segmentOf.get(record);
    // An exchange that outlived its segment was counted there as unfinished; it belongs to no other.
    if (segment !== undefined && segment === this.#segment) segment.record(spec.name, exchange);
    if (spec.hop === "inner") this.#inner.ended(record, exchange);
    if (spec.hop !== "outer" || record.attemptKey === null) return;
    this.#retained.add(record.attemptKey, exchange);
    const open = (this.#open.get(record.attemptKey) ?? 1) - 1;
    if (open > 0) {
      this.#open.set(record.attemptKey, open);
      return;
    }
    this.#open.delete(record.attemptKey);
    for (const resume of this.#waiting.get(record.attemptKey) ?? []) resume();
    this.#waiting.delete(record.attemptKey);
  }
}

/** As it is kept. A request may repeat what an answer said. */
function withoutSecrets(exchange: Exchange, { secrets = [] }: TapListenerSpec): Exchange {
  if (secrets.length === 0) return exchange;
  const clean = secretsRemover(secrets);
  const { requestBody, responseBody, error } = exchange;
  return {
    ...exchange,
    requestBody: clean(requestBody),
    responseBody: clean(responseBody),
    error: error === null ? null : clean(error),
  };
}

const isWhole = ({ timing: { outcome, status, incomplete = null } }: TakenExchange) =>
  outcome === "completed" && status === 200 && incomplete === null;

/** From the beginning of the first to the end of the last; null for none. */
function spanOf(exchanges: readonly TakenExchange[]) {
  const [first] = exchanges;
  if (first === undefined) return null;
  const fromNs = Math.min(...exchanges.map(({ timing }) => timing.startedNs));
  const toNs = Math.max(...exchanges.map(({ timing }) => timing.endedNs));
  return { arm: first.timing.arm, fromNs, toNs };
}
