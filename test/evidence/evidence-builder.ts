import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EpisodeRecord, SegmentEndedRecord } from "../../bench/store/record.ts";
import type { PlannedCell } from "../../bench/store/run-json.ts";
import type { RunDirectory } from "../../bench/store/run-directory.ts";
import type { SegmentFacts } from "../../bench/store/segment-facts.ts";
import type { TapTiming } from "../../bench/evidence/tap-timing.ts";
import { buildAttempt, buildEpisode, segmentEnded, segmentStarted } from "../store/run-builder.ts";

/** One segment of a cell with consistent evidence, and the knobs that break it. */
export interface SegmentPlan {
  readonly cell: PlannedCell;
  readonly segmentId?: string;
  /** Indexes into the cell's episodes. */
  readonly episodes: readonly number[];
  readonly requestsPerEpisode?: number;
  /** Nanoseconds between the taps. */
  readonly pathNs?: (episode: number, request: number) => number;
  readonly record?: (episode: number) => Partial<EpisodeRecord>;
  readonly timing?: (timing: TapTiming) => TapTiming | null;
  /** How often a line of `taps.ndjson` is written: more than once for a gateway that asks again. */
  readonly copies?: (timing: TapTiming) => number;
  /** Added to the engine's own counters. */
  readonly engineSkew?: { readonly prompt?: number; readonly completion?: number };
  readonly engineBefore?: number;
  readonly metrics?: boolean;
  readonly facts?: Partial<SegmentFacts> | null;
  /** null: killed inside the segment. */
  readonly ended?: Partial<SegmentEndedRecord> | null;
}

const promptTokens = 100;
const completionTokens = 11;
const modelNs = 200e6;

/** Writes records, trajectories, taps, snapshots and facts of one segment. */
export async function writeSegment(run: RunDirectory, plan: SegmentPlan): Promise<void> {
  const { cell, segmentId = "s0", episodes, requestsPerEpisode = 3 } = plan;
  await run.append(segmentStarted(cell.cellId, segmentId));
  const directory = await run.segmentDirectory(cell.cellId, segmentId);
  const timings = episodes.flatMap((episode) =>
    Array.from({ length: requestsPerEpisode }, (_, request) => exchange(plan, { episode, request })).flat(),
  );
  const kept = timings
    .flatMap((timing) => (plan.timing ? (plan.timing(timing) ?? []) : timing))
    .flatMap((timing) => Array.from({ length: plan.copies?.(timing) ?? 1 }, () => timing));
  await writeFile(
    join(directory, "taps.ndjson"),
    kept.map((timing) => `${JSON.stringify({ ...timing, chunks: [] })}\n`).join(""),
  );
  for (const episode of episodes) {
    const record = buildEpisode(cell, episode, { segmentId, ...plan.record?.(episode) });
    await run.appendEpisode(record, buildAttempt(`${record.episodeId}-${segmentId}`));
  }
  const requests = episodes.length * requestsPerEpisode;
  const before = plan.engineBefore ?? 0;
  if (plan.metrics !== false) {
    for (const role of ["agent", "user"] as const) {
      await writeFile(
        join(directory, `${role}-before.prom`),
        page({ requests: before, prompt: before, completion: before }),
      );
    }
  }
  if (plan.ended === null) return;
  if (plan.metrics !== false) {
    const after = {
      requests,
      prompt: requests * promptTokens + (plan.engineSkew?.prompt ?? 0),
      completion: requests * completionTokens + (plan.engineSkew?.completion ?? 0),
    };
    for (const role of ["agent", "user"] as const)
      await writeFile(join(directory, `${role}-after.prom`), page(after));
  }
  if (plan.facts !== null) {
    await writeFile(
      join(directory, "segment.json"),
      JSON.stringify({ ...factsOf(cell, segmentId), ...plan.facts }),
    );
  }
  await run.append(segmentEnded(cell.cellId, { segmentId, ...plan.ended }));
}

function factsOf(cell: PlannedCell, segmentId: string): SegmentFacts {
  return {
    v: 1,
    cellId: cell.cellId,
    segmentId,
    load: cell.load,
    cacheFlushed: true,
    drained: true,
    scrapeErrors: {},
    pressure: [{ process: "openclaw-0", eventLoopUtilization: 0.25 }],
    tapTotals: {},
  };
}

/** An outer and an inner exchange of the same request. */
function exchange(
  plan: SegmentPlan,
  at: { readonly episode: number; readonly request: number },
): TapTiming[] {
  const { cell, segmentId = "s0" } = plan;
  const { episode, request } = at;
  const episodeId = cell.episodeIds[episode] ?? "";
  const pathNs = plan.pathNs?.(episode, request) ?? 1e6;
  // A model call takes longer from request to request, so that percentiles differ from means.
  const innerNs = modelNs + (episode * 7 + request) * 1e6;
  const startedNs = 1e9 * episode + request * 3e8;
  const inner = startedNs + pathNs / 2;
  const base = {
    v: 1,
    arm: cell.arm,
    requestId: `${episodeId}-${segmentId}-${request}`,
    episodeId,
    attemptKey: `${episodeId}-${segmentId}`,
    method: "POST",
    path: "/v1/chat/completions",
    status: 200,
    outcome: "completed",
    error: null,
    streamed: true,
    requestBytes: 1000,
    responseBytes: 500,
    usage: { promptTokens, completionTokens, cachedTokens: 60 },
    finishReason: "stop",
  } as const;
  const stamps = (start: number, tail: number) => ({
    startedNs: start,
    requestEndNs: start,
    firstByteNs: inner + 45e6 + tail,
    firstTokenNs: inner + 50e6 + tail,
    lastTokenNs: inner + innerNs - 1e6 + tail,
    endedNs: inner + innerNs + tail,
  });
  return [
    { ...base, hop: "outer", ...stamps(startedNs, pathNs / 2) },
    { ...base, hop: "inner", ...stamps(inner, 0) },
  ];
}

function page(counts: {
  readonly requests: number;
  readonly prompt: number;
  readonly completion: number;
}): string {
  const labels = 'model_name="tollgate-sim"';
  return `# TYPE sglang:prompt_tokens_total counter
sglang:prompt_tokens_total{${labels}} ${counts.prompt}.0
# TYPE sglang:generation_tokens_total counter
sglang:generation_tokens_total{${labels}} ${counts.completion}.0
# TYPE sglang:num_requests_total counter
sglang:num_requests_total{${labels}} ${counts.requests}.0
# TYPE sglang:cached_tokens_total counter
sglang:cached_tokens_total{${labels}} ${counts.requests * 60}.0
# TYPE sglang:queue_time_seconds histogram
sglang:queue_time_seconds_sum{${labels}} ${counts.requests * 0.004}
sglang:queue_time_seconds_bucket{le="0.01",${labels}} ${counts.requests}.0
sglang:queue_time_seconds_bucket{le="+Inf",${labels}} ${counts.requests}.0
sglang:queue_time_seconds_count{${labels}} ${counts.requests}.0
`;
}
