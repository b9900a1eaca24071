import { z } from "zod";
import { recordingLevels } from "../config/recording-choices.ts";

/**
 * What a recording gateway kept of one episode's model calls: one line of `tokens.jsonl` in the run directory. Contract
 * between the gateways' clients (who fill it) and the exports (who render tensors from it).
 *
 * Stored prefix-shared: a call's whole prompt is `parent.prompt + parent.output` cut to `sharedTokens`, followed by
 * `promptTail`; for `parent: null` it is `promptTail` alone. Ids and logprobs come from the engine, or `level` is L0 and
 * they are null: nothing here was ever tokenised again from text.
 */
/** Which weights generated which tokens of an answer: a trainer may change them while it is written. */
export const weightSpanSchema = z.object({
  /** The engine's own name of them: a number where a trainer counts, `default` where nobody does. */
  version: z.string(),
  /** Index of the first output token, and of the first one behind. */
  start: z.int().nonnegative(),
  end: z.int().nonnegative(),
});
export type WeightSpan = z.infer<typeof weightSpanSchema>;

export const recordedCallSchema = z.object({
  /** The gateway's own name of the call. */
  interactionId: z.string(),
  /** `x-tollgate-request` of the call; null where the gateway does not keep it. */
  requestId: z.string().nullable(),
  /** Index in `calls` of the call whose tokens this prompt begins with; null for none. */
  parent: z.int().nonnegative().nullable(),
  /** How many tokens of the parent's prompt + output this prompt begins with. */
  sharedTokens: z.int().nonnegative(),
  /** Why the prompt does not continue the parent's prompt and output as they were; null when it does, or for the first call. */
  breakCause: z.string().nullable(),
  promptTail: z.array(z.int()).nullable(),
  outputIds: z.array(z.int()).nullable(),
  /** One per output id: log probability (natural log) with which it was sampled. */
  outputLogprobs: z.array(z.number()).nullable(),
  /** Number of the weights that generated all of it; null where the engine tells none, or not one number. */
  weightVersion: z.int().nullable(),
  /** What the engine told of its weights, token by token; absent where it told nothing. */
  weights: z.array(weightSpanSchema).optional(),
  finishReason: z.string().nullable(),
  /** Reward given to this very call; null when none was. */
  reward: z.number().nullable(),
});
export type RecordedCall = z.infer<typeof recordedCallSchema>;

export const recordedEpisodeSchema = z.object({
  v: z.literal(1),
  episodeId: z.string(),
  attemptKey: z.string(),
  /** L0: text only. L1: ids from the engine's chat API. L2: ids rendered and sent to `/generate`. */
  level: z.enum(recordingLevels),
  /** Which program recorded: `tollgate` or `areal`. */
  recorder: z.string(),
  /** sha256 of the tokenizer file that rendered the prompts; null where the engine did. */
  tokenizerSha256: z.string().nullable(),
  /** Form in which the recorder handed tools to the template, as it had learned it from the engine; absent where the engine rendered. */
  toolForm: z.string().optional(),
  calls: z.array(recordedCallSchema),
  /** Calls whose answers the gateway saw but did not keep: late, failed, retry orphans. */
  dropped: z.array(z.object({ interactionId: z.string().nullable(), reason: z.string() })),
});
export type RecordedEpisode = z.infer<typeof recordedEpisodeSchema>;
