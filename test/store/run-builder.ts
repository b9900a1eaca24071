import { createHash } from "node:crypto";
import type { EpisodeRecord, RunRecord, SegmentEndedRecord } from "../../bench/store/record.ts";
import type { RunJson } from "../../bench/store/run-json.ts";
import type { AttemptEvidence } from "../../bench/store/trajectory.ts";
import type { Transcript } from "../../bench/transcript/transcript.ts";

/** Run directories by code: a plan of cells x episodes, and records that belong to it. */
export function hex(...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(parts.join("/")).digest("hex").slice(0, 16);
}

export function buildIdentity(overrides: Partial<RunJson> = {}): RunJson {
  return {
    v: 1,
    runId: "laptop-20261121T120000Z-0a1b2c",
    experiment: "laptop",
    note: "",
    createdAt: "2026-11-21T12:00:00.000Z",
    argv: ["sweep", "experiments/laptop.yaml"],
    resolved: { name: "laptop" },
    hashes: { experiment: "1111111111111111", data: "2222222222222222" },
    versions: { tollgate: "0.1.0", node: "24.21.0" },
    git: { revision: "0".repeat(40), dirty: false },
    host: {
      platform: "linux",
      architecture: "x64",
      kernel: "6.1",
      cpuModel: "a processor",
      cpuCount: 2,
      memoryBytes: 8e9,
      gpus: [],
    },
    agent: { name: "openclaw", version: "2026.9.6" },
    simulated: true,
    workload: {},
    cells: [plannedCell("raw", 2), plannedCell("gateway", 2)],
    ...overrides,
  };
}

export function plannedCell(arm: string, episodes: number, concurrency = 1): RunJson["cells"][number] {
  const cellId = `c${concurrency}-r0-${arm}`;
  return {
    cellId,
    arm,
    armKind: arm === "raw" ? "raw" : "gateway",
    load: `closed:${concurrency}`,
    concurrency,
    repetition: 0,
    episodeIds: Array.from({ length: episodes }, (_, index) => hex(cellId, index)),
  };
}

export function buildEpisode(
  cell: RunJson["cells"][number],
  index: number,
  overrides: Partial<EpisodeRecord> = {},
): EpisodeRecord {
  return {
    v: 1,
    type: "episode",
    episodeId: cell.episodeIds[index] ?? hex(cell.cellId, index),
    cellId: cell.cellId,
    segmentId: "s0",
    arm: cell.arm,
    load: cell.load,
    repetition: cell.repetition,
    domain: "library",
    taskId: String(index),
    trial: 0,
    seed: 300,
    agent: { name: "openclaw", version: "2026.9.6" },
    simulated: true,
    status: "completed",
    termination: "user_stop",
    reward: 1,
    rewardBasis: ["DB"],
    failure: null,
    labels: [],
    startedNs: 1e9 * index,
    endedNs: 1e9 * index + 9e8,
    steps: 6,
    toolCalls: 2,
    toolErrors: 0,
    requests: 3,
    promptTokens: 300,
    completionTokens: 30,
    cachedTokens: 100,
    userUsage: { requests: 2, promptTokens: 100, completionTokens: 20, cachedTokens: null },
    sessionMs: null,
    ...overrides,
  };
}

export const transcript: Transcript = {
  system: "# Policy\r\nBe exact. 日本",
  tools: '[{"type":"function","function":{"name":"get_book","parameters":{"type":"object"}}}]',
  messages: [
    { role: "assistant", content: "Hi! How can I help?", toolCalls: null, requestId: null, usage: null },
    { role: "user", content: "Is Dune in?", toolCalls: null, requestId: null, usage: null },
    {
      role: "assistant",
      content: null,
      toolCalls: [{ id: "call_1-a", name: "get_book", arguments: '{"title": "Dune", "n": 2.0}' }],
      requestId: "r1",
      usage: { promptTokens: 100, completionTokens: 10, cachedTokens: 0 },
    },
    {
      role: "tool",
      toolCallId: "call_1-a",
      content: '{"copies": 1}',
      error: false,
      requestor: "assistant",
      answeredBy: "tool-server",
    },
    {
      role: "assistant",
      content: "Yes, one copy.",
      toolCalls: null,
      requestId: "r2",
      usage: { promptTokens: 120, completionTokens: 8, cachedTokens: 100 },
    },
  ],
};

export function buildAttempt(
  attemptKey = "a0",
  recorded: AttemptEvidence["recorded"] = null,
): AttemptEvidence {
  return { attemptKey, facts: { transcript, rewardInfo: { reward: 1 } }, recorded };
}

export function runStarted(identity: RunJson, resumed = false): RunRecord & { type: "run-started" } {
  return {
    v: 1,
    type: "run-started",
    runId: identity.runId,
    at: "2026-11-21T12:00:00.000Z",
    plannedEpisodes: identity.cells.reduce((sum, cell) => sum + cell.episodeIds.length, 0),
    plannedCells: identity.cells.length,
    resumed,
  };
}

export function segmentStarted(cellId: string, segmentId = "s0"): RunRecord & { type: "segment-started" } {
  return { v: 1, type: "segment-started", cellId, segmentId, at: "2026-11-21T12:00:01.000Z", startedNs: 0 };
}

export function segmentEnded(
  cellId: string,
  overrides: Partial<SegmentEndedRecord> = {},
): SegmentEndedRecord {
  return {
    v: 1,
    type: "segment-ended",
    cellId,
    segmentId: "s0",
    at: "2026-11-21T12:00:11.000Z",
    startedNs: 0,
    endedNs: 10e9,
    reason: "complete",
    drained: true,
    ...overrides,
  };
}
