import { expect, test } from "vitest";
import { causesOf } from "../../../bench/analysis/cell/causes.ts";
import { buildEpisode, plannedCell } from "../../store/run-builder.ts";

test("each kind of end that says why is counted, with the words of its first episode", () => {
  const cell = plannedCell("raw", 6);
  const agentError = (terminationDetail: string) => ({ termination: "agent_error", terminationDetail });
  const failed = (message: string) => ({
    status: "failed" as const,
    termination: null,
    failure: { class: "engine", message },
  });
  const changes = [
    {},
    agentError("empty_message: nothing"),
    failed("status 502"),
    agentError("malformed_tool_arguments: {"),
    failed("cut"),
    { termination: "max_steps", terminationDetail: null },
  ];
  const episodes = changes.map((change, index) => buildEpisode(cell, index, change));
  const first = (index: number, message: string) => ({
    episodeId: cell.episodeIds[index],
    arm: "raw",
    message,
  });
  expect(causesOf(episodes)).toEqual([
    { name: "agent_error", failed: false, episodes: 2, first: first(1, "empty_message: nothing") },
    { name: "engine", failed: true, episodes: 2, first: first(2, "status 502") },
  ]);
});
