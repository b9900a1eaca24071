/** A timer is good to about a millisecond: the rest of the wait is spent asking the clock between turns of the loop. */
const watchNs = 2e6;
const earlyNs = 1.2e6;
/** A turn of the loop that took less did nothing but ask the clock. */
const idleTurnNs = 60_000;

interface Due {
  readonly atNs: number;
  readonly order: number;
  readonly action: () => void;
}

/**
 * Runs actions at absolute monotonic times: sleeps while the next one is far, then watches the clock in every turn of
 * the event loop, so that arriving bytes are still stamped at once. Times are absolute, so lateness never adds up.
 */
export class Pacer {
  readonly #nowNs: () => number;
  readonly #heap: Due[] = [];
  #order = 0;
  #sleep: { readonly timer: NodeJS.Timeout; readonly untilNs: number } | null = null;
  #watching = false;
  #lastTurnNs = 0;
  #watchedNs = 0;

  constructor(nowNs: () => number) {
    this.#nowNs = nowNs;
  }

  /** Time spent on nothing but asking the clock, in nanoseconds. */
  get watchedNs(): number {
    return this.#watchedNs;
  }

  /** Time until the next action; Infinity when there is none. */
  leftNs(): number {
    const [next] = this.#heap;
    return next === undefined ? Number.POSITIVE_INFINITY : next.atNs - this.#nowNs();
  }

  /** Actions of equal times run in the order in which they were given. One that is due already runs in a later turn. */
  at(atNs: number, action: () => void): void {
    push(this.#heap, { atNs, order: (this.#order += 1), action });
    this.#arm();
  }

  /** Forgets what has not run. */
  clear(): void {
    this.#heap.length = 0;
    if (this.#sleep !== null) clearTimeout(this.#sleep.timer);
    this.#sleep = null;
  }

  #arm(): void {
    const [next] = this.#heap;
    if (next === undefined || this.#watching) return;
    const leftNs = next.atNs - this.#nowNs();
    if (leftNs <= watchNs) {
      if (this.#sleep !== null) clearTimeout(this.#sleep.timer);
      this.#sleep = null;
      this.#watching = true;
      this.#lastTurnNs = this.#nowNs();
      setImmediate(this.#turn);
      return;
    }
    const untilNs = next.atNs - earlyNs;
    if (this.#sleep !== null) {
      if (this.#sleep.untilNs <= untilNs) return;
      clearTimeout(this.#sleep.timer);
    }
    const timer = setTimeout(
      () => {
        this.#sleep = null;
        this.#arm();
      },
      Math.floor((leftNs - earlyNs) / 1e6),
    );
    this.#sleep = { timer, untilNs };
  }

  readonly #turn = (): void => {
    const nowNs = this.#nowNs();
    if (nowNs - this.#lastTurnNs < idleTurnNs) this.#watchedNs += nowNs - this.#lastTurnNs;
    for (let next = this.#heap[0]; next !== undefined && next.atNs <= this.#nowNs(); next = this.#heap[0]) {
      pop(this.#heap);
      next.action();
    }
    const [next] = this.#heap;
    this.#lastTurnNs = this.#nowNs();
    if (next !== undefined && next.atNs - this.#lastTurnNs <= watchNs) {
      setImmediate(this.#turn);
      return;
    }
    this.#watching = false;
    this.#arm();
  };
}

function before(a: Due, b: Due): boolean {
  return a.atNs < b.atNs || (a.atNs === b.atNs && a.order < b.order);
}

/** Binary heap: the earliest is at 0. */
function push(heap: Due[], due: Due): void {
  let at = heap.length;
  heap.push(due);
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !before(due, parent)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = due;
}

function pop(heap: Due[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let below = 2 * at + 1;
    const [left, right] = [heap[below], heap[below + 1]];
    if (left === undefined) break;
    let child = left;
    if (right !== undefined && before(right, left)) {
      child = right;
      below += 1;
    }
    if (!before(child, last)) break;
    heap[at] = child;
    at = below;
  }
  heap[at] = last;
}
