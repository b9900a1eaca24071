import { createParser } from "eventsource-parser";
import { z } from "zod";

/** What a chat completion says, whole or streamed, as far as the checks need it. */
export interface ChatAnswer {
  readonly text: string;
  readonly toolCalls: readonly { readonly name: string; readonly argumentsText: string }[];
  readonly finishReason: string | null;
  /** null where the answer carries no usage. */
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
}

const toolCallSchema = z.object({
  index: z.number().nullish(),
  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }),
});
const partSchema = z.object({ content: z.string().nullish(), tool_calls: z.array(toolCallSchema).nullish() });
const bodySchema = z.object({
  choices: z.array(
    z.object({
      message: partSchema.nullish(),
      delta: partSchema.nullish(),
      finish_reason: z.string().nullish(),
    }),
  ),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish(),
});
type Body = z.infer<typeof bodySchema>;

/** null when the text is no chat completion, or a stream without an end. */
export function readChatAnswer(text: string, streamed: boolean): ChatAnswer | null {
  if (streamed) return readStream(text);
  const body = bodyOf(text);
  return body === null ? null : merge([body]);
}

function readStream(text: string): ChatAnswer | null {
  const bodies: (Body | null)[] = [];
  let done = false;
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data === "[DONE]") done = true;
      else bodies.push(bodyOf(data));
    },
  });
  parser.feed(text);
  const whole = bodies.filter((body) => body !== null);
  return done && whole.length === bodies.length && whole.length > 0 ? merge(whole) : null;
}

function bodyOf(text: string): Body | null {
  try {
    return bodySchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // The caller says what came instead.
  }
}

function merge(bodies: readonly Body[]): ChatAnswer {
  const choices = bodies.flatMap(({ choices }) => choices.slice(0, 1));
  const parts = choices.flatMap(({ message, delta }) => message ?? delta ?? []);
  const pieces = parts.flatMap((part) =>
    (part.tool_calls ?? []).map((call, position) => ({ at: call.index ?? position, ...call.function })),
  );
  const usage = bodies.findLast(({ usage }) => usage != null)?.usage ?? null;
  return {
    text: parts.map(({ content }) => content ?? "").join(""),
    toolCalls: [...Map.groupBy(pieces, ({ at }) => at).values()].map((call) => ({
      name: call.map(({ name }) => name ?? "").join(""),
      argumentsText: call.map((piece) => piece.arguments ?? "").join(""),
    })),
    finishReason: choices.findLast(({ finish_reason: reason }) => reason != null)?.finish_reason ?? null,
    promptTokens: usage?.prompt_tokens ?? null,
    completionTokens: usage?.completion_tokens ?? null,
  };
}
