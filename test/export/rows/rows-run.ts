import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TapTiming } from "../../../bench/evidence/tap-timing.ts";
import { RunDirectory } from "../../../bench/store/run-directory.ts";
import {
  buildAttempt,
  buildEpisode,
  buildIdentity,
  plannedCell,
  runStarted,
  segmentEnded,
  segmentStarted,
} from "../../store/run-builder.ts";
import { buildTiming } from "../../evidence/tap-builder.ts";

export const cell = plannedCell("gateway", 3);
const [first = "", second = "", third = ""] = cell.episodeIds;

const call = (episodeId: string, changes: Partial<TapTiming> = {}): TapTiming =>
  buildTiming({ arm: "gateway", episodeId, attemptKey: `${episodeId}-s0`, ...changes });

/** Of one attempt: the user speaks, the agent asks twice, the second time in vain; and a look at the models. */
export const timings: readonly TapTiming[] = [
  call(first, {
    hop: "user",
    arm: "user",
    requestId: "u1",
    startedNs: 10e6,
    endedNs: 20e6,
    streamed: false,
    firstTokenNs: null,
    lastTokenNs: null,
  }),
  call(first, {
    requestId: "r1",
    startedNs: 100e6,
    requestEndNs: 100e6,
    firstByteNs: 130e6,
    firstTokenNs: 150e6,
    lastTokenNs: 220e6,
    endedNs: 230e6,
  }),
  call(first, {
    hop: "inner",
    requestId: "r1",
    startedNs: 102e6,
    requestEndNs: 102e6,
    firstByteNs: 128e6,
    firstTokenNs: 147e6,
    lastTokenNs: 218e6,
    endedNs: 225e6,
    usage: { promptTokens: 100, completionTokens: 8, cachedTokens: null },
  }),
  call(first, {
    requestId: "r2",
    startedNs: 300e6,
    requestEndNs: 300e6,
    status: 503,
    outcome: "completed",
    error: 'busy, "later"\nor never',
    streamed: false,
    firstByteNs: 305e6,
    firstTokenNs: null,
    lastTokenNs: null,
    endedNs: 306e6,
    usage: null,
    finishReason: null,
  }),
  call(first, { method: "GET", path: "/v1/models", requestId: "m1", startedNs: 1e6 }),
  call(second, {
    requestId: "r3",
    attemptKey: `${second}-s0-killed`,
    startedNs: 400e6,
    requestEndNs: 400e6,
    firstByteNs: 401e6,
    firstTokenNs: 402e6,
    lastTokenNs: 409e6,
    endedNs: 410e6,
  }),
];

/** A run of one cell: an episode with requests, one whose attempt was another, one that failed, without evidence of its own. */
export async function buildRowsRun(parent: string): Promise<string> {
  const identity = buildIdentity({ cells: [cell] });
  await using run = await RunDirectory.create(parent, { identity, pid: process.pid });
  await run.append(runStarted(identity));
  await run.append(segmentStarted(cell.cellId));
  const scores = [{ name: "reward", value: 1, passed: true }];
  await run.appendEpisode(
    buildEpisode(cell, 0, { startedNs: 0, endedNs: 500e6, scores, labels: ["model-retried"] }),
    buildAttempt(`${first}-s0`),
  );
  await run.appendEpisode(buildEpisode(cell, 1, { cachedTokens: null }), buildAttempt(`${second}-s0`));
  const failure = { class: "engine", message: "gone" };
  await run.appendEpisode(
    buildEpisode(cell, 2, { status: "failed", reward: null, termination: null, failure }),
    buildAttempt(`${third}-s0`),
  );
  await run.append(segmentEnded(cell.cellId));
  const folder = await run.segmentDirectory(cell.cellId, "s0");
  mkdirSync(folder, { recursive: true });
  const lines = (values: readonly object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join("");
  writeFileSync(join(folder, "taps.ndjson"), lines(timings));
  const tool = {
    episodeId: first,
    attemptKey: `${first}-s0`,
    toolCallId: "call-1",
    name: "get_book",
    argumentsText: "{}",
    requestor: "assistant",
    content: "x",
    error: false,
    receivedNs: 240e6,
    startedNs: 241e6,
    endedNs: 250e6,
  };
  writeFileSync(
    join(folder, "tools.ndjson"),
    lines([tool, { ...tool, toolCallId: "call-2", error: true, receivedNs: 255e6, endedNs: 256e6 }]),
  );
  return run.path;
}
