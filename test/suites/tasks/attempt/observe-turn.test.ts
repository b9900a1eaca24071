import { expect, test } from "vitest";
import type { TranscriptMessage } from "../../../../bench/transcript/transcript.ts";
import type { ToolCallLog } from "../../../../bench/workload/workload.ts";
import { observeTurn } from "../../../../suites/tasks/attempt/observe-turn.ts";

const spoken = (content: string | null, ids: readonly string[] = []): TranscriptMessage => ({
  role: "assistant",
  content,
  toolCalls: ids.length === 0 ? null : ids.map((id) => ({ id, name: "read", arguments: `{"path":"${id}"}` })),
  requestId: "r1",
  usage: null,
});
const answer = (
  toolCallId: string,
  answeredBy: "agent" | "tool-server" = "tool-server",
): TranscriptMessage => ({
  role: "tool",
  toolCallId,
  content: `text of ${toolCallId}`,
  error: answeredBy === "agent",
  requestor: "assistant",
  answeredBy,
});
const line = (toolCallId: string, startedNs: number, content = `text of ${toolCallId}`): ToolCallLog => ({
  episodeId: "e",
  attemptKey: "a",
  toolCallId,
  name: "read",
  argumentsText: "",
  requestor: "assistant",
  content,
  error: false,
  receivedNs: startedNs,
  startedNs,
  endedNs: startedNs + 5,
});

const observed = (messages: readonly TranscriptMessage[], log: readonly ToolCallLog[]) =>
  observeTurn({
    index: 2,
    message: "Do it",
    read: { messages, failure: null, detail: null, labels: [], turn: { status: "answered", text: "Done" } },
    log,
    exchanges: [],
    promptedNs: 100,
    endedNs: 900,
    changedFiles: ["x"],
  });

test("each message of the model stands with the calls that it asked for, with the stamps of who executed them", () => {
  const { turn, calls } = observed(
    [
      spoken("Let me look", ["a", "b"]),
      answer("b"),
      answer("a"),
      spoken(null, ["c"]),
      answer("c"),
      spoken("Done"),
    ],
    [line("b", 300), line("a", 200), line("c", 400)],
  );
  expect(turn.assistant).toEqual([
    { text: "Let me look", calls: 2 },
    { text: "", calls: 1 },
    { text: "Done", calls: 0 },
  ]);
  expect(turn.reply).toBe("Done");
  expect(calls.map(({ argumentsText, startedNs, turn: index }) => [argumentsText, startedNs, index])).toEqual(
    [
      ['{"path":"a"}', 200, 2],
      ['{"path":"b"}', 300, 2],
      ['{"path":"c"}', 400, 2],
    ],
  );
});

test("a call that the agent program refused by itself is a failed call, and one that nobody answered is none", () => {
  const { turn, calls } = observed([spoken("", ["a", "b"]), answer("a", "agent")], []);
  expect(calls.map(({ error, result, startedNs }) => [error, result, startedNs])).toEqual([
    [true, "text of a", 900],
  ]);
  expect(turn.assistant).toEqual([{ text: "", calls: 1 }]);
});

test("an id that the model used twice names two executions", () => {
  const { calls } = observed(
    [spoken("", ["a"]), answer("a"), spoken("", ["a"]), answer("a")],
    [line("a", 10), line("a", 20)],
  );
  expect(calls.map(({ startedNs }) => startedNs)).toEqual([10, 20]);
});
