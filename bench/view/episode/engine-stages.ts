import { z } from "zod";
import { parsedJson } from "../../host/parsed-json.ts";

/** What an engine says in an answer of how long its stages took, milliseconds; null where it does not say. */
export interface EngineStages {
  readonly queueMs: number | null;
  readonly prefillMs: number | null;
  readonly decodeMs: number | null;
  /** Where that stands. */
  readonly said: string;
}

const seconds = z.number().nonnegative().nullish().catch(null);
/** SGLang's `meta_info`: in answers of `/generate`, and of its chat API where it was asked for. */
const metaSchema = z.object({
  queue_time: seconds,
  forward_entry_time: seconds,
  prefill_finished_time: seconds,
  request_finished_ts: seconds,
});
/** llama.cpp's `timings`. */
const timingsSchema = z.object({
  prompt_ms: z.number().nonnegative(),
  predicted_ms: z.number().nonnegative(),
});
const answerSchema = z.looseObject({
  meta_info: metaSchema.nullish().catch(null),
  timings: timingsSchema.nullish().catch(null),
  choices: z
    .array(z.looseObject({ meta_info: metaSchema.nullish().catch(null) }))
    .nullish()
    .catch(null),
});

/** Reads an answer in one piece or as events; the last that says something counts. null: it says nothing of its stages. */
export function engineStages(responseBody: string): EngineStages | null {
  if (!/"(?:meta_info|timings)"/.test(responseBody)) return null;
  const texts = responseBody.startsWith("{") ? [responseBody] : eventTexts(responseBody);
  return texts.map(stagesOf).findLast((stages) => stages !== null) ?? null;
}

function eventTexts(responseBody: string): readonly string[] {
  return responseBody
    .split(/\r?\n/)
    .filter((line) => line.startsWith("data:") && /"(?:meta_info|timings)"/.test(line))
    .map((line) => line.slice("data:".length));
}

function stagesOf(text: string): EngineStages | null {
  const answer = answerSchema.safeParse(parsedJson(text)).data;
  if (answer === undefined) return null;
  if (answer.timings != null) {
    const { prompt_ms: prefillMs, predicted_ms: decodeMs } = answer.timings;
    return { queueMs: null, prefillMs, decodeMs, said: "timings in the engine's answer" };
  }
  const meta = answer.meta_info ?? answer.choices?.find((choice) => choice.meta_info != null)?.meta_info;
  return meta == null ? null : sglangStages(meta);
}

/** 0.5.10 writes a queue time of 0 without having measured it: without the moment at which the engine began it says nothing. */
function sglangStages(meta: z.infer<typeof metaSchema>): EngineStages | null {
  const {
    queue_time: queue,
    forward_entry_time: began,
    prefill_finished_time: first,
    request_finished_ts: ended,
  } = meta;
  if (began == null || began === 0) return null;
  const between = (from: number | null | undefined, to: number | null | undefined) =>
    from == null || to == null || to < from ? null : (to - from) * 1e3;
  return {
    queueMs: queue == null ? null : queue * 1e3,
    prefillMs: between(began, first),
    decodeMs: between(first, ended),
    said: "meta_info in the engine's answer",
  };
}
