/** Node's longest timer, 24.8 days. A longer one would fire at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** Calls back once when a time is over, however long it is, unless it is disposed of before. Does not keep the process alive. */
export class Timer implements Disposable {
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number, over: () => void) {
    this.#wait(ms, over);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #wait(ms: number, over: () => void): void {
    const stretchMs = Math.min(ms, longestTimerMs);
    this.#timer = setTimeout(() => (ms > stretchMs ? this.#wait(ms - stretchMs, over) : over()), stretchMs);
    this.#timer.unref();
  }
}

/** A signal that is aborted when a time is over, however long it is. Disposed of, it never is. */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: Timer;

  constructor(ms: number) {
    this.#timer = new Timer(ms, () =>
      this.#controller.abort(new DOMException(`not done within ${ms} ms`, "TimeoutError")),
    );
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get over(): boolean {
    return this.#controller.signal.aborted;
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }
}
