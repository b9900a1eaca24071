import { z } from "zod";
import type { WeightSpan } from "../../workload/recorded-episode.ts";

const name = z.union([z.string(), z.number()]).transform(String);
const spansSchema = z
  .array(z.object({ version: name, start: z.int().nonnegative(), end: z.int().nonnegative() }))
  .min(1);

/**
 * What an engine says of its weights. SGLang names one version, from 0.5.23 on also the tokens of each.
 * @param count tokens of the answer
 * @returns spans that cover all tokens, or none
 */
export function weightSpans(
  said: { readonly version: string | number | null | undefined; readonly versions: unknown },
  count: number,
): readonly WeightSpan[] {
  const spans = spansSchema.safeParse(said.versions).data;
  if (spans !== undefined && coversAll(spans, count)) return spans;
  return said.version == null || count === 0 ? [] : [{ version: String(said.version), start: 0, end: count }];
}

function coversAll(spans: readonly WeightSpan[], count: number): boolean {
  let at = 0;
  for (const { start, end } of spans) {
    if (start !== at || end < start) return false;
    at = end;
  }
  return at === count;
}

/** The number of the weights that generated all of an answer; null where they have none, or were several. */
export function weightVersion(spans: readonly WeightSpan[]): number | null {
  const [first, ...more] = new Set(spans.map(({ version }) => version));
  return first !== undefined && more.length === 0 && /^\d{1,15}$/.test(first) ? Number(first) : null;
}
