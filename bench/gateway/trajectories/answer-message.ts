import { createParser } from "eventsource-parser";
import { z } from "zod";
import type { Message } from "../rendering/normalise-messages.ts";

const callPart = z.object({
  index: z.int().nullish(),
  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
});
const part = z.object({
  content: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  tool_calls: z.array(callPart).nullish(),
});
const answerSchema = z.object({
  choices: z.array(z.object({ message: part.nullish(), delta: part.nullish() })).nullish(),
});
type Part = z.infer<typeof part>;

/** The assistant's message in a recorded answer, whole or streamed; null where there is none to read. */
export function answerMessage(responseBody: string): Message | null {
  const parts: Part[] = [];
  const take = (text: string) => {
    const choice = readJson(text)?.choices?.[0];
    const found = choice?.message ?? choice?.delta;
    if (found) parts.push(found);
  };
  if (responseBody.trimStart().startsWith("{")) take(responseBody);
  else createParser({ onEvent: ({ data }) => take(data) }).feed(responseBody);
  return parts.length === 0 ? null : joined(parts);
}

function joined(parts: readonly Part[]): Message {
  const calls: { name: string; arguments: string }[] = [];
  for (const { tool_calls: deltas } of parts) {
    for (const [at, { index, function: fields }] of (deltas ?? []).entries()) {
      const call = (calls[index ?? at] ??= { name: "", arguments: "" });
      call.name += fields?.name ?? "";
      call.arguments += fields?.arguments ?? "";
    }
  }
  return {
    role: "assistant",
    content: parts.map(({ content }) => content ?? "").join(""),
    ...(calls.length === 0
      ? {}
      : { tool_calls: calls.map((call) => ({ type: "function", function: call })) }),
  };
}

function readJson(text: string): z.infer<typeof answerSchema> | null {
  try {
    return answerSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
