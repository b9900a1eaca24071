import type { TapTiming } from "./tap-timing.ts";

/** What of the engine's API a request asks: `/chat/completions`, `/generate`; without what may stand before it, and without a query. */
export function endpointOf({ path }: Pick<TapTiming, "path">): string {
  const [bare = ""] = path.split("?");
  return /\/(?:chat\/)?completions$|\/generate$|\/responses$/.exec(bare)?.[0] ?? bare;
}

/**
 * Why the first byte and the first token of two arms cannot be compared; null where they can. An engine sends the head of a chat
 * answer with its first token and keeps tokens of calls back, and sends both at once where it is asked for bare text: subtracting
 * the inner tap leaves that in one arm and not in the other.
 * @param baseline {@link endpointOf} of its requests at the inner tap
 */
export function whyFirstTokensDiffer(baseline: readonly string[], arm: readonly string[]): string | null {
  if (baseline.length === 0 || arm.length === 0) return null;
  if (new Set([...baseline, ...arm]).size === 1) return null;
  return `the baseline asks the engine at ${listed(baseline)}, this arm at ${listed(arm)}: heads and first tokens leave the engine at other moments there, which would be charged to the arm`;
}

interface Asked {
  readonly joined: number;
  readonly unstreamed: number;
}

/**
 * Whose difference other calls, tokens and rewards of an arm may be: null where both arms ask the engine for streams alike. SGLang and
 * vLLM read the calls of whole answers by another parser than those of streams: one repairs a call that the model broke, the other drops it.
 */
export function whyCallsMayDiffer(baseline: Asked, arm: Asked): string | null {
  if (arm.joined === 0 || baseline.joined === 0) return null;
  if (arm.unstreamed / arm.joined === baseline.unstreamed / baseline.joined) return null;
  return `for ${arm.unstreamed} of ${arm.joined} requests the engine was asked for a whole answer where the agent asked for a stream (baseline: ${baseline.unstreamed} of ${baseline.joined}). Engines read calls of the two by different parsers, so other calls, tokens and rewards may be the engine's difference and not the gateway's`;
}

function listed(endpoints: readonly string[]): string {
  return [...new Set(endpoints)].toSorted().join(" and ");
}
