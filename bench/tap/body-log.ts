import { z } from "zod";
import type { Exchange } from "../workload/exchange.ts";
import { deltaOf } from "./body-delta.ts";

/**
 * One line of `bodies.ndjson`. `requestBase` is the request id of an earlier line of the same hop, whose request text is
 * the base of the delta; null: the base is the empty text. Where an id occurs twice in a hop, only its first line is a base.
 */
export const bodyLineSchema = z.object({
  v: z.literal(1),
  hop: z.enum(["outer", "inner", "user"]),
  requestId: z.string(),
  requestBase: z.string().nullable(),
  prefix: z.int().nonnegative(),
  suffix: z.int().nonnegative(),
  middle: z.string(),
  response: z.string(),
});
export type BodyLine = z.infer<typeof bodyLineSchema>;

/**
 * Attempts whose last request is kept as a base, by the writer and by the reader. Where more run at once, the one that
 * was silent longest starts anew: its next line holds the whole request.
 */
export const basesMax = 1_024;

/** Turns the exchanges of one segment into lines, each request as its difference to the attempt's last one. */
export class BodyLog {
  readonly #bases = new Map<string, { requestId: string; text: string }>();
  readonly #seen = new Set<string>();

  line(exchange: Exchange): BodyLine {
    const { hop, requestId, requestBody: text } = exchange;
    const chain = JSON.stringify([hop, exchange.arm, exchange.attemptKey]);
    const base = this.#bases.get(chain);
    const id = JSON.stringify([hop, requestId]);
    if (!this.#seen.has(id)) {
      this.#seen.add(id);
      this.#bases.delete(chain);
      this.#bases.set(chain, { requestId, text });
      const [oldest] = this.#bases.keys();
      if (this.#bases.size > basesMax && oldest !== undefined) this.#bases.delete(oldest);
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
}
