import type { EvaluationInput, JudgeEntry } from "../contract/domain.ts";
import { float } from "../python/value.ts";
import type { PyDict, PyValue } from "../python/value.ts";
import type { Criteria } from "../tasks/criteria.ts";
import { note } from "./environment-check.ts";

export interface AssertionCheck {
  /** null: there are assertions and no judge to ask. */
  readonly reward: number | null;
  readonly info: PyValue;
  readonly checks: PyValue;
}

/**
 * tau2's evaluator of assertions in prose, for tasks that have NL_ASSERTION in their basis. The judge is asked only when
 * there are assertions; all entries that it returns must be met, so an empty answer counts as met, as in tau2.
 */
export function checkAssertions(input: EvaluationInput, criteria: Criteria): AssertionCheck {
  const { nlAssertions } = criteria;
  if (nlAssertions.length === 0) {
    return { reward: 1, info: note("No nl_assertions to evaluate"), checks: [] };
  }
  if (input.judge === null) {
    return { reward: null, info: note(`Not judged: ${nlAssertions.length} nl_assertions`), checks: null };
  }
  const entries = input.judge(nlAssertions, input.messages);
  return { reward: entries.every(({ met }) => met) ? 1 : 0, info: null, checks: entries.map(entryDump) };
}

function entryDump(entry: JudgeEntry): PyDict {
  return new Map<string, PyValue>([
    ["nl_assertion", entry.nlAssertion],
    ["met", entry.met],
    ["justification", entry.justification],
  ]);
}

export function breakdownDump(breakdown: readonly (readonly [string, number])[]): PyDict {
  return new Map(breakdown.map(([name, reward]) => [name, float(reward)]));
}
