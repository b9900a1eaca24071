import type { AgentTurn } from "../agent/agent.ts";
import type { Failure } from "./workload.ts";

/** Why a turn ended without an answer, where that is a result of the agent's; null where its status says all. */
export function detailOfTurn(turn: AgentTurn): string | null {
  if (turn.status === "agent-error") return `${turn.kind}: ${turn.message}`;
  return turn.status === "timed-out"
    ? `the turn took longer than ${turn.afterMs / 1000} s (limits.turnSeconds)`
    : null;
}

export const abortedByNobody: Failure = {
  class: "harness",
  message: "the turn was aborted, but nobody asked for it",
};

/** A tool server that cannot be reached, or answers with an error of its own, is no fault of the agent. */
const toolServerFaults = new Set(
  ["transport", "bad-token", "unknown-op", "unknown-session", "deadline", "closed", "internal"].map(
    (code) => `tool_${code}`,
  ),
);

/** The part that a turn without an answer fails by; null where the turn has a result: an answer, or the agent's own failure. */
export function failureOfTurn(turn: AgentTurn): Failure | null {
  switch (turn.status) {
    case "agent-error":
      return toolServerFaults.has(turn.kind) ? { class: "tool-server", message: turn.message } : null;
    case "model-unavailable":
      return { class: "engine", message: turn.message };
    case "process-died":
      return { class: "agent-process", message: turn.message };
    case "aborted":
      return abortedByNobody;
    case "answered":
    case "timed-out":
      return null;
  }
}
