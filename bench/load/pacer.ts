import type { Alarm } from "./alarm.ts";

/**
 * Bounds of the time before an action in which the clock is watched instead of slept. An alarm comes late by what the
 * kernel and the loop need: 0.05 to 0.1 ms with real-time scheduling, more where others compute.
 */
const leadMinNs = 0.1e6;
const leadMaxNs = 0.5e6;
/** An alarm that was later than the lead makes it as long at once; with each one after it shortens by this. */
const leadDecay = 0.98;

interface Due {
  readonly atNs: number;
  readonly order: number;
  readonly action: () => void;
}

/**
 * Runs actions at absolute monotonic times: sleeps until shortly before the next one, then watches the clock in every
 * turn of the event loop, so that arriving bytes are still stamped at once. Watching takes the whole processor, so it
 * lasts no longer than alarms are late on this machine, as far as `leadMaxNs`. Times are absolute, so lateness never
 * adds up.
 */
export class Pacer {
  readonly #nowNs: () => number;
  readonly #alarm: Pick<Alarm, "set" | "onRing">;
  readonly #heap: Due[] = [];
  #order = 0;
  #alarmNs = Number.POSITIVE_INFINITY;
  #watching = false;
  #leadNs = leadMaxNs;

  constructor(nowNs: () => number, alarm: Pick<Alarm, "set" | "onRing">) {
    this.#nowNs = nowNs;
    this.#alarm = alarm;
    alarm.onRing(() => this.#wake());
  }

  /** Time before an action in which the clock is watched, in nanoseconds. */
  get leadNs(): number {
    return this.#leadNs;
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

  /**
   * Runs what is due. For whoever waits for that in turns of the loop: the alarm's thread may have no processor as long as
   * this one takes it.
   */
  look(): void {
    this.#runDue();
    this.#arm();
  }

  /** Forgets what has not run. */
  clear(): void {
    this.#heap.length = 0;
    this.#setAlarm(Number.POSITIVE_INFINITY);
  }

  #arm(): void {
    const [next] = this.#heap;
    if (next === undefined || this.#watching) return;
    const wakeNs = next.atNs - this.#leadNs;
    if (wakeNs > this.#nowNs()) {
      this.#setAlarm(wakeNs);
      return;
    }
    this.#watching = true;
    setImmediate(this.#turn);
  }

  #setAlarm(atNs: number): void {
    if (atNs === this.#alarmNs) return;
    this.#alarmNs = atNs;
    this.#alarm.set(atNs);
  }

  #wake(): void {
    const lateNs = this.#nowNs() - this.#alarmNs;
    // Negative: the ring is of an alarm that was replaced meanwhile.
    if (lateNs >= 0) {
      this.#alarmNs = Number.POSITIVE_INFINITY;
      this.#leadNs = Math.min(leadMaxNs, Math.max(leadMinNs, lateNs, this.#leadNs * leadDecay));
    }
    this.#arm();
  }

  readonly #turn = (): void => {
    this.#runDue();
    this.#watching = false;
    this.#arm();
  };

  #runDue(): void {
    for (let next = this.#heap[0]; next !== undefined && next.atNs <= this.#nowNs(); next = this.#heap[0]) {
      pop(this.#heap);
      next.action();
    }
  }
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
