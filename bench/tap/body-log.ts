import type { Exchange } from "../workload/exchange.ts";
import { baseKey, basesMax } from "./body-bases.ts";
import { deltaOf } from "./body-delta.ts";
import type { BodyLine } from "./body-line.ts";

/** Characters of bases that are kept, and the oldest go first: those of attempts that are over. */
const basesCharsMax = 128 * 1024 * 1024;

interface Base {
  readonly requestId: string;
  readonly key: string;
  readonly text: string;
}

/**
 * Turns the exchanges of one segment into lines, each request as its difference to the attempt's last one. Keeps those and nothing else,
 * so that it does not grow with the segment. An id that another attempt's base has is no base: who reads it again could not tell them apart.
 */
export class BodyLog {
  /** By attempt, the one first that was silent longest. */
  readonly #bases = new Map<string, Base>();
  /** The attempt of each base. */
  readonly #chainOf = new Map<string, string>();
  readonly #charsMax: number;
  #chars = 0;

  constructor(charsMax = basesCharsMax) {
    this.#charsMax = charsMax;
  }

  line(exchange: Exchange): BodyLine {
    const { hop, requestId, requestBody: text } = exchange;
    const chain = JSON.stringify([hop, exchange.arm, exchange.attemptKey]);
    const base = this.#bases.get(chain);
    const key = baseKey(hop, requestId);
    const isBase = (this.#chainOf.get(key) ?? chain) === chain;
    if (isBase) this.#keep(chain, { requestId, key, text });
    return {
      v: 1,
      hop,
      requestId,
      requestBase: base?.requestId ?? null,
      isBase,
      ...deltaOf(base?.text ?? "", text),
      response: exchange.responseBody,
    };
  }

  #keep(chain: string, base: Base): void {
    this.#drop(chain);
    this.#bases.set(chain, base);
    this.#chainOf.set(base.key, chain);
    this.#chars += base.text.length;
    for (const oldest of this.#bases.keys()) {
      if (this.#bases.size <= basesMax && this.#chars <= this.#charsMax) break;
      this.#drop(oldest);
    }
  }

  #drop(chain: string): void {
    const base = this.#bases.get(chain);
    if (base === undefined) return;
    this.#chars -= base.text.length;
    this.#bases.delete(chain);
    this.#chainOf.delete(base.key);
  }
}
