import { summarizeCell, type CellSummary } from "../../bench/analysis/cell/cell-summary.ts";
import type { MeasuredCell } from "../../bench/analysis/measured-cell.ts";
import { joinPath } from "../../bench/evidence/path-samples.ts";
import { requestLatencies } from "../../bench/evidence/request-latencies.ts";
import type { TapTiming } from "../../bench/evidence/tap-timing.ts";
import type { EpisodeRecord } from "../../bench/store/record.ts";
import { buildTiming } from "../evidence/tap-builder.ts";
import { buildEpisode, plannedCell, segmentEnded } from "../store/run-builder.ts";

/** A cell of one whole segment: each episode has one request that took `pathMs` between the taps. */
export function measuredCell(
  arm: string,
  {
    pathMs,
    count = 6,
    summary = {},
    innerPath = "/v1/chat/completions",
    innerStreamed = true,
  }: {
    readonly pathMs: number;
    readonly count?: number;
    readonly summary?: Partial<CellSummary>;
    /** What of the engine's API the arm asks. */
    readonly innerPath?: string;
    /** Whether the arm asks the engine for a stream, as the agent asks the arm. */
    readonly innerStreamed?: boolean;
  },
): MeasuredCell {
  const cell = plannedCell(arm, count);
  const episodes = cell.episodeIds.map((_, index): EpisodeRecord => buildEpisode(cell, index));
  const timings = episodes.flatMap(({ episodeId }, index): TapTiming[] => {
    const inner = buildTiming({ hop: "inner", arm, requestId: episodeId, episodeId, attemptKey: episodeId });
    // A little noise, so that an interval has a width.
    const extraNs = (pathMs + (index % 3) / 100) * 1e6;
    return [
      { ...inner, path: innerPath, streamed: innerStreamed },
      { ...inner, hop: "outer", streamed: true, startedNs: -extraNs },
    ];
  });
  const ended = segmentEnded(cell.cellId, { startedNs: 0, endedNs: 60e9, drained: true, reason: "complete" });
  const segment = {
    cellId: cell.cellId,
    segmentId: "s0",
    at: "2026-11-21T12:00:00.000Z",
    startedNs: 0,
    ended,
    resumed: false,
  };
  const none = { facts: null, fidelity: null, tools: [], agentEngine: null, userEngine: null, samples: [] };
  const built = summarizeCell({
    cell,
    simulated: true,
    episodes,
    recordedAttempts: new Set(episodes.map(({ episodeId }) => episodeId)),
    segments: [{ segment, timings, ...none }],
    replaced: [],
    failedShareMax: 0.05,
    stopped: new Set(),
  });
  return {
    summary: { ...built, agentEngineIdentity: "engine 1", ...summary },
    episodes,
    path: joinPath(timings),
    ledgers: new Map(),
    latencies: requestLatencies(timings),
  };
}
