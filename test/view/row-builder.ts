import { hasPassed } from "../../bench/store/passed.ts";
import type { EpisodeRow } from "../../bench/store/episode-columns.ts";

/** A row of the episode index: a completed episode of task 1 in the raw arm, and what is given otherwise. */
export function rowOf({
  seconds = 1,
  ...given
}: Partial<EpisodeRow> & { readonly seconds?: number } = {}): EpisodeRow {
  const arm = given.arm ?? "raw";
  const reward = given.reward === undefined ? 1 : given.reward;
  return {
    episodeId: "0123456789abcdef",
    cellId: `c1-r0-${arm}`,
    segmentId: "s0",
    arm,
    load: "closed:1",
    repetition: 0,
    domain: "library",
    taskId: "1",
    trial: 0,
    status: "completed",
    termination: "user_stop",
    failure: null,
    explained: false,
    reward,
    passed: hasPassed({ reward }),
    labels: [],
    startedNs: 0,
    endedNs: seconds * 1e9,
    steps: 6,
    toolCalls: 2,
    toolErrors: 0,
    requests: 3,
    promptTokens: 300,
    completionTokens: 30,
    cachedTokens: 100,
    recordByte: 0,
    recordBytes: 1,
    ...given,
  };
}
