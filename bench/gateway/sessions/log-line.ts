import { z } from "zod";
import { weightSpanSchema } from "../../workload/recorded-episode.ts";
import type { KeptTokens } from "./call-tree.ts";
import { recordingLevels } from "../../config/recording-choices.ts";
import type { KeptCall } from "./session.ts";
import type { ExchangeTiming } from "../../workload/exchange.ts";

const ids = z.array(z.int()).transform((list) => Int32Array.from(list));
const tokensSchema = z.object({
  parent: z.int().nullable(),
  sharedTokens: z.int(),
  breakCause: z.string().nullable(),
  promptTail: ids,
  outputIds: ids,
  outputLogprobs: z.array(z.number()).transform((list) => Float64Array.from(list)),
  // Logs of earlier gateways have the one number.
  weights: z.array(weightSpanSchema).default([]),
  after: z.string(),
  reasoning: z.string().nullable(),
});
const callSchema = z.object({
  interactionId: z.string(),
  request: z.object({ prefix: z.int(), suffix: z.int(), middle: z.string() }),
  responseBody: z.string(),
  // Written by this program, and read again by nothing that could be hurt by another shape.
  timing: z.custom<ExchangeTiming>((value) => typeof value === "object" && value !== null),
  tokens: tokensSchema.nullable(),
});

/** A line of a gateway's log. */
export const logLineSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("session"),
    id: z.string(),
    groupId: z.string(),
    keyDigest: z.string(),
    level: z.enum(recordingLevels),
  }),
  z.object({ type: z.literal("call"), session: z.string(), late: z.boolean(), call: callSchema }),
  z.object({ type: z.literal("failed"), session: z.string(), late: z.boolean() }),
  z.object({
    type: z.literal("reward"),
    session: z.string(),
    reward: z.number(),
    interactionId: z.string().nullable(),
    final: z.boolean(),
  }),
  z.object({ type: z.literal("removed"), session: z.string() }),
]);
export type LogLine = z.infer<typeof logLineSchema>;

/** A call in the form of its log line: typed arrays become lists. */
export function callView(call: KeptCall): object {
  return { ...call, tokens: call.tokens && tokensView(call.tokens) };
}

function tokensView(tokens: KeptTokens): object {
  return {
    ...tokens,
    promptTail: [...tokens.promptTail],
    outputIds: [...tokens.outputIds],
    outputLogprobs: [...tokens.outputLogprobs],
  };
}
