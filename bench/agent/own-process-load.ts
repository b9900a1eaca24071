import { performance, type EventLoopUtilization } from "node:perf_hooks";

/** The event loop of an agent that runs in the driver's own process. */
export class OwnProcessLoad {
  readonly #process: string;
  #measured: EventLoopUtilization = performance.eventLoopUtilization();

  constructor(process: string) {
    this.#process = process;
  }

  /** The share of time that it was busy since the last call. */
  take() {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#measured);
    this.#measured = now;
    return [{ process: this.#process, eventLoopUtilization: utilization }];
  }
}
