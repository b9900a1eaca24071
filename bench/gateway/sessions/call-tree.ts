import { breakBetween, type MessageChain } from "../rendering/message-chain.ts";
import type { WeightSpan } from "../../workload/recorded-episode.ts";
import type { EarlierCall, EarlierCalls } from "../rendering/conversation-prompt.ts";

/** A finished call's tokens as the engine gave them, with what its conversation was. */
export interface CallTokens extends EarlierCall {
  readonly outputLogprobs: Float64Array;
  /** Which weights generated which tokens; empty where the engine does not tell. */
  readonly weights: readonly WeightSpan[];
  readonly conversation: CallConversation;
}

export interface CallConversation {
  /** Of the request's messages. */
  readonly chain: MessageChain;
  /** The chain's next digest, with the model's answer. */
  readonly after: string;
  /** What the model thought; clients do not send it back. */
  readonly reasoning: string | null;
}

/** A call's tokens as they are kept: the prompt as what it adds to an earlier call. */
export interface KeptTokens {
  /** Index of the call whose prompt and output this prompt begins with. */
  readonly parent: number | null;
  readonly sharedTokens: number;
  readonly breakCause: string | null;
  readonly promptTail: Int32Array;
  readonly outputIds: Int32Array;
  readonly outputLogprobs: Float64Array;
  readonly weights: readonly WeightSpan[];
  readonly after: string;
  readonly reasoning: string | null;
}

/** The calls of one trajectory as a tree of shared beginnings. Calls without tokens have a place in it and no branch. */
export class CallTree implements EarlierCalls {
  readonly #calls: (KeptTokens | null)[] = [];
  readonly #byDigest = new Map<string, number>();
  #lastChain: MessageChain | null = null;

  add(call: CallTokens | null): KeptTokens | null {
    const kept = call === null ? null : this.#place(call);
    this.restore(kept);
    if (call !== null) this.#lastChain = [...call.conversation.chain, call.conversation.after];
    return kept;
  }

  /** Puts back what a log remembers, in the order in which it was added. */
  restore(kept: KeptTokens | null): void {
    if (kept !== null) this.#byDigest.set(kept.after, this.#calls.length);
    this.#calls.push(kept);
  }

  callAfter(digest: string): EarlierCall | null {
    const index = this.#byDigest.get(digest) ?? -1;
    const call = this.#calls[index];
    if (!call) return null;
    const promptIds = new Int32Array(call.sharedTokens + call.promptTail.length);
    this.#copy(index, promptIds.length, promptIds);
    return { promptIds, outputIds: call.outputIds };
  }

  isAnswered(digest: string): boolean {
    return this.#byDigest.has(digest);
  }

  reasoningOf(digest: string): string | null {
    return this.#calls[this.#byDigest.get(digest) ?? -1]?.reasoning ?? null;
  }

  /** The beginning is shared with the call that has the longest one, with the latest of those. */
  #place({ promptIds, outputIds, outputLogprobs, weights, conversation }: CallTokens): KeptTokens {
    const { after, reasoning, chain } = conversation;
    const shared = this.#sharedWith(promptIds);
    const sharedTokens = Math.max(0, ...shared);
    const parent = sharedTokens === 0 ? null : shared.lastIndexOf(sharedTokens);
    const continues = parent !== null && sharedTokens === this.#lengthOf(parent);
    const first = this.#calls.every((call) => call === null);
    return {
      parent,
      sharedTokens,
      breakCause: first || continues ? null : this.#causeOf(chain),
      promptTail: promptIds.slice(sharedTokens),
      outputIds,
      outputLogprobs,
      weights,
      after,
      reasoning,
    };
  }

  #causeOf(chain: MessageChain): string {
    const last = this.#lastChain;
    // A gateway that was started again knows the tokens of earlier calls and not their messages.
    return last === null ? "unknown: the gateway was started again in between" : breakBetween(last, chain);
  }

  /** For every call how many ids its prompt and output share with a prompt. */
  #sharedWith(promptIds: Int32Array): number[] {
    const shared: number[] = [];
    for (const call of this.#calls) shared.push(call === null ? 0 : sharedWithCall(call, promptIds, shared));
    return shared;
  }

  #lengthOf(index: number): number {
    const call = this.#calls[index];
    return call ? call.sharedTokens + call.promptTail.length + call.outputIds.length : 0;
  }

  /** Writes the first `count` ids of a call's prompt and output. */
  #copy(index: number, count: number, target: Int32Array): void {
    const call = this.#calls[index];
    if (!call) return;
    const { parent, sharedTokens, promptTail, outputIds } = call;
    if (parent !== null) this.#copy(parent, Math.min(count, sharedTokens), target);
    const ownAt = Math.max(0, count - sharedTokens);
    target.set(promptTail.subarray(0, ownAt), Math.min(sharedTokens, count));
    const outputAt = sharedTokens + promptTail.length;
    if (count > outputAt) target.set(outputIds.subarray(0, count - outputAt), outputAt);
  }
}

function sharedWithCall(call: KeptTokens, promptIds: Int32Array, earlier: readonly number[]): number {
  const inherited = call.parent === null ? 0 : Math.min(earlier[call.parent] ?? 0, call.sharedTokens);
  if (inherited < call.sharedTokens) return inherited;
  const inPrompt = equalFrom(call.promptTail, promptIds, inherited);
  if (inPrompt < call.promptTail.length) return inherited + inPrompt;
  return inherited + inPrompt + equalFrom(call.outputIds, promptIds, inherited + inPrompt);
}

/** How many ids of `part` stand in `whole` from `offset` on. */
function equalFrom(part: Int32Array, whole: Int32Array, offset: number): number {
  let count = 0;
  while (count < part.length && part[count] === whole[offset + count]) count += 1;
  return count;
}
