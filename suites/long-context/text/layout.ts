import { createRng } from "../../../bench/statistics/rng.ts";
import { drawSeed, type LongCase } from "../contract/cases.ts";
import type { LongQuestion } from "../material/material.ts";
import { materials } from "../material/materials.ts";

/** Words of padding stand between words: at the end of the line they would split what is one token without them. */
export const endOfText = (padding: string) => `Here ends the text${padding}.`;

/** The text of a case at any size. All of it is made of the case: the same case has the same words on every machine. */
export class Layout {
  readonly question: LongQuestion;
  readonly #opening: string;
  readonly #depth: number;
  readonly #next: () => string;
  readonly #fillers: string[] = [];
  /** Characters of the first so many fillers, from none on. */
  readonly #ends: number[] = [0];

  constructor({ kind, depth, question, taskId, seed }: LongCase) {
    const material = materials[kind];
    const rng = createRng(drawSeed(`${taskId}/${seed}/text`));
    this.question = material.question(question);
    this.#opening = material.opening;
    this.#depth = depth;
    this.#next = () => material.filler(rng, this.#fillers.length);
  }

  /** Of the first so many fillers, with what is between them. */
  characters(fillers: number): number {
    this.#write(fillers);
    return this.#ends[fillers] ?? 0;
  }

  /** @param padding words before the question that say nothing, each with a space before it */
  text(fillers: number, padding: string): string {
    this.#write(fillers);
    const blocks = this.#withPieces(fillers);
    return [this.#opening, ...blocks, endOfText(padding), "", this.question.ask].join("\n");
  }

  /** The first piece stands at the depth, the others at equal distances between it and the end. */
  #withPieces(fillers: number): readonly string[] {
    const { pieces } = this.question;
    const whole = this.#ends[fillers] ?? 0;
    const blocks: string[] = [];
    let at = 0;
    for (const [index, piece] of pieces.entries()) {
      const share = this.#depth + (1 - this.#depth) * (index / pieces.length);
      const until = this.#fillersBefore(share * whole, fillers);
      blocks.push(...this.#fillers.slice(at, until), piece);
      at = until;
    }
    return [...blocks, ...this.#fillers.slice(at, fillers)];
  }

  /** How many whole fillers end at most there. */
  #fillersBefore(characters: number, most: number): number {
    let [low, high] = [0, most];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#ends[middle] ?? Infinity) <= characters + 1e-6) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #write(fillers: number): void {
    while (this.#fillers.length < fillers) {
      const next = this.#next();
      this.#fillers.push(next);
      this.#ends.push((this.#ends.at(-1) ?? 0) + next.length + 1);
    }
  }
}
