/** `individual`: a sequence per model call. `concat`: one per conversation that was continued token for token. */
export const sequenceStyles = ["concat", "individual"] as const;
export type SequenceStyle = (typeof sequenceStyles)[number];

/** Prompt and output of a call as a trainer sees it. The arrays have one entry per token. */
export interface TokenSequence {
  /** Index of the call that ends it. */
  readonly call: number;
  readonly ids: Int32Array;
  /** Index of the call that generated the token; -1 for what was prompt only. Trainable where it is not -1. */
  readonly turns: Int32Array;
  /** Log probability with which a generated token was sampled; 0 elsewhere. */
  readonly logprobs: Float32Array;
  /** Weight version of a generated token; -1 elsewhere. */
  readonly versions: Int32Array;
}

type Numbers = readonly number[] | Int32Array | Float64Array;

/** A call as it was recorded: its prompt as what it adds to an earlier call. */
export interface CallWithTokens {
  /** Index of the call whose prompt and output this prompt begins with; null for none. */
  readonly parent: number | null;
  readonly sharedTokens: number;
  /** null where the engine gave no ids. */
  readonly promptTail: Numbers | null;
  readonly outputIds: Numbers | null;
  readonly outputLogprobs: Numbers | null;
  readonly weightVersion: number | null;
  /** Which weights generated which tokens, where the engine told. */
  readonly weights?: readonly { readonly version: string; readonly start: number; readonly end: number }[];
}

/** A call that has token ids, with its lengths. */
interface TokenCall {
  readonly parent: number | null;
  readonly shared: number;
  readonly tail: Numbers;
  readonly output: Numbers;
  readonly logprobs: Numbers;
  /** Of each output token. */
  readonly versions: Int32Array;
  /** Where the output begins. */
  readonly promptLength: number;
  /** The parent, when this prompt begins with all of its prompt and output. */
  readonly continues: number | null;
}

/**
 * The token sequences of a conversation, in the order of the calls that end them; null when it was recorded without ids.
 * In `concat` style a call that another one continues token for token has no sequence of its own: its output is
 * trainable in the longer one. A prompt that breaks off begins a new sequence.
 * @param options.unknownVersion of generated tokens where the engine does not tell
 */
export function tokenSequences(
  recorded: readonly CallWithTokens[],
  style: SequenceStyle,
  { unknownVersion = 0 }: { readonly unknownVersion?: number } = {},
): TokenSequence[] | null {
  const calls = tokenCalls(recorded, unknownVersion);
  if (calls === null) return null;
  const continued = new Set(calls.map(({ continues }) => continues));
  return calls.flatMap((_, call) => {
    if (style === "individual") return [sequenceOf(calls, [call])];
    return continued.has(call) ? [] : [sequenceOf(calls, chainOf(calls, call))];
  });
}

function tokenCalls(calls: readonly CallWithTokens[], unknownVersion: number): TokenCall[] | null {
  const found: TokenCall[] = [];
  for (const { promptTail, outputIds, outputLogprobs, parent, sharedTokens, ...made } of calls) {
    if (promptTail === null || outputIds === null || outputLogprobs === null) return null;
    const before = parent === null ? undefined : found[parent];
    const shared = before === undefined ? 0 : sharedTokens;
    const whole = before !== undefined && shared === before.promptLength + before.output.length;
    found.push({
      parent,
      shared,
      tail: promptTail,
      output: outputIds,
      logprobs: outputLogprobs,
      versions: versionsOf(made, outputIds.length, unknownVersion),
      promptLength: shared + promptTail.length,
      continues: whole ? parent : null,
    });
  }
  return found;
}

/** A name that is no number, as \`default\`, is no version that a trainer could count. */
function versionsOf(
  { weightVersion, weights = [] }: Pick<CallWithTokens, "weightVersion" | "weights">,
  count: number,
  unknown: number,
): Int32Array {
  const versions = new Int32Array(count).fill(weightVersion ?? unknown);
  if (weightVersion !== null) return versions;
  for (const { version, start, end } of weights)
    if (/^\d{1,9}$/.test(version)) versions.fill(Number(version), start, end);
  return versions;
}

/** The calls of one conversation, first to last. */
function chainOf(calls: readonly TokenCall[], last: number): number[] {
  const chain = [last];
  for (let at = calls[last]?.continues ?? null; at !== null; at = calls[at]?.continues ?? null)
    chain.unshift(at);
  return chain;
}

function sequenceOf(calls: readonly TokenCall[], chain: readonly number[]): TokenSequence {
  const call = chain.at(-1) ?? 0;
  const ids = idsOf(calls, call);
  const turns = new Int32Array(ids.length).fill(-1);
  const versions = new Int32Array(ids.length).fill(-1);
  const logprobs = new Float32Array(ids.length);
  for (const index of chain) {
    const one = calls[index];
    if (one === undefined) continue;
    const [from, to] = [one.promptLength, one.promptLength + one.output.length];
    turns.fill(index, from, to);
    versions.set(one.versions, from);
    logprobs.set(one.logprobs, from);
  }
  return { call, ids, turns, logprobs, versions };
}

/** Prompt and output of a call, each token copied once: from the call itself, then what it shares from those before. */
function idsOf(calls: readonly TokenCall[], call: number): Int32Array {
  const last = calls[call];
  const ids = new Int32Array(last === undefined ? 0 : last.promptLength + last.output.length);
  let end = ids.length;
  for (let one = last; one !== undefined; one = one.parent === null ? undefined : calls[one.parent]) {
    if (one.promptLength < end) ids.set(one.output.slice(0, end - one.promptLength), one.promptLength);
    if (one.shared < end) ids.set(one.tail.slice(0, end - one.shared), one.shared);
    end = Math.min(end, one.shared);
  }
  return ids;
}
