import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { renderConversation } from "../../../bench/report/views/conversation.ts";
import { episodesTable, listEpisodes } from "../../../bench/report/views/episode-list.ts";
import { inspectEpisode } from "../../../bench/report/views/inspect.ts";
import { runsTable } from "../../../bench/report/views/runs.ts";
import { renderStatus } from "../../../bench/report/views/status.ts";
import { renderTable } from "../../../bench/report/formats/terminal.ts";
import { listRuns } from "../../../bench/store/list-runs.ts";
import { nextCommand } from "../../../bench/store/next-command.ts";
import { progressOf } from "../../../bench/store/progress.ts";
import { openEpisodeIndex } from "../../../bench/store/episode-index.ts";
import { readRun } from "../../../bench/store/read-run.ts";
import { RunDirectory } from "../../../bench/store/run-directory.ts";
import {
  buildAttempt,
  buildEpisode,
  buildIdentity,
  plannedCell,
  runStarted,
  transcript,
} from "../../store/run-builder.ts";
import { writeSegment } from "../../evidence/evidence-builder.ts";

let scratch: string;
let directory: string;
const cells = [plannedCell("raw", 2), plannedCell("gateway", 2)];

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-inspect-"));
  const identity = buildIdentity({ cells });
  await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
  directory = run.path;
  await run.append(runStarted(identity));
  await writeSegment(run, { cell: cells[0]!, episodes: [0, 1] });
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const inspectable = async (of: string) => ({ index: await openEpisodeIndex(of), runId: basename(of) });
const listed = async (of: string) =>
  renderTable(episodesTable(await listEpisodes(await inspectable(of), { choice: {}, limit: 200, page: 1 })));

test("where nobody is played by a second model, nothing is said of one", async () => {
  const [episodeId] = cells[0]!.episodeIds;
  const found = await inspectEpisode(await inspectable(directory), episodeId!.slice(0, 6));
  const userUsage = { requests: 0, promptTokens: 0, completionTokens: 0, cachedTokens: 0 };
  const lines = renderConversation({ ...found, record: { ...found.record, userUsage } }).split("\n");
  expect(lines[3]).toBe("agent 3 requests, 300 (100 cached) -> 30 tokens");
});

test("an episode reads as a conversation", async () => {
  const [episodeId] = cells[0]!.episodeIds;
  const text = renderConversation(await inspectEpisode(await inspectable(directory), episodeId!.slice(0, 6)));
  expect(text).toBe(
    [
      `${episodeId}  library task 0 trial 0 seed 300`,
      "c1-r0-raw (raw, closed:1), openclaw 2026.9.6, simulated engines",
      "completed after 0.900 s, 6 steps, 2 tool calls (0 errors)",
      "agent 3 requests, 300 (100 cached) -> 30 tokens; user 2 requests, 100 -> 20 tokens",
      `attempt ${episodeId}-s0`,
      "",
      "[system] 22 characters, tools 1",
      "  # Policy\\u000d",
      "  Be exact. 日本",
      "",
      "[assistant]",
      "  Hi! How can I help?",
      "",
      "[user]",
      "  Is Dune in?",
      "",
      "[assistant] 100 (0 cached) -> 10 tokens",
      '  -> get_book({"title": "Dune", "n": 2.0})  call_1-a',
      "",
      "[tool result for call_1-a] assistant's call",
      '  {"copies": 1}',
      "",
      "[assistant] 120 (100 cached) -> 8 tokens",
      "  Yes, one copy.",
      "",
      "[end] user_stop",
      "  reward 1.00 from DB",
      '  {"reward":1}',
      "",
      "Time by turn, ms",
      "┌───────────────┬─────────┬─────────┬────────┬────────┬──────┐",
      "│ turn          │   agent │   taps, │ to 1st │ decode │  sum │",
      "│               │ between │ gateway │  token │        │      │",
      "├───────────────┼─────────┼─────────┼────────┼────────┼──────┤",
      "│ 1             │     197 │    3.00 │    150 │    453 │  803 │",
      "│ session calls │         │         │        │        │    - │",
      "│ residue       │         │         │        │        │ 97.0 │",
      "│ episode       │         │         │        │        │  900 │",
      "└───────────────┴─────────┴─────────┴────────┴────────┴──────┘",
    ].join("\n"),
  );
});

