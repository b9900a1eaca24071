import type { SglangTraits } from "../settings/sglang.ts";

/** In what the metrics page of the versions differs, beside the families that one of them does not have. */
export type MetricTraits = Pick<
  SglangTraits,
  | "labelsRequests"
  | "seesFirstToken"
  | "tellsLengths"
  | "correctsIdleGauges"
  | "tellsMemory"
  | "hasFineQueueBuckets"
>;
