import type { EpisodeFacts, EpisodeResult, Failure } from "./workload.ts";

/** The result of an attempt that a part has failed, whatever it was taken for: what happened stays, what it was worth goes. */
export function failedBy(failure: Failure, facts: EpisodeFacts): EpisodeResult {
  const { steps, toolCalls, toolErrors, labels, userUsage, transcript } = facts;
  return {
    status: "failed",
    failure,
    termination: null,
    terminationDetail: null,
    steps,
    toolCalls,
    toolErrors,
    labels,
    userUsage,
    transcript,
  };
}
