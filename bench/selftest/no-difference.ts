import { createRng } from "../statistics/rng.ts";
import { chatSessions } from "./chat-sessions.ts";
import { checkRow, type CheckRow } from "./check-row.ts";
import { measurePaired } from "./paired-arms.ts";
import { estimate, metrics, rangeText } from "./paired-estimate.ts";
import type { PairedSize } from "./paired-size.ts";
import type { SelftestStack } from "./selftest-stack.ts";

/** One comparison of the engine with itself. */
export interface SelfComparison {
  readonly metric: string;
  readonly text: string;
  /** The interval holds 0. */
  readonly silent: boolean;
}

/** A/A: `times` independent comparisons of raw with raw. */
export async function measureNoDifference(
  stack: SelftestStack,
  engineUrl: string,
  size: PairedSize & { readonly times: number },
): Promise<readonly SelfComparison[]> {
  const comparisons: SelfComparison[] = [];
  for (let time = 0; time < size.times; time += 1) {
    const outcome = await measurePaired(stack, {
      ...size,
      baseline: engineUrl,
      target: engineUrl,
      rng: createRng(100 + time),
      sessions: (label, count) =>
        chatSessions(`aa${time}-${label}`, count, { turns: 1, messageChars: () => 200, outputTokens: 4 }),
    });
    for (const metric of metrics) {
      const interval = estimate(outcome, metric);
      const silent = interval !== null && interval.low <= 0 && interval.high >= 0;
      comparisons.push({ metric, text: rangeText(interval), silent });
    }
  }
  return comparisons;
}

export function noDifferenceRow(comparisons: readonly SelfComparison[]): CheckRow {
  const loud = comparisons.filter(({ silent }) => !silent);
  return checkRow({
    id: "aa-silent",
    what: `raw against raw: differences in ${comparisons.length} comparisons`,
    value: comparisons.length === 0 ? null : loud.length,
    unit: "",
    detail: (loud.length > 0 ? loud : comparisons.slice(0, 2))
      .map(({ metric, text }) => `${metric} ${text}`)
      .join("; "),
  });
}
