import type { Environment, EvaluationInput, LoadedDomain } from "../contract/domain.ts";
import { PythonError } from "../python/error.ts";
import { dumpJson } from "../python/json-dump.ts";
import { float } from "../python/value.ts";
import type { PyDict, PyValue } from "../python/value.ts";
import type { Criteria, GoldenAction } from "../tasks/criteria.ts";
import { EvaluationError } from "./evaluation-error.ts";
import type { DatabaseHashes } from "./evaluation-error.ts";

/** One component of the reward. `reward` counts, `breakdown` is what tau2 lists for it. */
export interface Component {
  readonly reward: number;
  readonly breakdown: readonly (readonly [string, number])[];
  readonly info: PyValue;
}

export interface EnvironmentCheck extends Component {
  readonly databaseCheck: PyValue;
  readonly assertions: PyValue;
  readonly hashes: DatabaseHashes | null;
}

/**
 * tau2's environment evaluator. The predicted side replays the transcript; the gold side runs the golden actions without
 * any sync and ignores those that fail. Assertions run on the predicted side after the hashes.
 */
export function checkEnvironment(
  domain: LoadedDomain,
  input: EvaluationInput,
  criteria: Criteria,
): EnvironmentCheck {
  if (criteria.actions === null && criteria.environmentAssertions === null) {
    return {
      reward: 1,
      breakdown: [],
      info: note("No expected actions or env assertions"),
      databaseCheck: databaseCheck(true),
      assertions: null,
      hashes: null,
    };
  }
  const { initialStateText } = input.task;
  const strict = input.strictReplay;
  const predicted = domain.createEnvironment({ solo: input.solo, task: input.task });
  predicted.setState({ initialStateText, history: input.messages, strict });
  const gold = domain.createEnvironment({ task: input.task });
  gold.setState({ initialStateText, history: input.task.messageHistory, strict });
  for (const action of criteria.actions ?? []) runGolden(gold, action);
  const hashes = hashesOf(gold, predicted);
  const match = hashes.goldAgent === hashes.predictedAgent && hashes.goldUser === hashes.predictedUser;
  const { checks, reward: assertionReward } = assertionsAfter(hashes, () =>
    runAssertions(predicted, criteria),
  );
  const components: [string, number][] = [
    ["DB", match ? 1 : 0],
    ["ENV_ASSERTION", assertionReward],
  ];
  const breakdown = components.filter(([name]) => criteria.rewardBasis.includes(name));
  return {
    reward: breakdown.reduce((product, [, reward]) => product * reward, 1),
    breakdown,
    info: null,
    databaseCheck: databaseCheck(match),
    assertions: checks,
    hashes,
  };
}

function runGolden(gold: Environment, action: GoldenAction): void {
  try {
    const { name, requestor } = action;
    gold.invoke({ name, requestor, argumentsText: dumpJson(action.arguments) });
  } catch (error) {
    // tau2 logs a golden action that raises and goes on; 18 of retail's do.
    if (!(error instanceof PythonError)) throw error;
  }
}

function hashesOf(gold: Environment, predicted: Environment): DatabaseHashes {
  return {
    goldAgent: gold.agentHash(),
    goldUser: gold.userHash(),
    predictedAgent: predicted.agentHash(),
    predictedUser: predicted.userHash(),
  };
}

/** An assertion that raises ends the evaluation, but the databases were compared by then. */
function assertionsAfter<Value>(hashes: DatabaseHashes, run: () => Value): Value {
  try {
    return run();
  } catch (error) {
    if (error instanceof PythonError) throw new EvaluationError(error, hashes);
    throw error;
  }
}

function runAssertions(predicted: Environment, criteria: Criteria): { checks: PyValue[]; reward: number } {
  let reward = 1;
  const checks = (criteria.environmentAssertions ?? []).map((assertion): PyDict => {
    const met = predicted.runAssertion({
      envType: assertion.envType,
      functionName: assertion.functionName,
      argumentsText: dumpJson(assertion.arguments),
      assertValue: assertion.assertValue,
    });
    if (!met) reward = 0;
    return new Map<string, PyValue>([
      ["env_assertion", assertion.dump],
      ["met", met],
      ["reward", float(met ? 1 : 0)],
    ]);
  });
  return { checks, reward };
}

function databaseCheck(match: boolean): PyDict {
  return new Map<string, PyValue>([
    ["db_match", match],
    ["db_reward", float(match ? 1 : 0)],
  ]);
}

export function note(text: string): PyDict {
  return new Map([["note", text]]);
}
