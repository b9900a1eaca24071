import { z } from "zod";

export const cachedAnswerSchema = z.object({
  /** Of its visible text. */
  key: z.string(),
  /** Generated tokens. */
  tokens: z.number().int(),
  has_logprobs: z.boolean(),
  has_system_prompt: z.boolean(),
  /** Wall clock, milliseconds since 1970. */
  at_ms: z.number(),
});
export type CachedAnswer = z.infer<typeof cachedAnswerSchema>;

const keptMs = 3_600_000;

/** Answers that feedback may name, for an hour, the oldest leaving first. */
export class CompletionCache {
  readonly #answers = new Map<string, CachedAnswer>();
  readonly #size: number;
  readonly #nowMs: () => number;

  constructor(size: number, nowMs: () => number) {
    this.#size = size;
    this.#nowMs = nowMs;
  }

  put(answer: CachedAnswer): void {
    this.#answers.delete(answer.key);
    this.#answers.set(answer.key, answer);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= this.#size) break;
      this.#answers.delete(oldest);
    }
  }

  get(key: string): CachedAnswer | null {
    const answer = this.#answers.get(key);
    if (answer === undefined) return null;
    if (this.#nowMs() - answer.at_ms <= keptMs) return answer;
    this.#answers.delete(key);
    return null;
  }
}
