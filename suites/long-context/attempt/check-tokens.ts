import type { Exchange } from "../../../bench/workload/exchange.ts";

/** Labels of episodes whose prompt did not have the tokens that it was built to have. */
export const promptTruncated = "prompt-truncated";
export const tokenCountDiffers = "token-count-differs";

export interface PromptCheck {
  /** `truncated`: the model processed fewer tokens than it was sent; `not-told`: no usage came. */
  readonly check: "equal" | "truncated" | "more" | "not-told";
  readonly labels: readonly string[];
}

/** What was counted before the run against the usage that came with the answer: whoever counts otherwise, the model decides. Pure. */
export function checkTokens(counted: number, exchange: Pick<Exchange, "usage"> | undefined): PromptCheck {
  const seen = exchange?.usage?.promptTokens ?? null;
  if (seen === null) return { check: "not-told", labels: [] };
  if (seen === counted) return { check: "equal", labels: [] };
  return seen < counted
    ? { check: "truncated", labels: [promptTruncated] }
    : { check: "more", labels: [tokenCountDiffers] };
}
