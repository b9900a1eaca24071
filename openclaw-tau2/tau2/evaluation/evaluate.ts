import { TollgateError } from "../../../bench/errors.ts";
import type { EvaluationInput, LoadedDomain } from "../contract/domain.ts";
import { checkActions } from "./action-check.ts";
import { breakdownDump, checkAssertions } from "./assertion-check.ts";
import { checkCommunication } from "./communicate-check.ts";
import { criteriaOf } from "../tasks/criteria.ts";
import type { Criteria } from "../tasks/criteria.ts";
import { checkEnvironment, note } from "./environment-check.ts";
import { EvaluationError } from "./evaluation-error.ts";
import type { DatabaseHashes } from "./evaluation-error.ts";
import { dumpJson } from "../python/json-dump.ts";
import { float } from "../python/value.ts";
import type { PyDict, PyValue } from "../python/value.ts";

export interface Evaluation {
  /** null: an assertion of the basis could not be judged; `dump` keeps what is known. */
  readonly reward: number | null;
  /** The task's basis; null after a premature end or without criteria. */
  readonly rewardBasis: readonly string[] | null;
  /** tau2's reward info as a JSON value. Its arguments lose the difference of `2.0` and `2`, which `dumpText` keeps. */
  readonly dump: unknown;
  /** The same as JSON text, as tau2 writes it. */
  readonly dumpText: string;
  /** What the database check compared; null when it did not come to that. */
  readonly hashes: DatabaseHashes | null;
}

export { EvaluationError };

const NORMAL_ENDS = new Set(["user_stop", "agent_stop"]);

/**
 * tau2's `evaluate_simulation` with evaluation type ALL. Without a judge a task with judged assertions in its basis has
 * reward null. Throws EvaluationError where tau2 raises; the caller decides what that means for the episode.
 */
export function evaluate(domain: LoadedDomain, input: EvaluationInput): Evaluation {
  if (!NORMAL_ENDS.has(input.terminationReason)) {
    const text = `Simulation terminated prematurely. Termination reason: ${input.terminationReason}`;
    return evaluationOf(0, { info: note(text) }, null);
  }
  try {
    const criteria = criteriaOf(input.task);
    if (criteria === null) return evaluationOf(1, { info: note("No evaluation criteria") }, null);
    return evaluateCriteria(domain, input, criteria);
  } catch (error) {
    if (error instanceof EvaluationError || !(error instanceof TollgateError)) throw error;
    throw new EvaluationError(error);
  }
}

function evaluateCriteria(domain: LoadedDomain, input: EvaluationInput, criteria: Criteria): Evaluation {
  const basis = new Set(criteria.rewardBasis);
  const environment = checkEnvironment(domain, input, criteria);
  const action = checkActions(domain, input.messages, criteria);
  const communicate = checkCommunication(input.messages, criteria);
  const assertions = basis.has("NL_ASSERTION") ? checkAssertions(input, criteria) : null;
  const breakdown = [...environment.breakdown];
  const counted: (number | null)[] = [];
  if (basis.has("DB") || basis.has("ENV_ASSERTION")) counted.push(environment.reward);
  if (basis.has("ACTION")) {
    counted.push(action.reward);
    breakdown.push(...action.breakdown);
  }
  if (assertions !== null) {
    counted.push(assertions.reward);
    if (assertions.reward !== null) breakdown.push(["NL_ASSERTION", assertions.reward]);
  }
  if (basis.has("COMMUNICATE")) {
    counted.push(communicate.reward);
    breakdown.push(...communicate.breakdown);
  }
  const parts = {
    db_check: environment.databaseCheck,
    env_assertions: environment.assertions,
    action_checks: action.checks,
    nl_assertions: assertions?.checks ?? null,
    communicate_checks: communicate.checks,
    reward_basis: [...criteria.rewardBasis],
    reward_breakdown: breakdownDump(breakdown),
    info: new Map([
      ["env", environment.info],
      ["nl", assertions?.info ?? null],
      ["communicate", communicate.info],
      ["action", action.info],
    ]),
  };
  return evaluationOf(productOf(counted), parts, environment.hashes);
}

/** The product of the components, or null when one of them is not known. */
function productOf(rewards: readonly (number | null)[]): number | null {
  let product = 1;
  for (const reward of rewards) {
    if (reward === null) return null;
    product *= reward;
  }
  return product;
}

const DUMPED_FIELDS = [
  "db_check",
  "env_assertions",
  "action_checks",
  "nl_assertions",
  "communicate_checks",
  "reward_basis",
  "reward_breakdown",
  "info",
] as const;

function evaluationOf(
  reward: number | null,
  parts: Readonly<Partial<Record<(typeof DUMPED_FIELDS)[number], PyValue>>>,
  hashes: DatabaseHashes | null,
): Evaluation {
  const dump: PyDict = new Map([["reward", reward === null ? null : float(reward)]]);
  for (const field of DUMPED_FIELDS) dump.set(field, parts[field] ?? null);
  const dumpText = dumpJson(dump);
  const basis = parts.reward_basis;
  return {
    reward,
    rewardBasis: Array.isArray(basis) ? basis.map(String) : null,
    dump: JSON.parse(dumpText),
    dumpText,
    hashes,
  };
}
