import type { RecordedEpisode } from "./recorded-episode.ts";

/** How many token ids a recording gateway logged for an episode; null where it logged text only. */
export interface LoggedTokens {
  readonly calls: number;
  readonly promptTokens: number | null;
  readonly outputTokens: number | null;
}

/** Sums over an episode's calls: each prompt counts whole, also the part that is stored with the call before it. */
export function loggedTokensOf({ calls }: Pick<RecordedEpisode, "calls">): LoggedTokens {
  const sum = (of: (call: RecordedEpisode["calls"][number]) => number | null) =>
    calls.reduce<number | null>((total, call) => {
      const count = of(call);
      return total === null || count === null ? null : total + count;
    }, 0);
  return {
    calls: calls.length,
    promptTokens: sum(({ promptTail, sharedTokens }) =>
      promptTail === null ? null : sharedTokens + promptTail.length,
    ),
    outputTokens: sum(({ outputIds }) => outputIds?.length ?? null),
  };
}
