import { expect, test } from "vitest";
import type { AgentTurn } from "../../bench/agent/agent.ts";
import { detailOfTurn, failureOfTurn } from "../../bench/workload/turn-failure.ts";

const message = "it is gone";

test.each<[AgentTurn, string | null]>([
  [{ status: "answered", text: "" }, null],
  [{ status: "timed-out", afterMs: 1 }, null],
  [{ status: "agent-error", kind: "context_overflow", message }, null],
  [{ status: "agent-error", kind: "tool_transport", message }, "tool-server"],
  [{ status: "model-unavailable", message }, "engine"],
  [{ status: "process-died", message }, "agent-process"],
  [{ status: "aborted" }, "harness"],
])("a turn %j fails the episode by %s", (turn, part) => {
  expect(failureOfTurn(turn)?.class ?? null).toBe(part);
});

test.each<[AgentTurn, string | null]>([
  [{ status: "answered", text: "" }, null],
  [{ status: "agent-error", kind: "context_overflow", message }, "context_overflow: it is gone"],
  [{ status: "timed-out", afterMs: 1500 }, "the turn took longer than 1.5 s (limits.turnSeconds)"],
  [{ status: "aborted" }, null],
])("a turn %j says why it has no answer", (turn, detail) => {
  expect(detailOfTurn(turn)).toBe(detail);
});
