import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { messageOf } from "../errors.ts";
import { checkedZstd } from "../host/checked-zstd.ts";
import { LoopWatch } from "../measure/loop-watch.ts";
import type { Exchange } from "../workload/exchange.ts";
import { BodyLog } from "./body-log.ts";
import type { SegmentReport, TapConnections, TapListenerSpec } from "./control.ts";
import { timingOf } from "./exchange-record.ts";
import { LineWriter } from "./line-writer.ts";
import { SegmentTotals } from "./segment-totals.ts";

/** What is recorded between two snapshots: `taps.ndjson`, `bodies.ndjson` and their sums. */
export class TapSegment {
  readonly #timings: LineWriter;
  readonly #bodies: { readonly writer: LineWriter; readonly log: BodyLog } | null;
  readonly #totals: SegmentTotals;
  readonly #failure: FirstFailure;
  readonly #loop = new LoopWatch();
  readonly #sentAgain = new Map<string, number>();
  #open = 0;

  private constructor(parts: {
    timings: LineWriter;
    bodies: LineWriter | null;
    totals: SegmentTotals;
    failure: FirstFailure;
  }) {
    this.#timings = parts.timings;
    this.#bodies = parts.bodies === null ? null : { writer: parts.bodies, log: new BodyLog() };
    this.#totals = parts.totals;
    this.#failure = parts.failure;
  }

  /**
   * Creates the directory and its files.
   * @throws when they cannot be created
   */
  static async open(options: {
    readonly directory: string;
    readonly bodies: boolean;
    readonly listeners: Iterable<TapListenerSpec>;
    /** Told once, of the first file that cannot be written any more. */
    readonly onFailure: (message: string) => void;
  }): Promise<TapSegment> {
    await mkdir(options.directory, { recursive: true });
    const failure = new FirstFailure(options.onFailure);
    const writer = (name: string) =>
      LineWriter.open(join(options.directory, name), (message) => failure.report(message));
    return new TapSegment({
      timings: await writer("taps.ndjson"),
      bodies: options.bodies ? await writer("bodies.ndjson") : null,
      totals: new SegmentTotals(options.listeners),
      failure,
    });
  }

  /** Exchanges that began in this segment and have not been recorded. */
  get open(): number {
    return this.#open;
  }

  began(): void {
    this.#open += 1;
  }

  /** Records an exchange that began in this segment. */
  record(listener: string, exchange: Exchange): void {
    this.#open -= 1;
    this.#totals.add(listener, exchange);
    if (exchange.sentAgain !== undefined)
      this.#sentAgain.set(listener, (this.#sentAgain.get(listener) ?? 0) + 1);
    this.#timings.append(JSON.stringify(timingOf(exchange)));
    if (this.#bodies !== null) this.#bodies.writer.append(JSON.stringify(this.#bodies.log.line(exchange)));
  }

  /**
   * Ends the files and compresses the bodies. What has not ended by now is counted as unfinished.
   * @param opened connections to the upstream of each listener
   */
  async close(opened: ReadonlyMap<string, number>): Promise<SegmentReport> {
    const [totals, unfinished, loop] = [this.#totals.read(), this.#open, this.#loop.read()];
    const connections: TapConnections = Object.fromEntries(
      Array.from(opened, ([name, count]) => [
        name,
        { opened: count, sentAgain: this.#sentAgain.get(name) ?? 0 },
      ]),
    );
    this.#loop[Symbol.dispose]();
    await this.#flush();
    if (this.#bodies !== null && this.#failure.message === null)
      await this.#compress(this.#bodies.writer.path);
    return { totals, connections, unfinished, loop, evidenceError: this.#failure.message };
  }

  /** Closes the files as they are, when the tap has to end before the segment. */
  async abandon(): Promise<void> {
    this.#loop[Symbol.dispose]();
    await this.#flush();
  }

  async #flush(): Promise<void> {
    for (const writer of [this.#timings, this.#bodies?.writer]) {
      try {
        await writer?.close();
      } catch (thrown) {
        this.#failure.report(`${writer?.path} could not be closed: ${messageOf(thrown)}`);
      }
    }
  }

  /** The plain file is removed last: at every moment one of the two is whole. */
  async #compress(path: string): Promise<void> {
    const part = `${path}.zst.part`;
    try {
      await pipeline(createReadStream(path), checkedZstd(), createWriteStream(part));
      await rename(part, `${path}.zst`);
      await rm(path);
    } catch (thrown) {
      await rm(part, { force: true });
      this.#failure.report(`${path} is complete but could not be compressed: ${messageOf(thrown)}`);
    }
  }
}

class FirstFailure {
  readonly #onFailure: (message: string) => void;
  message: string | null = null;

  constructor(onFailure: (message: string) => void) {
    this.#onFailure = onFailure;
  }

  report(message: string): void {
    if (this.message !== null) return;
    this.message = message;
    this.#onFailure(message);
  }
}
