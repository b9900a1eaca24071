import type { Tokenizer } from "../model/tokenizer.ts";
import { type PolicyReply, type WrittenReply, writeReply } from "../policy/reply.ts";
import type { FinishReason } from "../scheduling/sequence.ts";

export interface SamplingLimits {
  /** null = until the context is full. */
  readonly maxNewTokens: number | null;
  readonly stop: readonly string[];
  readonly stopTokenIds: readonly number[];
  /** Go on after the reply until `maxNewTokens`. */
  readonly ignoreEos: boolean;
}

/** All tokens that a request will produce, and what they mean. */
export interface OutputPlan {
  readonly ids: Int32Array;
  /** Text that the client gets; without the end token and without a stop string. */
  readonly text: string;
  readonly reply: WrittenReply;
  readonly finish: FinishReason;
  /** Nothing of the reply was cut off, so a tool call in it can be parsed. */
  readonly complete: boolean;
}

/** Turns a reply into tokens and cuts it where the request's limits say. `roomTokens` is what the context still holds. */
export function planOutput(
  reply: PolicyReply,
  limits: SamplingLimits,
  { tokenizer, roomTokens }: { readonly tokenizer: Tokenizer; readonly roomTokens: number },
): OutputPlan {
  const written = writeReply(reply);
  const end = tokenizer.addedId("<|im_end|>");
  const most = Math.min(limits.maxNewTokens ?? roomTokens, roomTokens);
  const body = tokenizer.encode(written.text);
  const full = limits.ignoreEos ? repeated(body, most) : Int32Array.of(...body, end);
  const stopped = limits.ignoreEos ? null : cutAtStop(full, limits, tokenizer);
  if (stopped !== null && stopped.ids.length <= most)
    return { ...stopped, reply: written, complete: stopped.text === written.text };
  const ids = full.slice(0, most);
  const text = tokenizer.decode(ids, { skipSpecialTokens: true });
  const cut = limits.ignoreEos || full.length > most;
  const finish: FinishReason = cut ? { type: "length", length: ids.length } : { type: "stop", matched: end };
  return { ids, text, reply: written, finish, complete: !cut };
}

function repeated(body: Int32Array, count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => body[index % Math.max(1, body.length)] ?? 0);
}

/** The reply up to the first stop string or stop token, whichever ends it first; null when there is none. */
function cutAtStop(
  full: Int32Array,
  limits: SamplingLimits,
  tokenizer: Tokenizer,
): Pick<OutputPlan, "ids" | "text" | "finish"> | null {
  if (limits.stop.length === 0 && limits.stopTokenIds.length === 0) return null;
  for (let count = 1; count < full.length; count++) {
    const ids = full.slice(0, count);
    const last = full[count - 1] ?? -1;
    if (limits.stopTokenIds.includes(last)) {
      const text = tokenizer.decode(ids.slice(0, -1), { skipSpecialTokens: true });
      return { ids, text, finish: { type: "stop", matched: last } };
    }
    if (limits.stop.length === 0) continue;
    const text = tokenizer.decode(ids, { skipSpecialTokens: true });
    const found = limits.stop.find((stop) => text.includes(stop));
    if (found !== undefined)
      return { ids, text: text.slice(0, text.indexOf(found)), finish: { type: "stop", matched: found } };
  }
  return null;
}
