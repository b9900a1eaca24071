import type { KeptTokens } from "../sessions/call-tree.ts";
import { concatIds } from "../rendering/model-tokenizer.ts";
import type { Interaction } from "../sessions/session.ts";

/** The calls without some of them: what shared its beginning with one that goes shares it with that one's parent. */
export function withoutCalls(calls: readonly Interaction[], gone: ReadonlySet<number>): Interaction[] {
  const places = new Map<number, number>();
  const kept: Interaction[] = [];
  for (const [index, call] of calls.entries()) {
    if (gone.has(index)) continue;
    places.set(index, kept.length);
    kept.push({ ...call, tokens: call.tokens && rebased(call.tokens, calls, { gone, places }) });
  }
  return kept;
}

function rebased(
  tokens: KeptTokens,
  calls: readonly Interaction[],
  { gone, places }: { readonly gone: ReadonlySet<number>; readonly places: ReadonlyMap<number, number> },
): KeptTokens {
  let current = tokens;
  while (current.parent !== null && gone.has(current.parent)) {
    const parent = calls[current.parent]?.tokens;
    if (!parent) break;
    // What it shares with the parent beyond what that shares with its own parent stands in the parent's tail and output.
    const own = Math.max(0, current.sharedTokens - parent.sharedTokens);
    const between = concatIds([parent.promptTail, parent.outputIds]).subarray(0, own);
    current = {
      ...current,
      parent: parent.parent,
      sharedTokens: Math.min(current.sharedTokens, parent.sharedTokens),
      // A call that was made again has the place of the one that went.
      breakCause: parent.breakCause,
      promptTail: concatIds([between, current.promptTail]),
    };
  }
  return { ...current, parent: current.parent === null ? null : (places.get(current.parent) ?? null) };
}
