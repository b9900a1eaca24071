import { createParser } from "eventsource-parser";
import { z } from "zod";
import type { TokenUsage, TranscriptToolCall } from "../../workload/workload.ts";

/** What the model said in one chat completion, with argument texts exactly as it wrote them. */
export interface Completion {
  readonly content: string | null;
  readonly toolCalls: readonly TranscriptToolCall[] | null;
  readonly finishReason: string | null;
  readonly usage: TokenUsage | null;
}

const toolCallSchema = z.object({
  index: z.number().int().optional(),
  id: z.string().nullish(),
  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
});
const messageSchema = z.object({
  content: z.string().nullish(),
  tool_calls: z.array(toolCallSchema).nullish(),
});
const responseSchema = z.object({
  choices: z
    .array(
      z.object({
        message: messageSchema.nullish(),
        delta: messageSchema.nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .default([]),
  usage: z
    .object({
      prompt_tokens: z.number(),
      completion_tokens: z.number(),
      prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
    })
    .nullish(),
});
type ResponsePart = z.infer<typeof responseSchema>;

/**
 * Reads the body of a chat completion, streamed (SSE) or not. An empty text beside tool calls is null, as tau2 stores it.
 * @returns null when the body holds no choice at all (an error page, a stream cut before the first chunk).
 */
export function readCompletion(body: string, streamed: boolean): Completion | null {
  const parts = streamed ? streamParts(body) : jsonPart(body);
  if (!parts.some((part) => part.choices.length > 0)) return null;
  const draft: Draft = { text: "", calls: new Map(), finishReason: null, usage: null };
  for (const part of parts) addPart(draft, part);
  const toolCalls = [...draft.calls.values()];
  return {
    content: draft.text === "" && toolCalls.length > 0 ? null : draft.text,
    toolCalls: toolCalls.length > 0 ? toolCalls : null,
    finishReason: draft.finishReason,
    usage: draft.usage,
  };
}

interface Draft {
  text: string;
  readonly calls: Map<number, { id: string; name: string; arguments: string }>;
  finishReason: string | null;
  usage: TokenUsage | null;
}

function addPart(draft: Draft, part: ResponsePart): void {
  if (part.usage) {
    draft.usage = {
      promptTokens: part.usage.prompt_tokens,
      completionTokens: part.usage.completion_tokens,
      cachedTokens: part.usage.prompt_tokens_details?.cached_tokens ?? null,
    };
  }
  const choice = part.choices[0];
  if (!choice) return;
  draft.finishReason = choice.finish_reason ?? draft.finishReason;
  const message = choice.delta ?? choice.message;
  draft.text += message?.content ?? "";
  for (const [position, call] of (message?.tool_calls ?? []).entries()) {
    const index = call.index ?? position;
    const known = draft.calls.get(index) ?? { id: "", name: "", arguments: "" };
    draft.calls.set(index, {
      id: call.id ?? known.id,
      name: known.name + (call.function?.name ?? ""),
      arguments: known.arguments + (call.function?.arguments ?? ""),
    });
  }
}

function jsonPart(body: string): ResponsePart[] {
  return partOf(body);
}

function streamParts(body: string): ResponsePart[] {
  const parts: ResponsePart[] = [];
  const parser = createParser({
    onEvent: (event) => {
      if (event.data !== "[DONE]") parts.push(...partOf(event.data));
    },
  });
  parser.feed(body.endsWith("\n\n") ? body : `${body}\n\n`);
  return parts;
}

/** A part that is no JSON or not of this form is no completion; the exchange's own outcome says what went wrong. */
function partOf(text: string): ResponsePart[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  const parsed = responseSchema.safeParse(value);
  return parsed.success ? [parsed.data] : [];
}
