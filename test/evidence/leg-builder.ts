import type { LoadSample } from "../../bench/load/load.ts";
import { joinPath } from "../../bench/evidence/path-samples.ts";
import type { LegEvidence } from "../../bench/evidence/leg-evidence.ts";
import type { ReplayArm, ReplayPlan, ReplaySetting } from "../../bench/store/replay-plan.ts";

export const setting: ReplaySetting = { key: "flush-closed-4", cache: "flush", load: "closed:4" };
export const armOf = (label: string, part: ReplayArm["part"] = "compared"): ReplayArm => {
  return { label, arm: label, kind: "raw", part };
};
export const baselineArm = armOf("raw", "baseline");
export const gatewayArm = armOf("gateway");

export const replayPlan = (arms: readonly ReplayArm[], blocks: number): ReplayPlan => ({
  source: { runId: "run", cellId: "cell", arm: "raw" },
  conversations: 1,
  requests: 1,
  arms: [...arms],
  settings: [setting],
  order: "abba",
  blocks,
  until: null,
  margin: null,
  maxTokens: 64,
  temperature: 0,
  thinkScale: 1,
  seed: 1,
});

/** A streamed answer of 17 tokens that took `e2eMs`, its tokens evenly over the second half of it. */
export function sampleOf(
  at: { readonly session: number; readonly index: number },
  e2eMs: number,
): LoadSample {
  const sentNs = 1e9;
  const endedNs = sentNs + e2eMs * 1e6;
  return {
    id: `${at.session}-${at.index}`,
    session: String(at.session),
    index: at.index,
    intendedNs: sentNs,
    sentNs,
    firstByteNs: sentNs + 0.4 * e2eMs * 1e6,
    firstTokenNs: sentNs + 0.5 * e2eMs * 1e6,
    lastTokenNs: endedNs,
    endedNs,
    status: 200,
    outcome: "completed",
    error: null,
    streamed: true,
    requestBytes: 100,
    responseBytes: 100,
    tokenChunks: 16,
    usage: { promptTokens: 500, completionTokens: 17, cachedTokens: 0 },
    finishReason: "stop",
    outputSha256: "same",
    chunks: null,
  };
}

export function legOf(
  place: { readonly arm: ReplayArm; readonly block: number; readonly position: number },
  samples: readonly LoadSample[],
): LegEvidence {
  return {
    setting,
    ...place,
    seconds: 1,
    complete: true,
    died: false,
    samples,
    load: {
      v: 1,
      startedNs: 0,
      endedNs: 1e9,
      steady: { startNs: 0, endNs: 2e9 },
      notSent: 0,
      timingThread: { loopDelayMs: null, busyShare: 0.1 },
      openMs: [],
      closeMs: [],
    },
    path: joinPath([]),
    timings: [],
    engine: null,
    fidelity: null,
    facts: {
      v: 1,
      cellId: "cell",
      segmentId: "segment",
      load: setting.load,
      cacheFlushed: true,
      drained: true,
      scrapeErrors: {},
      pressure: [],
      tapTotals: {},
    },
  };
}
