import { z } from "zod";
import { weightSpanSchema, type RecordedEpisode } from "../../workload/recorded-episode.ts";
import { recordingLevels } from "../../config/recording-choices.ts";

const tokensSchema = z.object({
  parent: z.int().nullable(),
  shared_tokens: z.int(),
  break_cause: z.string().nullable(),
  prompt_tail: z.array(z.int()),
  output_ids: z.array(z.int()),
  output_logprobs: z.array(z.number()),
  weight_version: z.int().nullable(),
  weights: z.array(weightSpanSchema).default([]),
});
const exportSchema = z.object({
  traj: z.object({
    level: z.enum(recordingLevels),
    tokenizer_sha256: z.string().nullable(),
    tool_form: z.string().nullish(),
    sessions: z.array(
      z.object({
        dropped: z.array(z.object({ interaction_id: z.string().nullable(), reason: z.string() })),
      }),
    ),
    interactions: z.array(
      z.object({
        interaction_id: z.string(),
        request_id: z.string(),
        original_reward: z.number().nullable(),
        finish_reason: z.string().nullable(),
        tokens: tokensSchema.nullable(),
      }),
    ),
  }),
});

/**
 * What this gateway exported of one session, as the driver keeps it.
 * @param raw text of its answer to `/export_trajectories`
 * @throws {z.ZodError | SyntaxError} when it is none
 */
export function recordedFromExport(raw: string): Omit<RecordedEpisode, "episodeId" | "attemptKey"> {
  const { traj } = exportSchema.parse(JSON.parse(raw));
  // Of an episode with calls of which the engine gave no ids nothing is given out that looks as if it were whole.
  const withIds = traj.level !== "L0";
  return {
    v: 1,
    level: traj.level,
    recorder: "tollgate",
    tokenizerSha256: traj.tokenizer_sha256,
    ...(traj.tool_form == null ? {} : { toolForm: traj.tool_form }),
    calls: traj.interactions.map(({ tokens, ...call }) => ({
      interactionId: call.interaction_id,
      requestId: call.request_id,
      parent: tokens?.parent ?? null,
      sharedTokens: tokens?.shared_tokens ?? 0,
      breakCause: tokens?.break_cause ?? null,
      promptTail: withIds ? (tokens?.prompt_tail ?? null) : null,
      outputIds: withIds ? (tokens?.output_ids ?? null) : null,
      outputLogprobs: withIds ? (tokens?.output_logprobs ?? null) : null,
      weightVersion: tokens?.weight_version ?? null,
      ...(tokens === null || tokens.weights.length === 0 ? {} : { weights: tokens.weights }),
      finishReason: call.finish_reason,
      reward: call.original_reward,
    })),
    dropped: traj.sessions.flatMap(({ dropped }) =>
      dropped.map(({ interaction_id: interactionId, reason }) => ({ interactionId, reason })),
    ),
  };
}
