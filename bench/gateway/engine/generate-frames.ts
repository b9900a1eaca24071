import { z } from "zod";
import { TollgateError } from "../../errors.ts";
import { heldBack } from "../parsing/output-piece.ts";

/** The engine answered with something that cannot be accounted for, token by token. */
export class EngineAnswerError extends TollgateError {
  readonly code = "TOLLGATE_ENGINE_ANSWER";
}

/** One answer, or one frame of a streamed one, of SGLang's `/generate`. */
export const generateFrameSchema = z.object({
  text: z.string().nullish(),
  output_ids: z.array(z.int()).nullish(),
  meta_info: z.object({
    prompt_tokens: z.int().nonnegative(),
    completion_tokens: z.int().nonnegative(),
    cached_tokens: z.int().nonnegative().nullish(),
    weight_version: z.union([z.string(), z.number()]).nullish(),
    weight_versions: z.unknown().optional(),
    finish_reason: z
      .looseObject({
        type: z.string(),
        matched: z.union([z.int(), z.string(), z.array(z.int())]).nullish(),
        message: z.string().nullish(),
        status_code: z.union([z.int(), z.string()]).nullish(),
      })
      .nullish(),
    output_token_logprobs: z.array(z.tuple([z.number().nullable(), z.int()], z.unknown())).nullish(),
  }),
});
export type GenerateFrame = z.infer<typeof generateFrameSchema>;
export type GenerateEnd = NonNullable<GenerateFrame["meta_info"]["finish_reason"]>;

/** Token ids of an answer with their log probabilities, in order. */
export interface OutputTokens {
  readonly ids: readonly number[];
  readonly logprobs: readonly number[];
}

/**
 * Puts the frames of one answer together. SGLang sends the whole answer so far in every frame, or only what is new
 * (`--incremental-streaming-output`), and some versions the one for text and the other for ids; `completion_tokens`, which
 * always counts from the beginning, tells them apart.
 */
export class GenerateFrames {
  readonly #ids: number[] = [];
  readonly #outputIds: number[] = [];
  readonly #logprobs: number[] = [];
  readonly #stops: readonly string[];
  #text = "";
  #given = 0;
  #textIsWhole: boolean | null = null;
  #last: GenerateFrame["meta_info"] | null = null;

  /** @param stops stop texts of the request */
  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  /** @returns the text that is new. @throws {EngineAnswerError} */
  add(frame: GenerateFrame): string {
    const { meta_info: meta } = frame;
    const now = meta.completion_tokens;
    const pairs = meta.output_token_logprobs ?? [];
    const fresh = pairs.slice(newFrom(pairs.length, { now, held: this.#ids.length }));
    for (const [logprob, id] of fresh) {
      if (logprob === null) throw new EngineAnswerError("The engine gave a token without its logprob.");
      this.#ids.push(id);
      this.#logprobs.push(logprob);
    }
    const ids = frame.output_ids ?? [];
    const idsFrom = newFrom(ids.length, { now, held: this.#outputIds.length });
    this.#outputIds.push(...ids.slice(idsFrom));
    this.#last = meta;
    return this.#newText(frame.text ?? "", idsFrom > 0);
  }

  /** null before the first frame. */
  get meta(): GenerateFrame["meta_info"] | null {
    return this.#last;
  }

  get text(): string {
    return this.#text;
  }

  /**
   * The ids and logprobs as the engine gave them.
   * @throws {EngineAnswerError} when there are not as many as tokens were generated, or its two lists of ids differ
   */
  tokens(): OutputTokens {
    const count = this.#last?.completion_tokens ?? 0;
    if (this.#ids.length !== count) {
      throw new EngineAnswerError(
        `The engine generated ${count} tokens and gave ids and logprobs of ${this.#ids.length}.`,
      );
    }
    if (this.#outputIds.length === count && this.#outputIds.some((id, at) => id !== this.#ids[at]))
      throw new EngineAnswerError("The engine's output_ids and output_token_logprobs name different tokens.");
    return { ids: this.#ids, logprobs: this.#logprobs };
  }

  /** Takes a frame's text into the whole and returns what may be given to the client. */
  #newText(text: string, wholeIds: boolean): string {
    const end = this.#last?.finish_reason ?? null;
    if (this.#text === "") this.#text = text;
    else {
      this.#textIsWhole ??= wholeIds || text.startsWith(this.#text);
      this.#text = this.#textIsWhole ? text : this.#text + text;
    }
    if (end !== null && typeof end.matched === "string" && this.#text.includes(end.matched))
      this.#text = this.#text.slice(0, this.#text.indexOf(end.matched));
    const ready = end === null ? this.#text.length - this.#unsure() : this.#text.length;
    const fresh = this.#text.slice(this.#given, ready);
    this.#given = Math.max(this.#given, ready);
    return fresh;
  }

  /** Length of what may still change: half a character, or the beginning of a stop text, which is never shown. */
  #unsure(): number {
    const whole = this.#text.replace(/\uFFFD+$/, "");
    return this.#text.length - whole.length + heldBack(whole, this.#stops);
  }
}

/** Index of the first entry that is new: 0 for a list of new ones only. */
function newFrom(length: number, { now, held }: { readonly now: number; readonly held: number }): number {
  return length === now ? Math.min(held, length) : 0;
}
