import type { KeptTokens } from "../sessions/call-tree.ts";
import { concatIds } from "../rendering/model-tokenizer.ts";
import type { Interaction } from "../sessions/session.ts";

/** One training example: a prompt and what was generated in it. All arrays have the same length. */
export interface TokenRow {
  /** Index of the call that ends it. */
  readonly call: number;
  readonly ids: Int32Array;
  /** 1 on every token that the model generated. */
  readonly mask: Uint8Array;
  /** 0 on the others. */
  readonly logprobs: Float64Array;
  /** Weight version on generated tokens, -1 on the others, and where the engine does not tell. */
  readonly versions: Int32Array;
}

type WithTokens = Interaction & { readonly tokens: KeptTokens };

/**
 * The calls of a trajectory as training examples. `individual`: one per call, trained on its own output. `concat`: one per
 * call that no other continues, trained on all outputs on the way to it; where a prompt does not continue its parent's
 * tokens as they were, another example begins.
 */
export function tokenRows(calls: readonly WithTokens[], style: "individual" | "concat"): TokenRow[] {
  const rows: TokenRow[] = [];
  const continued = new Set<number>();
  for (const [index, { tokens }] of calls.entries()) {
    const parent = tokens.parent === null ? null : (rows[tokens.parent] ?? null);
    const begin = parent === null ? null : sliceRow(parent, tokens.sharedTokens);
    const goesOn = parent !== null && tokens.sharedTokens === parent.ids.length;
    if (goesOn && tokens.parent !== null) continued.add(tokens.parent);
    const keepsMask = style === "concat" && goesOn;
    rows.push(rowOf(index, tokens, begin === null || keepsMask ? begin : unmasked(begin)));
  }
  return style === "individual" ? rows : rows.filter(({ call }) => !continued.has(call));
}

type Begin = Omit<TokenRow, "call">;

function sliceRow({ ids, mask, logprobs, versions }: TokenRow, end: number): Begin {
  return {
    ids: ids.subarray(0, end),
    mask: mask.subarray(0, end),
    logprobs: logprobs.subarray(0, end),
    versions: versions.subarray(0, end),
  };
}

function unmasked({ ids }: Begin): Begin {
  return {
    ids,
    mask: new Uint8Array(ids.length),
    logprobs: new Float64Array(ids.length),
    versions: new Int32Array(ids.length).fill(-1),
  };
}

function rowOf(call: number, tokens: KeptTokens, begin: Begin | null): TokenRow {
  const before = begin?.ids.length ?? 0;
  const outputAt = before + tokens.promptTail.length;
  const length = outputAt + tokens.outputIds.length;
  const mask = new Uint8Array(length);
  const logprobs = new Float64Array(length);
  const versions = new Int32Array(length).fill(-1);
  if (begin !== null) {
    mask.set(begin.mask);
    logprobs.set(begin.logprobs);
    versions.set(begin.versions);
  }
  mask.fill(1, outputAt);
  logprobs.set(tokens.outputLogprobs, outputAt);
  versions.fill(tokens.weightVersion ?? -1, outputAt);
  return {
    call,
    ids: concatIds([begin?.ids ?? new Int32Array(), tokens.promptTail, tokens.outputIds]),
    mask,
    logprobs,
    versions,
  };
}

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
