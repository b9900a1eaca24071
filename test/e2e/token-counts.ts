import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Prompt and completion tokens as three parties counted them in one segment, read from its evidence alone. */
export interface TokenCounts {
  readonly outer: readonly [prompt: number, completion: number];
  readonly inner: readonly [prompt: number, completion: number];
  readonly engine: readonly [prompt: number, completion: number];
}

interface Line {
  readonly hop: string;
  readonly path: string;
  readonly usage: { readonly promptTokens: number; readonly completionTokens: number } | null;
}

/** Nothing of `bench/report` or `bench/metrics` is used: a mistake there must not be repeated here. */
export function countTokens(segmentDirectory: string): TokenCounts {
  const read = (name: string) => readFileSync(join(segmentDirectory, name), "utf8");
  const lines = read("taps.ndjson")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line)
    .filter(({ path }) => path === "/v1/chat/completions");
  const sum = (hop: string) =>
    lines
      .filter((line) => line.hop === hop)
      .reduce<readonly [number, number]>(
        ([prompt, completion], { usage }) => [
          prompt + (usage?.promptTokens ?? Number.NaN),
          completion + (usage?.completionTokens ?? Number.NaN),
        ],
        [0, 0],
      );
  const moved = (metric: string) =>
    counter(read("agent-after.prom"), metric) - counter(read("agent-before.prom"), metric);
  return {
    outer: sum("outer"),
    inner: sum("inner"),
    engine: [moved("sglang:prompt_tokens_total"), moved("sglang:generation_tokens_total")],
  };
}

/** Sum over all label sets; 0 for a counter that nobody moved yet, because engines leave such series out. */
function counter(page: string, metric: string): number {
  return page
    .split("\n")
    .filter((line) => line.startsWith(`${metric}{`))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
