import { z } from "zod";
import { ConfigError } from "../../errors.ts";

/** What a replay sets in every request, in every arm alike. */
export interface BodyChanges {
  readonly model: string;
  /** Output is cut to so many tokens; a request that asked for fewer keeps its own limit. */
  readonly maxTokens: number;
  readonly temperature: number;
  /** Put before the first message's text, so that no earlier prompt begins the same; null: nothing. */
  readonly salt: string | null;
}

const bodySchema = z.looseObject({
  messages: z.array(z.looseObject({ role: z.string() })).min(1),
  stream: z.boolean().nullish(),
  max_tokens: z.number().nullish(),
  max_completion_tokens: z.number().nullish(),
  stream_options: z.looseObject({}).nullish(),
});

/**
 * The recorded request with a replay's settings; messages and tools stay as they were.
 * @throws {ConfigError} for a body that is no chat completion
 */
export function replayBody(recorded: string, changes: BodyChanges): string {
  const parsed = bodySchema.safeParse(parse(recorded));
  if (!parsed.success) {
    throw new ConfigError(
      `A recorded request is no chat completion and cannot be replayed: ${recorded.slice(0, 80)}`,
    );
  }
  const { max_completion_tokens: newer, max_tokens: older, ...body } = parsed.data;
  return JSON.stringify({
    ...body,
    model: changes.model,
    temperature: changes.temperature,
    max_tokens: Math.min(changes.maxTokens, newer ?? older ?? changes.maxTokens),
    // Without it a stream tells no token counts, and nothing could be checked.
    ...(body.stream ? { stream_options: { ...body.stream_options, include_usage: true } } : {}),
    messages: changes.salt === null ? body.messages : salted(body.messages, changes.salt),
  });
}

function salted(messages: readonly Record<string, unknown>[], salt: string): Record<string, unknown>[] {
  return messages.map((message, at) => {
    if (at > 0) return message;
    const { content } = message;
    if (typeof content === "string") return { ...message, content: `${salt} ${content}` };
    const parts: unknown[] = Array.isArray(content) ? content : [];
    return { ...message, content: [{ type: "text", text: salt }, ...parts] };
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Reported by the schema, together with every other body that is not one.
    return null;
  }
}

/**
 * Twelve digits: tokenizers split digits in fixed groups, so that every salt has as many tokens as every other.
 * @param draw uniform in 0..1
 */
export function drawSalt(draw: () => number): string {
  return Array.from({ length: 12 }, () => Math.floor(draw() * 10)).join("");
}
