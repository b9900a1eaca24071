import type { Seen } from "../evidence/taps.ts";
import { percentile } from "../numbers/samples.ts";
import { NotCovered, type Expected } from "./figure.ts";
import { medianOver } from "./spread.ts";

const turnsUpTo = [1, 2, 4, 8, 16, 32];
const tokensUpTo = [999, 1999, 3999, 7999, 15_999, 31_999, 63_999];

/** Time to first token by the place of the request in its attempt, and by the length of its prompt. */
export function ttftGroupsOf(all: readonly Seen[]): Expected | undefined {
  const attempts = Map.groupBy(
    all.filter(({ hop }) => hop === "outer"),
    ({ unit }) => unit,
  );
  const placed = [...attempts.values()].flatMap((requests) =>
    [...requests]
      .sort((a, b) => a.startedNs - b.startedNs)
      .flatMap(({ answered, ttftMs, unit, usage }, index) =>
        answered && ttftMs !== null
          ? [{ value: ttftMs, unit, turn: index + 1, tokens: usage?.promptTokens ?? null }]
          : [],
      ),
  );
  if (placed.length === 0) return new NotCovered("no answer has a first token");
  const grouped = (
    ends: readonly number[],
    first: number,
    of: (one: (typeof placed)[number]) => number | null,
  ) =>
    [...ends, null].flatMap((to, index) => {
      const from = index === 0 ? first : (ends[index - 1] ?? 0) + 1;
      const members = placed.filter((one) => {
        const at = of(one);
        return at !== null && at >= from && (to === null || at <= to);
      });
      if (members.length === 0) return [];
      return [
        {
          from,
          to,
          p50: medianOver(members),
          p95: percentile(
            members.map(({ value }) => value),
            0.95,
          ),
        },
      ];
    });
  return {
    byTurn: grouped(turnsUpTo, 1, ({ turn }) => turn),
    byPromptTokens: grouped(tokensUpTo, 0, ({ tokens }) => tokens),
  };
}
