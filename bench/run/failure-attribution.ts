import type { ArmSpec } from "../config/arm-schema.ts";
import type { InnerEnd } from "../tap/control.ts";
import type { ExchangeTiming } from "../workload/exchange.ts";

/** What the taps saw of the request that failed. */
export interface FailedRequest {
  readonly arm: ArmSpec["kind"];
  /** Last outer exchange of the attempt; null when the request did not even reach the arm. */
  readonly outer: Pick<ExchangeTiming, "requestId" | "outcome"> | null;
  /**
   * Last inner exchange of the attempt, or one that failed meanwhile without a name; null when there was none, or where
   * the inner hop has no tap.
   */
  readonly inner: InnerEnd | null;
}

/**
 * Whose fault it is that a model request of the agent failed. The agent cannot know: to it the arm is the model. With a
 * tap on both sides of the gateway, what the engine did to the same request decides, or, where the gateway passes no
 * names on, what it did to a request of the arm at that time. Where only the outer side is tapped (`kind: url` without
 * `innerTapPort`) it is the gateway's, which is what answered: a dead engine is then noticed as such by itself.
 */
export function attributeFailure({ arm, outer, inner }: FailedRequest): "engine" | "gateway" {
  if (arm === "raw") return "engine";
  if (outer === null || inner === null) return "gateway";
  if (inner.requestId !== null && inner.requestId !== outer.requestId) return "gateway";
  if (inner.outcome !== "client-aborted") {
    const { outcome, status, incomplete = null } = inner;
    return outcome === "completed" && (status ?? 500) < 400 && incomplete === null ? "gateway" : "engine";
  }
  // Somebody left before the engine had answered: the agent, whose time was up, or the gateway.
  return outer.outcome === "client-aborted" ? "engine" : "gateway";
}
