import { Counter, Gauge, Registry } from "prom-client";
import type { SessionStore } from "../sessions/session-store.ts";

/** The gateway's own Prometheus page. */
export class GatewayMetrics {
  readonly registry = new Registry();
  readonly requests = this.#counter("requests_total", "Requests by route and status", ["route", "status"]);
  readonly calls = this.#counter("calls_total", "Chat calls by outcome", ["outcome"]);
  readonly lateCalls = this.#counter("late_calls_total", "Calls in flight at a reward or begun after it");
  readonly unrecordedCalls = this.#counter(
    "unrecorded_calls_total",
    "Calls with the admin key, in no session",
  );
  readonly repeatedRewards = this.#counter("repeated_rewards_total", "Rewards for a trajectory that had one");

  readonly notes = this.#counter("call_notes_total", "Calls with something unusual about them", ["note"]);

  readonly renderingCheck = new Gauge({
    name: "tollgate_gateway_rendering_check",
    help: "Whether the engine renders as this gateway does, and the form of tools that was learned from it (level L2)",
    labelNames: ["result", "tool_form"],
    registers: [this.registry],
  });

  readonly recordingInfo = new Gauge({
    name: "tollgate_gateway_recording_info",
    help: "Recording level and whether streaming is true or simulated; with simulated streaming TTFT means nothing",
    labelNames: ["level", "streaming"],
    registers: [this.registry],
  });

  constructor(sessions: SessionStore) {
    this.#gauge("sessions", "Sessions that have not been removed", () => sessions.count);
    this.#gauge("recorded_chars", "Characters of recorded text", () => sessions.chars);
  }

  #counter<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Counter<Label> {
    return new Counter({ name: `tollgate_gateway_${name}`, help, labelNames, registers: [this.registry] });
  }

  #gauge(name: string, help: string, read: () => number): void {
    const collect = (): void => gauge.set(read());
    const gauge: Gauge = new Gauge({
      name: `tollgate_gateway_${name}`,
      help,
      registers: [this.registry],
      collect,
    });
  }
}
