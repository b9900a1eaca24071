import { monitorEventLoopDelay, performance, type EventLoopUtilization } from "node:perf_hooks";

/** How late an event loop ran since the watch began: whatever it stamped or sent in between may be that late. */
export interface LoopDelay {
  /** Timers that were watched. */
  readonly samples: number;
  /** Milliseconds beyond the time at which the timer was due. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface LoopReading {
  /** Share of time in which the loop was busy, 0..1. */
  readonly eventLoopUtilization: number;
  /** null when the watch was too short for one timer. */
  readonly loopDelayMs: LoopDelay | null;
}

/** Watches the event loop of this thread until it is disposed of. */
export class LoopWatch implements Disposable {
  readonly #resolutionMs: number;
  readonly #delay: ReturnType<typeof monitorEventLoopDelay>;
  readonly #before: EventLoopUtilization = performance.eventLoopUtilization();

  /** @param resolutionMs a timer is watched about so often */
  constructor(resolutionMs = 10) {
    this.#resolutionMs = resolutionMs;
    this.#delay = monitorEventLoopDelay({ resolution: resolutionMs });
    this.#delay.enable();
  }

  read(): LoopReading {
    const { utilization } = performance.eventLoopUtilization(this.#before);
    const { count } = this.#delay;
    // Node records the time from timer to timer, which holds the resolution itself.
    const late = (intervalNs: number) => Math.max(0, intervalNs / 1e6 - this.#resolutionMs);
    const loopDelayMs =
      count === 0
        ? null
        : {
            samples: count,
            p50: late(this.#delay.percentile(50)),
            p99: late(this.#delay.percentile(99)),
            max: late(this.#delay.max),
          };
    return { eventLoopUtilization: utilization, loopDelayMs };
  }

  [Symbol.dispose](): void {
    this.#delay.disable();
  }
}
