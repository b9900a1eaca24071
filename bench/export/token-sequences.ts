import type { RecordedCall, RecordedEpisode } from "../workload/recorded-episode.ts";

/** `individual`: a sequence per model call. `concat`: one per conversation that was continued token for token. */
export const sequenceStyles = ["concat", "individual"] as const;
export type SequenceStyle = (typeof sequenceStyles)[number];

/** Prompt and output of a call as a trainer sees it. The arrays have one entry per token. */
export interface TokenSequence {
  /** Index of the call that ends it. */
  readonly call: number;
  readonly ids: readonly number[];
  /** Index of the call that generated the token; -1 for what was prompt only. Trainable where it is not -1. */
  readonly turns: Int32Array;
  /** Log probability with which a generated token was sampled; 0 elsewhere. */
  readonly logprobs: Float32Array;
  /** Weight version of a generated token, 0 where the engine does not tell; -1 elsewhere. */
  readonly versions: Int32Array;
}

/** A call with everything that its line leaves to others. */
interface WholeCall {
  readonly prompt: readonly number[];
  readonly output: readonly number[];
  readonly logprobs: readonly number[];
  readonly version: number;
  /** The call whose prompt and output this prompt begins with, all of it; null when it begins a sequence. */
  readonly continues: number | null;
}

/**
 * The token sequences of an episode, in the order of the calls that end them; null when it was recorded without ids.
 * In `concat` style a call that another one continues token for token has no sequence of its own: its output is
 * trainable in the longer one. A prompt that breaks off begins a new sequence.
 */
export function tokenSequences(recorded: RecordedEpisode, style: SequenceStyle): TokenSequence[] | null {
  const calls = wholeCalls(recorded.calls);
  if (calls === null) return null;
  const continued = new Set(calls.map(({ continues }) => continues));
  return calls.flatMap((_, call) => {
    if (style === "individual") return [sequenceOf(calls, [call])];
    return continued.has(call) ? [] : [sequenceOf(calls, chainOf(calls, call))];
  });
}

function wholeCalls(calls: readonly RecordedCall[]): WholeCall[] | null {
  const whole: WholeCall[] = [];
  for (const call of calls) {
    const { promptTail, outputIds, outputLogprobs } = call;
    if (promptTail === null || outputIds === null || outputLogprobs === null) return null;
    const parent = call.parent === null ? undefined : whole[call.parent];
    const before = parent === undefined ? [] : [...parent.prompt, ...parent.output];
    whole.push({
      prompt: [...before.slice(0, call.sharedTokens), ...promptTail],
      output: outputIds,
      logprobs: outputLogprobs,
      version: call.weightVersion ?? 0,
      continues: parent !== undefined && call.sharedTokens === before.length ? call.parent : null,
    });
  }
  return whole;
}

/** The calls of one conversation, first to last. */
function chainOf(calls: readonly WholeCall[], last: number): number[] {
  const chain = [last];
  for (let at = calls[last]?.continues ?? null; at !== null; at = calls[at]?.continues ?? null)
    chain.unshift(at);
  return chain;
}

function sequenceOf(calls: readonly WholeCall[], chain: readonly number[]): TokenSequence {
  const call = chain.at(-1) ?? 0;
  const last = calls[call];
  const ids = last === undefined ? [] : [...last.prompt, ...last.output];
  const turns = new Int32Array(ids.length).fill(-1);
  const versions = new Int32Array(ids.length).fill(-1);
  const logprobs = new Float32Array(ids.length);
  for (const index of chain) {
    const one = calls[index];
    if (one === undefined) continue;
    const [from, to] = [one.prompt.length, one.prompt.length + one.output.length];
    turns.fill(index, from, to);
    versions.fill(one.version, from, to);
    logprobs.set(one.logprobs, from);
  }
  return { call, ids, turns, logprobs, versions };
}
