import type { ArmSpec } from "../config/arm-schema.ts";
import type { InnerEnd } from "../tap/control.ts";
import type { ExchangeTiming } from "../workload/exchange.ts";

/** What the taps saw of the request that failed. */
export interface FailedRequest {
  readonly arm: ArmSpec["kind"];
  /** Last outer exchange of the attempt; null when the request did not even reach the arm. */
  readonly outer: Pick<ExchangeTiming, "requestId" | "outcome"> | null;
  /** Last inner exchange of the attempt; null when there was none, or where the inner hop has no tap. */
  readonly inner: InnerEnd | null;
}

/**
 * Whose fault it is that a model request of the agent failed. The agent cannot know: to it the arm is the model. With a
 * tap on both sides of the gateway, what the engine did to the same request decides; where only the outer side is
 * tapped, it is the gateway's, which is what answered.
 */
export function faultyHop({ arm, outer, inner }: FailedRequest): "engine" | "gateway" {
  if (arm === "raw") return "engine";
  if (outer === null || inner?.requestId !== outer.requestId) return "gateway";
  if (inner.outcome !== "client-aborted") {
    return inner.outcome === "completed" && (inner.status ?? 500) < 400 ? "gateway" : "engine";
  }
  // Somebody left before the engine had answered: the agent, whose time was up, or the gateway.
  return outer.outcome === "client-aborted" ? "engine" : "gateway";
}
