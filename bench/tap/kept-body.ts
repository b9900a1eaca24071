import { modelAnswerBytesMax } from "../host/bounded-body.ts";

/** Bytes of the bodies of all exchanges that have not been read yet, in one process. Those of 1,000 prompts of 128k tokens are as many. */
export const storeBytesMax = 512 * 1024 * 1024;
/** When the store is full, each body may still have so much, so that what is ordinary stays whole beside what is not. */
const shareBytesMax = 1024 * 1024;
/** Pieces of a body: no answer has more tokens. An answer of single bytes would otherwise take a hundred times its length. */
export const piecesMax = 1 << 18;

/** How much is held. */
export class BodyStore {
  bytes = 0;
}

/** The pieces of a body, up to a bound: who sends must not decide how much memory this process needs. */
export class KeptBody {
  readonly chunks: Buffer[] = [];
  bytes = 0;
  readonly #store: BodyStore;
  #held = 0;
  /** Says that a part is missing; null when the body is whole. */
  shortened: string | null = null;

  constructor(store: BodyStore) {
    this.#store = store;
  }

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.shortened ??= this.#whyFull(chunk.length);
    if (this.shortened !== null) return;
    this.chunks.push(chunk);
    this.#held += chunk.length;
    this.#store.bytes += chunk.length;
  }

  /** The body has been read. */
  release(): void {
    this.#store.bytes -= this.#held;
    this.#held = 0;
  }

  #whyFull(more: number): string | null {
    const kept = `only the first ${this.#held} bytes of a body were kept:`;
    if (this.bytes > modelAnswerBytesMax) return `${kept} it has more than ${modelAnswerBytesMax}`;
    if (this.chunks.length >= piecesMax) return `${kept} it came in more than ${piecesMax} pieces`;
    if (this.#store.bytes + more > storeBytesMax && this.bytes > shareBytesMax)
      return `${kept} all open exchanges together have more than ${storeBytesMax}`;
    return null;
  }
}
