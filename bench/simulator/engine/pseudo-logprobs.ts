import { hashIds, quickDraw } from "../settings/draw.ts";

export interface TokenLogprob {
  readonly id: number;
  readonly logprob: number;
}

/** Logprobs that look like a confident model's and depend on prompt, position and seed only. */
export class PseudoLogprobs {
  readonly #hash: number;
  readonly #vocabSize: number;

  constructor(promptIds: Int32Array, options: { readonly seed: number; readonly vocabSize: number }) {
    this.#hash = hashIds(promptIds, options.seed);
    this.#vocabSize = options.vocabSize;
  }

  /** Natural logarithm, in (-2.4, 0), of the token at a 0-based output position. */
  at(position: number): number {
    const chance = 1 - 0.9 * quickDraw(this.#hash, position) ** 4;
    return Math.fround(Math.log(chance));
  }

  /** The chosen token first, then others with less and less of what is left. */
  top(position: number, chosen: number, count: number): TokenLogprob[] {
    const result: TokenLogprob[] = [{ id: chosen, logprob: this.at(position) }];
    let left = 1 - Math.exp(this.at(position));
    for (let rank = 1; rank < count; rank++) {
      left /= 2;
      const id = Math.floor(quickDraw(this.#hash + rank, position) * this.#vocabSize);
      const logprob = Math.fround(Math.min(this.at(position), Math.log(Math.max(left, 1e-9))));
      result.push({ id: id === chosen ? (id + 1) % this.#vocabSize : id, logprob });
    }
    return result.slice(0, count);
  }
}
