import type { RecordedCall, RecordedEpisode } from "../workload/recorded-episode.ts";

/** What there is to learn from in an episode, from lengths alone. */
export interface TokenCounts {
  readonly calls: number;
  /** Tokens that the model generated. */
  readonly generated: number;
  /** Tokens of all `concat` sequences: what a trainer has to process for them. */
  readonly processed: number;
  readonly sequences: number;
  /** Prompts that did not continue their parent's tokens, by cause. */
  readonly breaks: readonly string[];
  /** Generated tokens per weight version; `unknown` where the engine does not tell. */
  readonly versions: Readonly<Record<string, number>>;
}

/** null for an episode that was recorded without ids. */
export function tokenCounts({ calls }: RecordedEpisode): TokenCounts | null {
  const lengths: number[] = [];
  const continued = new Set<number>();
  const versions: Record<string, number> = {};
  let generated = 0;
  for (const call of calls) {
    const { outputIds, promptTail, parent } = call;
    if (outputIds === null || promptTail === null) return null;
    if (parent !== null && call.sharedTokens === lengths[parent]) continued.add(parent);
    lengths.push((parent === null ? 0 : call.sharedTokens) + promptTail.length + outputIds.length);
    generated += outputIds.length;
    for (const { version, count } of versionsOf(call, outputIds.length))
      versions[version] = (versions[version] ?? 0) + count;
  }
  const ends = lengths.filter((_, index) => !continued.has(index));
  return {
    calls: calls.length,
    generated,
    processed: ends.reduce((sum, length) => sum + length, 0),
    sequences: ends.length,
    breaks: calls.flatMap(breakOf),
    versions,
  };
}

/** The engine's own names, token by token where it told. */
function versionsOf(
  { weights = [], weightVersion }: RecordedCall,
  count: number,
): readonly { readonly version: string; readonly count: number }[] {
  if (weights.length === 0)
    return [{ version: weightVersion === null ? "unknown" : String(weightVersion), count }];
  return weights.map(({ version, start, end }) => ({ version, count: end - start }));
}

function breakOf({ breakCause }: RecordedCall): string[] {
  return breakCause === null ? [] : [breakCause];
}
