import { z } from "zod";
import type { HeardMessage } from "../model/prompt.ts";
import { lenientBool, lenientFloat, lenientInt } from "./lenient.ts";

/** A message in any of the forms that clients send. */
const messageSchema = z
  .object({ role: z.string(), content: z.unknown().optional() })
  .transform(({ role, content }): HeardMessage => ({ role, content: textOf(content) }));
export const messagesSchema = z.array(messageSchema);

const samplingSchema = {
  model: z.string().default(""),
  max_tokens: lenientInt.nullish(),
  temperature: lenientFloat.nullish(),
  top_p: lenientFloat.nullish(),
  stream: lenientBool.default(false),
  stop: z.array(z.string()).nullish(),
  /** Not a field of the service, which ignores it; engines behind it know one. */
  seed: lenientInt.nullish(),
  stream_options: z.object({ include_usage: lenientBool.default(false) }).nullish(),
};
export const chatRequestSchema = z.object({
  ...samplingSchema,
  messages: messagesSchema,
  logprobs: lenientBool.default(false),
  top_logprobs: lenientInt.default(1),
});
export type TrainerChatRequest = z.infer<typeof chatRequestSchema>;

export const completionRequestSchema = z.object({ ...samplingSchema, prompt: z.string() });

function textOf(content: unknown): string {
  if (content === null || content === undefined) return "";
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.flatMap(partOf).join("\n");
  return partOf(content)[0] ?? JSON.stringify(content);
}

function partOf(part: unknown): readonly string[] {
  if (typeof part === "string") return [part];
  if (part === null || typeof part !== "object") return [];
  const fields = new Map<string, unknown>(Object.entries(part));
  const text = [fields.get("text"), fields.get("content")].find((value) => typeof value === "string");
  return typeof text === "string" ? [text] : [];
}
