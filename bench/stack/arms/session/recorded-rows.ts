import type { RecordedCall, RecordedEpisode } from "../../../workload/recorded-episode.ts";
import { SessionError } from "./session-error.ts";
import type { TensorRow } from "./tensor-row.ts";

export interface RecordedRowsContext {
  /** For messages. */
  readonly url: string;
  /** The reward that was set on the last call; null when none was. */
  readonly reward: number | null;
  /** Calls that the gateway counted when the reward was set; null where it does not say. */
  readonly interactionCount: number | null;
  /** sha256 of the tokenizer file that AReaL renders with; null where it is not known. */
  readonly tokenizerSha256: string | null;
}

/**
 * What AReaL recorded, prefix-shared. Every row must be a prompt followed by one output; its loss mask says where the
 * output begins. The reward of the last row must be the one that was set.
 * @throws {SessionError} for rows of which that is not true
 */
export function recordedRows(
  rows: readonly TensorRow[],
  context: RecordedRowsContext,
): Omit<RecordedEpisode, "episodeId" | "attemptKey"> {
  const last = rows.at(-1);
  if (context.reward !== null && last?.reward != null && last.reward !== Math.fround(context.reward)) {
    throw new SessionError("/export_trajectories", 200, {
      url: context.url,
      detail: `the last call has reward ${last.reward}, and ${context.reward} was set`,
    });
  }
  const calls = rows.map((_, index) =>
    recordedCall(rows, index, {
      url: context.url,
      reward: index === rows.length - 1 ? context.reward : null,
    }),
  );
  const incomplete = Math.max(0, (context.interactionCount ?? rows.length) - rows.length);
  return {
    v: 1,
    level: "L2",
    recorder: "areal",
    tokenizerSha256: context.tokenizerSha256,
    calls,
    dropped: Array.from({ length: incomplete }, () => ({
      interactionId: null,
      reason: "AReaL counted the call and did not export it: it had no complete answer",
    })),
  };
}

function recordedCall(
  rows: readonly TensorRow[],
  index: number,
  context: { readonly url: string; readonly reward: number | null },
): RecordedCall {
  const row = rows[index] as TensorRow;
  const promptLength = promptLengthOf(row, context.url);
  const prompt = row.inputIds.slice(0, promptLength);
  const { parent, shared } = parentOf(rows.slice(0, index), prompt);
  const parentLength = parent === null ? 0 : (rows[parent]?.inputIds.length ?? 0);
  const versions = new Set(row.versions.slice(promptLength));
  return {
    interactionId: row.interactionId ?? `row-${index}`,
    requestId: null,
    parent,
    sharedTokens: shared,
    breakCause:
      index === 0 || (parent !== null && shared === parentLength)
        ? null
        : `differs from the call before at token ${shared} of ${parentLength}`,
    promptTail: prompt.slice(shared),
    outputIds: row.inputIds.slice(promptLength),
    outputLogprobs: row.logprobs.slice(promptLength),
    weightVersion: versions.size === 1 ? ([...versions][0] ?? null) : null,
    finishReason: null,
    reward: context.reward,
  };
}

/** Where the output begins: the loss mask is 0 on the prompt and 1 from there to the end. */
function promptLengthOf(row: TensorRow, url: string): number {
  const first = row.lossMask.indexOf(1);
  const contiguous = first > 0 && row.lossMask.indexOf(0, first) === -1;
  if (contiguous) return first;
  throw new SessionError("/export_trajectories", 200, {
    url,
    detail:
      "a row is not one prompt followed by one output; was it exported in another style than individual?",
  });
}

/** The earlier call whose tokens this prompt begins with; the latest among those that share most. */
function parentOf(
  earlier: readonly TensorRow[],
  prompt: readonly number[],
): { readonly parent: number | null; readonly shared: number } {
  let best: { parent: number | null; shared: number } = { parent: null, shared: 0 };
  for (const [back, { inputIds }] of earlier.toReversed().entries()) {
    const shared = sharedPrefix(inputIds, prompt);
    if (shared > best.shared) best = { parent: earlier.length - 1 - back, shared };
    // A prompt that continues a call as it was cannot share more with one before that.
    if (shared === inputIds.length) break;
  }
  return best;
}

function sharedPrefix(a: readonly number[], b: readonly number[]): number {
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a[at] === b[at]) at += 1;
  return at;
}
