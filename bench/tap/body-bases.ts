import type { BodyLine } from "./body-line.ts";

/**
 * Attempts whose last request is kept as a base, by the writer and by the reader. Where more run at once, the one that
 * was silent longest starts anew: its next line holds the whole request.
 */
export const basesMax = 1_024;

/** What finds a base: its id, within its hop. */
export const baseKey = (hop: BodyLine["hop"], requestId: string): string => JSON.stringify([hop, requestId]);

/**
 * What a reader of `bodies.ndjson` keeps of the requests that a later line can still refer to: of each attempt the last one, and of no more
 * attempts than the writer keeps. Memory is bounded by so many, however long the file is. (Files from before lines said what is a base
 * take the ids of all lines as well.)
 */
export class BodyBases<Kept> {
  readonly #kept = new Map<string, Kept>();
  readonly #seen = new Set<string>();

  /** What was kept of the line's base; null where it has none. @returns undefined when its base is missing */
  of({ hop, requestBase }: Pick<BodyLine, "hop" | "requestBase">): Kept | null | undefined {
    return requestBase === null ? null : this.#kept.get(baseKey(hop, requestBase));
  }

  /**
   * Follows `BodyLog.line` step by step. The writer may have let more of them go, for their length: those are older than all that can
   * still be referred to, and are the first to go here.
   */
  add(line: Pick<BodyLine, "hop" | "requestId" | "requestBase" | "isBase">, kept: Kept): void {
    const { hop, requestBase } = line;
    const key = baseKey(hop, line.requestId);
    if (!this.#isBase(line, key)) return;
    if (requestBase !== null) this.#kept.delete(baseKey(hop, requestBase));
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > basesMax && oldest !== undefined) this.#kept.delete(oldest);
  }

  /** A line that does not say it is one when it is the first of its id. */
  #isBase({ isBase }: Pick<BodyLine, "isBase">, key: string): boolean {
    if (isBase !== undefined) return isBase;
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }
}
