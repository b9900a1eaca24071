import type { ArmSpec } from "../config/arm-schema.ts";
import { isOutOfResources } from "../errors.ts";
import type { Exchange, MatchedInnerEnd } from "../workload/exchange.ts";
import type { FailureClass } from "../workload/workload.ts";

/** What the taps saw of a request that failed. */
export type FailedRequest = Pick<
  Exchange,
  "outcome" | "error" | "finishReason" | "responseBytes" | "firstTokenNs" | "inner"
>;

/**
 * Whose fault it is that a model request of the agent failed. The agent cannot know: to it the arm is the model. With a
 * tap on both sides of the gateway, what the engine did to the same request decides. Where only the outer side is tapped
 * (`kind: url` without `innerTapPort`) it is the gateway's, which is what answered: a dead engine is then noticed as such
 * by itself. A tap that has no descriptors or ports left is nobody else's fault.
 *
 * @param outer null where the request is not known: then it did not come through a gateway, or failed in it
 */
export function attributeFailure(arm: ArmSpec["kind"], outer: FailedRequest | null): FailureClass {
  const between = arm === "raw" ? "tap" : "gateway";
  if (outer === null) return arm === "raw" ? "engine" : "gateway";
  const seen = outer.inner ?? [];
  if ([outer, ...seen].some(({ error }) => isOutOfResources(error))) return "tap";
  const ends = seen.some(({ certain }) => certain) ? seen.filter(({ certain }) => certain) : seen;
  const last = ends.findLast(({ outcome }) => outcome !== "client-aborted") ?? ends.at(-1);
  if (last === undefined) return between;
  // Somebody left before the engine had answered: the agent, whose time was up, or what stands between.
  if (last.outcome === "client-aborted") return outer.outcome === "client-aborted" ? "engine" : between;
  return isWhole(last) && !isPassedOn(last, outer) ? between : "engine";
}

/**
 * Whose fault it is that the simulated user's model did not answer. Between it and its engine is a tap of ours and nothing else.
 * @param message what the user's side was told
 */
export function attributeUserFailure(message: string): FailureClass {
  if (!isOutOfResources(message)) return "user-engine";
  return message.includes("tap_upstream_unreachable") ? "tap" : "harness";
}

function isWhole({ outcome, status, incomplete }: MatchedInnerEnd): boolean {
  return outcome === "completed" && status === 200 && incomplete === null;
}

/** The engine's answer has come out as it was: what is wrong in it was wrong before. */
function isPassedOn(inner: MatchedInnerEnd, outer: FailedRequest): boolean {
  const silent = outer.firstTokenNs === null;
  if (outer.outcome !== "completed") return false;
  return (
    inner.responseBytes === outer.responseBytes ||
    (inner.finishReason !== null && inner.finishReason === outer.finishReason && silent && inner.silent)
  );
}
