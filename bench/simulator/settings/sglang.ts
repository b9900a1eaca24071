import type { SglangVersion } from "../../config/simulator-schema.ts";

/** In what the imitated versions of SGLang differ. Whatever the simulator does differently by version is asked of this. */
export interface SglangTraits {
  /** As the real server writes it in `/server_info`. */
  readonly version: string;
  /** Every answer has `vary: Origin`. */
  readonly variesByOrigin: boolean;
  /** There is `/get_load`. */
  readonly hasGetLoad: boolean;
  /** `/tokenize` takes messages with tools. */
  readonly tokenizesMessages: boolean;
  /**
   * Chat answers write every field, null where there is nothing, and `prompt_tokens_details` only where something was cached.
   * Otherwise fields without a value are left out, text that is empty is "", and what was cached is always told.
   */
  readonly writesNulls: boolean;
  /** `meta_info` tells the times of the stages and which weights made which tokens. */
  readonly tellsTimes: boolean;
  /** A forced call is a JSON list of calls; otherwise the model writes it as it writes any call. */
  readonly listsForcedCalls: boolean;
  /** `return_token_ids` and its like are honoured, and refused in streams; otherwise they are not known. */
  readonly returnsTokenIds: boolean;
  /** A sampling parameter of `/generate` that is not known is refused; otherwise the server fails with status 500. */
  readonly refusesUnknownSampling: boolean;
  /** Arguments of calls in the history must be a JSON object; otherwise any JSON goes into the prompt. */
  readonly checksHistoryArguments: boolean;
  /** Tools reach the template as the client sent them; otherwise with four fields in one order. */
  readonly keepsToolFields: boolean;
  /** Series of requests say which engine counted and whether the answer was streamed. */
  readonly labelsRequests: boolean;
  /**
   * Of a request that is not streamed the time to first token is that of its first token. Otherwise it is that of the first
   * report: of the 50th token, or of the end of a shorter answer.
   */
  readonly seesFirstToken: boolean;
  /** There are histograms of lengths and of the time per token, and none of retractions. */
  readonly tellsLengths: boolean;
  /** Gauges that say that something runs are corrected when nothing does; otherwise up to 30 s later. */
  readonly correctsIdleGauges: boolean;
  /** Memory is told in tokens: used, evictable, available. */
  readonly tellsMemory: boolean;
  /** Queue times have buckets below 100 ms. */
  readonly hasFineQueueBuckets: boolean;
}

export const sglangTraits: Readonly<Record<SglangVersion, SglangTraits>> = {
  "0.5.10": {
    version: "0.5.10.post1",
    variesByOrigin: false,
    hasGetLoad: true,
    tokenizesMessages: false,
    writesNulls: true,
    tellsTimes: false,
    listsForcedCalls: true,
    returnsTokenIds: false,
    checksHistoryArguments: false,
    keepsToolFields: false,
    refusesUnknownSampling: false,
    labelsRequests: false,
    seesFirstToken: false,
    tellsLengths: false,
    correctsIdleGauges: false,
    tellsMemory: false,
    hasFineQueueBuckets: false,
  },
  "0.5.23": {
    version: "0.5.23",
    variesByOrigin: true,
    hasGetLoad: false,
    tokenizesMessages: true,
    writesNulls: false,
    tellsTimes: true,
    listsForcedCalls: false,
    returnsTokenIds: true,
    checksHistoryArguments: true,
    keepsToolFields: true,
    refusesUnknownSampling: true,
    labelsRequests: true,
    seesFirstToken: true,
    tellsLengths: true,
    correctsIdleGauges: true,
    tellsMemory: true,
    hasFineQueueBuckets: true,
  },
};
