import { z } from "zod";

/** Frames of OpenClaw's gateway protocol 4, as far as the driver reads them. Unknown fields and frame types pass. */
export const serverFrameSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("event"), event: z.string(), payload: z.unknown().optional() }),
  z.object({
    type: z.literal("res"),
    id: z.string(),
    ok: z.boolean(),
    payload: z.unknown().optional(),
    error: z
      .object({
        code: z.string(),
        message: z.string(),
        retryable: z.boolean().optional().catch(undefined),
        details: z
          .object({
            code: z.string().optional().catch(undefined),
            reason: z.string().optional().catch(undefined),
          })
          .optional()
          .catch(undefined),
      })
      .optional(),
  }),
]);

/** With what a gateway asks who a client is. */
export const challengeSchema = z.object({ nonce: z.string(), ts: z.number().optional() });

/** The answer to `connect`. */
export const helloSchema = z.object({ server: z.object({ version: z.string() }).optional() });

/** What can still be told from an answer that does not fit: whose it was. */
export const answerIdSchema = z.object({ type: z.literal("res"), id: z.string() });

/** First answer to `agent`: the run is queued. The second one, with the same id, is its result. */
export const acceptedSchema = z.object({ status: z.literal("accepted") });

export const runResultSchema = z.object({
  status: z.string(),
  summary: z.string().optional(),
  stopReason: z.string().optional(),
  result: z
    .object({
      payloads: z.array(z.object({ text: z.string().nullish() })).nullish(),
      meta: z
        .object({
          aborted: z.boolean().optional(),
          error: z.object({ kind: z.string(), message: z.string() }).optional(),
        })
        .nullish(),
    })
    .nullish(),
});
export type RunResult = z.infer<typeof runResultSchema>;

/** What the plugin's own methods answer. */
export const openReplySchema = z.object({ prompt: z.enum(["exact", "stock"]) });
export const pressureReplySchema = z.object({ utilization: z.number() });
export const outcomeSchema = z.object({
  /** The text with which the model ended the turn. */
  answer: z.string().nullable(),
  failure: z.object({ kind: z.string(), message: z.string() }).nullable(),
  requests: z.number(),
  misses: z.number(),
});
export const ownCallsSchema = z.object({
  calls: z.array(
    z.object({
      toolCallId: z.string(),
      name: z.string(),
      argumentsText: z.string(),
      content: z.string(),
      error: z.boolean(),
      startedNs: z.number(),
      endedNs: z.number(),
    }),
  ),
});
export type TurnOutcome = z.infer<typeof outcomeSchema>;
