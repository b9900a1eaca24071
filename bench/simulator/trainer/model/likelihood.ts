import type { Tokenizer } from "../../model/tokenizer.ts";
import { hashIds, quickDraw } from "../../settings/draw.ts";
import { logOdds, oddsOf } from "../law/curve.ts";
import { isFollowing } from "../law/following.ts";
import type { Law } from "../law/law-schema.ts";
import { hasCollapsed, type Progress } from "./speak.ts";

export interface LikelyToken {
  readonly text: string;
  readonly bytes: readonly number[];
  /** Nats. */
  readonly logprob: number;
  readonly top: readonly TopToken[];
}

export interface TopToken {
  readonly text: string;
  readonly bytes: readonly number[];
  readonly logprob: number;
}

/** Nats that each token loses where the model drifts. */
const driftNats = 2.5;

/**
 * How likely a text is to the model: P(text) = P(its tokens) times, for each preference, p where it follows and 1 - p where it does not. The
 * second part is spread evenly over the tokens, and the first does not change with learning.
 */
export class Likelihood {
  readonly #law: Law;
  readonly #tokenizer: Tokenizer;

  constructor(law: Law, tokenizer: Tokenizer) {
    this.#law = law;
    this.#tokenizer = tokenizer;
  }

  /** @param visible What of the text others see; it decides what is followed. */
  of(
    text: { readonly raw: string; readonly visible: string },
    progress: Progress,
    question: string,
  ): readonly Omit<LikelyToken, "top">[] {
    const ids = this.#tokenizer.encode(text.raw);
    const style = this.#styleNats(text.visible, progress) / Math.max(1, ids.length);
    const seed = hashIds(this.#tokenizer.encode(question), this.#law.seed);
    return Array.from(ids, (id, position) => ({
      ...this.#named(id),
      logprob: Math.log(chanceOf(seed ^ id, position)) + style,
    }));
  }

  /** The same for a text that the model itself says, with alternatives; here a collapse shows. */
  ofOwn(
    text: { readonly raw: string; readonly visible: string },
    progress: Progress,
    { question, top }: { readonly question: string; readonly top: number },
  ): readonly LikelyToken[] {
    const certain = hasCollapsed(this.#law, progress, "entropy");
    const drifted = hasCollapsed(this.#law, progress, "drift");
    return this.of(text, progress, question).map((token, position) => {
      const logprob = certain ? token.logprob / 20 : token.logprob;
      return {
        ...token,
        logprob: drifted ? logprob - driftNats : logprob,
        top: this.#alternatives({ ...token, logprob }, position, { count: top, isListed: !drifted }),
      };
    });
  }

  #styleNats(visible: string, { learned }: Progress): number {
    const parts = Object.entries(this.#law.preferences).map(([name, learnt]) => {
      const { lnP, lnNot } = oddsOf(logOdds(learnt, learned[name] ?? 0));
      return isFollowing(visible, learnt.follows) ? lnP : lnNot;
    });
    return parts.reduce((sum, part) => sum + part, 0);
  }

  /** The first has the token's own probability, and is the token unless the model drifted away from it; each further one half of what is left. */
  #alternatives(
    token: Omit<LikelyToken, "top">,
    position: number,
    { count, isListed }: { readonly count: number; readonly isListed: boolean },
  ): readonly TopToken[] {
    let left = -Math.expm1(token.logprob);
    const size = this.#tokenizer.vocabSize;
    const start = Math.floor(quickDraw(this.#law.seed, position) * size);
    return Array.from({ length: count }, (_, rank) => {
      if (rank === 0) return isListed ? token : { ...this.#named(start), logprob: token.logprob };
      left /= 2;
      return { ...this.#named((start + rank * 7) % size), logprob: Math.log(Math.max(left, 1e-12)) };
    });
  }

  #named(id: number): { readonly text: string; readonly bytes: readonly number[] } {
    return { text: this.#tokenizer.decode([id]), bytes: [...this.#tokenizer.bytesOf(id)] };
  }
}

/** Between 0.55 and 0.75, so that means over a few dozen tokens hardly vary. */
function chanceOf(seed: number, position: number): number {
  return 0.55 + 0.2 * quickDraw(seed, position);
}