test("times of the outer tap stand beside what a request produced; escape sequences do nothing", async () => {
  const identity = buildIdentity({ runId: "escapes", cells: [cells[1]!] });
  const run = await RunDirectory.create(scratch, { identity, pid: process.pid });
  await writeSegment(run, { cell: cells[1]!, episodes: [] });
  const episode = buildEpisode(cells[1]!, 0);
  const messages = transcript.messages.map((message) =>
    message.role === "user"
      ? { ...message, content: "\u001b[2Jgone", reasoning: "Go\naway.", requestId: "r-user" }
      : message,
  );
  await run.appendEpisode(episode, {
    ...buildAttempt(),
    facts: { rewardInfo: null, transcript: { ...transcript, messages } },
  });
  await run[Symbol.asyncDispose]();
  const timing = {
    v: 1,
    hop: "outer",
    arm: "gateway",
    requestId: "r2",
    episodeId: episode.episodeId,
    attemptKey: "a0",
    method: "POST",
    path: "/v1/chat/completions",
    status: 200,
    outcome: "completed",
    error: null,
    streamed: true,
    requestBytes: 1,
    responseBytes: 1,
    startedNs: 0,
    requestEndNs: 0,
    firstByteNs: 10e6,
    firstTokenNs: 25e6,
    lastTokenNs: 90e6,
    endedNs: 100e6,
    chunks: [],
    usage: null,
    finishReason: "stop",
  };
  await appendFile(
    join(run.path, "evidence", cells[1]!.cellId, "s0", "taps.ndjson"),
    `${JSON.stringify(timing)}\n`,
  );
  const text = renderConversation(await inspectEpisode(await inspectable(run.path), episode.episodeId));
  expect(text).toContain("[assistant] 120 (100 cached) -> 8 tokens; TTFT 25.0 ms, E2E 100 ms");
  expect(text).toContain("  (reasoning) Go\n  away.\n  \\u001b[2Jgone");
  expect(text).not.toContain("\u001b");
});

test("why an episode ended early stands at its end, and once for each kind below the list", async () => {
  const identity = buildIdentity({ runId: "causes", cells: [cells[1]!] });
  const run = await RunDirectory.create(scratch, { identity, pid: process.pid });
  const terminationDetail = "empty_message: The model said \u001b nothing";
  const episode = buildEpisode(cells[1]!, 0, { termination: "agent_error", reward: 0, terminationDetail });
  await writeSegment(run, { cell: cells[1]!, episodes: [] });
  await run.appendEpisode(episode, buildAttempt());
  await run[Symbol.asyncDispose]();
  expect((await listed(run.path)).split("\n").at(-1)).toBe(
    `agent_error: 1 episode ${episode.episodeId}: empty_message: The model said \\u001b nothing`,
  );
  expect(renderConversation(await inspectEpisode(await inspectable(run.path), episode.episodeId))).toContain(
    "[end] agent_error\n  empty_message: The model said \\u001b nothing\n  reward 0",
  );
});

test("an unknown or ambiguous episode says how to find one", async () => {
  const run = await inspectable(directory);
  await expect(inspectEpisode(run, "zzz")).rejects.toThrow(
    /^No finished episode of .* begins with zzz.*inspect/,
  );
  await expect(inspectEpisode(run, "")).rejects.toThrow(/^2 episodes of/);
});

test("episodes, status and runs as tables", async () => {
  const run = await readRun(directory);
  const [first] = cells[0]!.episodeIds;
  expect((await listed(directory)).split("\n")[4]).toBe(
    `│ ${first} │ c1-r0-raw │ library/0 │     0 │ completed │ user_stop │   1.00 │     6 │     2 │ 0.900 │`,
  );
  const status = renderStatus(progressOf(run, false), { ...run, next: nextCommand(run) }).split("\n");
  expect(status.slice(0, 3)).toEqual([
    `${run.identity.runId}: interrupted, 2 of 4 episodes: 2 completed`,
    "simulated engines",
    "12.0 episodes/min while cells run, about 10 s left",
  ]);
  expect(status.join("\n")).toContain(
    "│ c1-r0-gateway │ gateway │ closed:1 │ planned  │      0/2 │      0 │ -       │",
  );
  expect(status.at(-1)).toBe(`To go on: tollgate resume ${run.directory}`);
  const runs = renderTable(runsTable((await listRuns(scratch)).runs));
  expect(runs).toContain(
    `│ ${basename(directory)} │ 2026-11-21 12:00Z │ unknown   │ interrupted │      2/4 │      0 │ -       │ -    │`,
  );
});
