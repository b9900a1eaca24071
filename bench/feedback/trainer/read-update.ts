import { isJson } from "../../answer/json.ts";
import type { FeedbackResult } from "./trainer.ts";

/** What CLaaS' own evaluation keeps of an update, by engine. */
const localNames = ["distill_loss", "kl_reg", "mean_is_ratio", "clip_fraction"];
const tinkerNames = [
  "adv_mean",
  "kl_mean",
  "effective_kl_coef",
  "kl_gain",
  "adv_abs_mean",
  "adv_abs_mean_raw",
  "completion_len",
  "batch_size",
];

/** What a trainer told of an update. Absent is not zero: a number that it did not tell is null, or not there. */
export function readUpdate(metadata: unknown): FeedbackResult {
  if (!isJson(metadata)) return { metrics: {}, trainedTokens: null };
  const names = namesIn(metadata);
  const told = names ?? Object.keys(metadata).filter((name) => numberIn(metadata[name]) !== null);
  const tokens = numberIn(metadata["tokens_processed"]) ?? numberIn(metadata["completion_len"]);
  return {
    metrics: Object.fromEntries(told.map((name) => [name, numberIn(metadata[name])])),
    trainedTokens: tokens !== null && Number.isInteger(tokens) && tokens >= 0 ? tokens : null,
  };
}

/** The names of the engine whose numbers they are; null where they are another's. */
function namesIn(metadata: Readonly<Record<string, unknown>>): readonly string[] | null {
  if ("adv_mean" in metadata) return tinkerNames;
  return localNames.some((name) => name in metadata) ? localNames : null;
}

function numberIn(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
