import type { AgentTurn } from "../agent.ts";
import type { AgentRunEnd } from "./agent-run.ts";
import type { TurnOutcome } from "./frames.ts";
import type { GatewayRefusal } from "./websocket-client.ts";

/** Whether what failed was the latest model request. */
export function isOfRequest(failure: TurnOutcome["failure"]): boolean {
  return failure?.kind === "model" || failure?.kind === "incomplete_turn";
}

/** Whether the gateway has refused a run for a reason in which the model had no part. */
export function isOwnFault({ rpcCode }: GatewayRefusal, hasAsked: boolean): boolean {
  return rpcCode === "UNREADABLE" || !hasAsked;
}

/** How a run can end that nobody stopped. */
type EndedTurn = Extract<AgentTurn, { status: "answered" | "agent-error" | "model-unavailable" }>;

export function exactTurn(end: Exclude<AgentRunEnd, { kind: "stopped" }>, outcome: TurnOutcome): EndedTurn {
  // OpenClaw's own reply text is trimmed and cleaned of its directives; the model's words are what counts.
  if (outcome.answer !== null) return { status: "answered", text: outcome.answer };
  if (outcome.failure !== null) return failedTurn(end, outcome.failure);
  if (end.kind === "refused") {
    return { status: "agent-error", kind: end.error.rpcCode.toLowerCase(), message: end.error.message };
  }
  const error = end.result.result?.meta?.error;
  if (error !== undefined) return { status: "agent-error", kind: error.kind, message: error.message };
  const { status, summary = "no summary" } = end.result;
  const message = `OpenClaw ended the run as ${status} (${summary}) without an answer of the model`;
  return { status: "agent-error", kind: "no_answer", message };
}

function failedTurn(
  end: Exclude<AgentRunEnd, { kind: "stopped" }>,
  failure: NonNullable<TurnOutcome["failure"]>,
): EndedTurn {
  if (failure.kind !== "model") return { status: "agent-error", ...failure };
  const error = end.kind === "result" ? end.result.result?.meta?.error : undefined;
  if (error !== undefined) return { status: "agent-error", kind: error.kind, message: error.message };
  return { status: "model-unavailable", message: failure.message };
}

export function stockTurn(end: Exclude<AgentRunEnd, { kind: "stopped" }>, outcome: TurnOutcome): EndedTurn {
  if (end.kind === "refused" || end.result.result?.meta?.error !== undefined) return exactTurn(end, outcome);
  const text = (end.result.result?.payloads ?? []).map((payload) => payload.text ?? "").join("\n");
  if (end.result.status === "ok" && text !== "") return { status: "answered", text };
  return exactTurn(end, outcome);
}
