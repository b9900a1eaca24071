import type { Exchange } from "../workload/exchange.ts";
import { deltaOf } from "./body-delta.ts";
import type { BodyLine } from "./body-line.ts";

/**
 * Attempts whose last request is kept as a base, by the writer and by the reader. Where more run at once, the one that
 * was silent longest starts anew: its next line holds the whole request.
 */
export const basesMax = 1_024;
/**
 * Characters of bases that the writer keeps, and the oldest go first: those of attempts that are over. A reader need not know it, because
 * what it keeps too long is older than all that can still be referred to.
 */
const basesCharsMax = 128 * 1024 * 1024;

/** Turns the exchanges of one segment into lines, each request as its difference to the attempt's last one. */
export class BodyLog {
  readonly #bases = new Map<string, { requestId: string; text: string }>();
  readonly #seen = new Set<string>();
  readonly #charsMax: number;
  #chars = 0;

  constructor(charsMax = basesCharsMax) {
    this.#charsMax = charsMax;
  }

  line(exchange: Exchange): BodyLine {
    const { hop, requestId, requestBody: text } = exchange;
    const chain = JSON.stringify([hop, exchange.arm, exchange.attemptKey]);
    const base = this.#bases.get(chain);
    const id = JSON.stringify([hop, requestId]);
    if (!this.#seen.has(id)) {
      this.#seen.add(id);
      this.#drop(chain);
      this.#bases.set(chain, { requestId, text });
      this.#chars += text.length;
      for (const oldest of this.#bases.keys()) {
        if (this.#bases.size <= basesMax && this.#chars <= this.#charsMax) break;
        this.#drop(oldest);
      }
    }
    return {
      v: 1,
      hop,
      requestId,
      requestBase: base?.requestId ?? null,
      ...deltaOf(base?.text ?? "", text),
      response: exchange.responseBody,
    };
  }

  #drop(chain: string): void {
    this.#chars -= this.#bases.get(chain)?.text.length ?? 0;
    this.#bases.delete(chain);
  }
}
