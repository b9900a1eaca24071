import { z } from "zod";
import type { ExchangeUsage } from "../workload/exchange.ts";

/** What a response says about its generation. Offsets count bytes of the decoded body; null where nothing was seen. */
export interface GenerationReading {
  /** Behind the line that carries the first generated text, reasoning or tool call; null for a body that is not a stream. */
  readonly firstTokenEndByte: number | null;
  readonly lastTokenEndByte: number | null;
  readonly usage: ExchangeUsage | null;
  readonly finishReason: string | null;
  /** Id that the server gave its answer. */
  readonly responseId: string | null;
}

const usageSchema = z.object({
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
});
const deltaSchema = z.object({
  content: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  reasoning: z.string().nullish(),
  tool_calls: z.array(z.unknown()).nullish(),
});
/** An answer or one event of it: chat completions, completions, or SGLang's own `/generate`. */
const answerSchema = z.object({
  id: z.string().nullish(),
  choices: z
    .array(
      z.object({
        delta: deltaSchema.nullish(),
        text: z.string().nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: usageSchema.nullish().catch(null),
  text: z.string().nullish(),
  output_ids: z.array(z.number()).nullish(),
  meta_info: z
    .object({
      id: z.string().nullish(),
      prompt_tokens: z.number(),
      completion_tokens: z.number(),
      cached_tokens: z.number().nullish(),
      finish_reason: z.object({ type: z.string() }).nullish(),
    })
    .nullish()
    .catch(null),
});
type Answer = z.infer<typeof answerSchema>;

const newline = 0x0a;
const dataField = Buffer.from("data:");
const nothing: GenerationReading = {
  firstTokenEndByte: null,
  lastTokenEndByte: null,
  usage: null,
  finishReason: null,
  responseId: null,
};

/**
 * Reads a response body. Of a stream only its two ends are parsed, up to the first and the last event that carries
 * tokens: what lies between costs nothing. Anything that cannot be read counts as absent.
 */
export function readGeneration(body: Buffer, streamed: boolean): GenerationReading {
  return streamed ? readStream(body) : readWhole(body);
}

/** Usage of a non-streamed answer. It has no first token: the whole answer arrives at once. */
function readWhole(body: Buffer): GenerationReading {
  const answer = parseAnswer(body.toString("utf8"));
  if (answer === null) return nothing;
  return {
    ...nothing,
    usage: usageOf(answer),
    finishReason: finishReasonOf(answer),
    responseId: idOf(answer),
  };
}

function readStream(body: Buffer): GenerationReading {
  let reading = nothing;
  for (const { answer, endByte } of eventsForward(body)) {
    reading = {
      ...reading,
      usage: usageOf(answer) ?? reading.usage,
      finishReason: finishReasonOf(answer) ?? reading.finishReason,
      responseId: reading.responseId ?? idOf(answer),
    };
    if (carriesTokens(answer)) {
      reading = { ...reading, firstTokenEndByte: endByte };
      break;
    }
  }
  if (reading.firstTokenEndByte === null) return reading;
  let [usage, finishReason]: [ExchangeUsage | null, string | null] = [null, null];
  for (const { answer, endByte } of eventsBackward(body)) {
    usage ??= usageOf(answer);
    finishReason ??= finishReasonOf(answer);
    if (carriesTokens(answer)) return { ...reading, lastTokenEndByte: endByte, usage, finishReason };
  }
  return reading;
}

interface StreamEvent {
  readonly answer: Answer;
  readonly endByte: number;
}

function* eventsForward(body: Buffer): Generator<StreamEvent> {
  for (let from = 0; from < body.length;) {
    const at = body.indexOf(newline, from);
    const end = at === -1 ? body.length : at;
    const event = eventAt(body, from, end);
    if (event !== null) yield event;
    from = end + 1;
  }
}

function* eventsBackward(body: Buffer): Generator<StreamEvent> {
  for (let end = body.length; end > 0;) {
    const at = body.lastIndexOf(newline, end - 1);
    const event = eventAt(body, at + 1, end);
    if (event !== null) yield event;
    end = at;
  }
}

function eventAt(body: Buffer, from: number, end: number): StreamEvent | null {
  const start = from + dataField.length;
  if (start >= end || body.compare(dataField, 0, dataField.length, from, start) !== 0) return null;
  const answer = parseAnswer(body.toString("utf8", start, end));
  return answer === null ? null : { answer, endByte: Math.min(end + 1, body.length) };
}

function parseAnswer(text: string): Answer | null {
  const trimmed = text.trim();
  if (trimmed === "[DONE]") return null;
  try {
    return answerSchema.safeParse(JSON.parse(trimmed)).data ?? null;
  } catch {
    // Half a line of a stream that was cut, or a body that is not JSON: there is nothing to read in it.
    return null;
  }
}

function carriesTokens(answer: Answer): boolean {
  if (answer.meta_info) return Boolean(answer.text) || Boolean(answer.output_ids?.length);
  return (answer.choices ?? []).some(
    ({ delta, text }) =>
      Boolean(text) ||
      Boolean(delta?.content) ||
      Boolean(delta?.reasoning_content) ||
      Boolean(delta?.reasoning) ||
      Boolean(delta?.tool_calls?.length),
  );
}

function usageOf({ usage, meta_info: meta }: Answer): ExchangeUsage | null {
  if (usage) {
    return {
      promptTokens: usage.prompt_tokens,
      completionTokens: usage.completion_tokens,
      cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? null,
    };
  }
  if (!meta) return null;
  return {
    promptTokens: meta.prompt_tokens,
    completionTokens: meta.completion_tokens,
    cachedTokens: meta.cached_tokens ?? null,
  };
}

function finishReasonOf({ choices, meta_info: meta }: Answer): string | null {
  return (
    choices?.find(({ finish_reason: reason }) => reason)?.finish_reason ?? meta?.finish_reason?.type ?? null
  );
}

function idOf({ id, meta_info: meta }: Answer): string | null {
  return id ?? meta?.id ?? null;
}
