import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { compileCacheVariable, ownModule } from "../own-files.ts";
import { orders, rung, type AlarmCells } from "./alarm-cells.ts";

/**
 * Wakes the event loop at a time that is exact to some 0.05 ms. Node's own timers take whole milliseconds, and a loop
 * that watches the clock for the rest takes a whole processor at 1,000 actions a second. So a second thread sleeps in
 * the kernel, which knows microseconds, and wakes this one; bytes that arrive meanwhile are read at once.
 */
export class Alarm implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #cells: AlarmCells;
  /** Of Linux, for real-time scheduling; null where the system does not tell. */
  readonly threadId: number | null;
  #onRing: () => void = () => undefined;

  private constructor(worker: Worker, cells: AlarmCells, threadId: number | null) {
    this.#worker = worker;
    this.#cells = cells;
    this.threadId = threadId;
  }

  static async start(): Promise<Alarm> {
    const cells: AlarmCells = {
      words: new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)),
      due: new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)),
    };
    Atomics.store(cells.due, 0, never);
    const worker = new Worker(ownModule(new URL("./alarm-entry.ts", import.meta.url)), {
      workerData: cells,
      env: compileCacheVariable(),
    });
    const [threadId] = (await once(worker, "message")) as [number | null];
    const alarm = new Alarm(worker, cells, threadId);
    void alarm.#listen();
    return alarm;
  }

  /** What is called at each ring. It may come without an order, when one was replaced at the moment of its ring. */
  onRing(action: () => void): void {
    this.#onRing = action;
  }

  /** Rings once at this time; replaces the time given before. Infinity: it does not ring. */
  set(atNs: number): void {
    const { words, due } = this.#cells;
    Atomics.store(due, 0, Number.isFinite(atNs) ? BigInt(Math.round(atNs)) : never);
    Atomics.add(words, orders, 1);
    Atomics.notify(words, orders);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }

  async #listen(): Promise<never> {
    const { words } = this.#cells;
    for (;;) {
      const waited = Atomics.waitAsync(words, rung, 0);
      if (waited.async) await waited.value;
      // Before the call, so that a ring during it is not lost.
      Atomics.store(words, rung, 0);
      this.#onRing();
    }
  }
}

/** Some 292 years after the machine's start. */
const never = 2n ** 63n - 1n;
