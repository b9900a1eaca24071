import { z } from "zod";
import type { WeightSpan } from "../../workload/recorded-episode.ts";
import { weightSpans } from "./weight-spans.ts";

const ids = z.array(z.int());
const someIds = ids.nullish().catch(null);
const pair = z.tuple([z.number(), z.int()], z.unknown());
const version = z.union([z.string(), z.number()]).nullish().catch(null);
const metaSchema = z.looseObject({
  output_token_logprobs: z.array(pair).nullish().catch(null),
  weight_version: version,
  weight_versions: z.unknown().optional(),
});
const choiceSchema = z.looseObject({
  prompt_token_ids: someIds,
  token_ids: someIds,
  response_token_ids: someIds,
  logprobs: z
    .looseObject({ content: z.array(z.looseObject({ logprob: z.number() })).nullish() })
    .nullish()
    .catch(null),
  meta_info: metaSchema.nullish().catch(null),
});
/** An answer of the chat API, or an event of a streamed one. */
const partSchema = z.looseObject({
  choices: z.array(choiceSchema).nullish().catch(null),
  prompt_token_ids: someIds,
  sglext: z
    .looseObject({ input_ids: someIds, output_ids: z.array(ids).nullish().catch(null) })
    .nullish()
    .catch(null),
  metadata: metaSchema.nullish().catch(null),
});

export interface EngineTokens {
  readonly promptIds: Int32Array;
  readonly outputIds: Int32Array;
  readonly outputLogprobs: Float64Array;
  readonly weights: readonly WeightSpan[];
}

/**
 * Reads the token ids that an engine's chat API gives, wherever it puts them: SGLang in the choice and its `meta_info`, in
 * streams in one `sglext` behind the end; vLLM beside the choices and, token by token, in each event.
 */
export class EngineTokenReader {
  #prompt: readonly number[] | null = null;
  readonly #ids: number[] = [];
  #logprobs: number[] = [];
  /** Ids of the whole answer, where the engine gives them at once. */
  #whole: readonly number[] | null = null;
  /** Ids with their logprobs, of the whole answer. */
  #pairs: readonly (readonly [number, number, ...unknown[]])[] | null = null;
  #version: string | number | null = null;
  #versions: unknown = null;

  /** @param part JSON of an answer or an event */
  add(part: unknown): void {
    const read = partSchema.safeParse(part).data;
    if (read === undefined) return;
    const choice = read.choices?.[0];
    this.#prompt ??= choice?.prompt_token_ids ?? read.prompt_token_ids ?? read.sglext?.input_ids ?? null;
    this.#whole ??= choice?.response_token_ids ?? read.sglext?.output_ids?.[0] ?? null;
    this.#ids.push(...(choice?.token_ids ?? []));
    this.#logprobs.push(...(choice?.logprobs?.content ?? []).map(({ logprob }) => logprob));
    this.#pairs ??= choice?.meta_info?.output_token_logprobs ?? null;
    for (const said of [choice?.meta_info, read.metadata]) {
      this.#version ??= said?.weight_version ?? null;
      this.#versions ??= said?.weight_versions ?? null;
    }
  }

  /** What the engine gave; null where it did not give all of it. */
  tokens(): EngineTokens | null {
    const output = this.#output();
    if (this.#prompt === null || this.#prompt.length === 0 || output === null) return null;
    return {
      promptIds: Int32Array.from(this.#prompt),
      outputIds: Int32Array.from(output.ids),
      outputLogprobs: Float64Array.from(output.logprobs),
      weights: weightSpans({ version: this.#version, versions: this.#versions }, output.ids.length),
    };
  }

  /** In words, what `tokens` lacks. */
  get missing(): string {
    const ids = this.#whole ?? (this.#ids.length > 0 ? this.#ids : null);
    const logprobs = this.#logprobs.length;
    return [
      ...(this.#prompt === null ? ["no ids of the prompt"] : []),
      ...(ids === null && this.#pairs === null ? ["no ids of the answer"] : []),
      ...(ids !== null && this.#pairs === null && ids.length !== logprobs
        ? [`${ids.length} ids of the answer and ${logprobs} logprobs`]
        : []),
    ].join(", ");
  }

  #output(): { readonly ids: readonly number[]; readonly logprobs: readonly number[] } | null {
    if (this.#pairs !== null)
      return { ids: this.#pairs.map(([, id]) => id), logprobs: this.#pairs.map(([logprob]) => logprob) };
    const given = this.#whole ?? this.#ids;
    return given.length === this.#logprobs.length && given.length > 0
      ? { ids: given, logprobs: this.#logprobs }
      : null;
  }
}
