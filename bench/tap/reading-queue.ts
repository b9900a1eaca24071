import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

/**
 * Reads what has ended, in order, some time after its end and a little at each turn of the event loop: what arrived meanwhile is passed on
 * in between. Sixty answers that end together would otherwise be read in one go, and hold the requests that follow them for as long.
 */
export class ReadingQueue<Item> {
  readonly #read: (item: Item) => Promise<void>;
  readonly #afterMs: number;
  #waiting: { readonly item: Item; readonly dueMs: number }[] = [];
  #isReading = false;

  /** @param read never rejects */
  constructor(read: (item: Item) => Promise<void>, afterMs: number) {
    this.#read = read;
    this.#afterMs = afterMs;
  }

  add(item: Item): void {
    this.#waiting.push({ item, dueMs: performance.now() + this.#afterMs });
    if (!this.#isReading) void this.#readAll();
  }

  async #readAll(): Promise<void> {
    this.#isReading = true;
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined) break;
      const waitMs = first.dueMs - performance.now();
      if (waitMs > 0) await sleep(Math.ceil(waitMs));
      // The longer the queue, the more at once: it must not grow while others send without a pause.
      const share = this.#waiting.splice(0, Math.ceil(this.#waiting.length / turnsToEmpty));
      for (const { item } of share) await this.#read(item);
      await nextTurn();
    }
    this.#isReading = false;
  }
}

const turnsToEmpty = 128;
