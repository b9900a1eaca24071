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

function listed(endpoints: readonly string[]): string {
  return [...new Set(endpoints)].toSorted().join(" and ");
}
