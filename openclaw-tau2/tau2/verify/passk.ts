import { allPassChance, isPassed } from "../../../bench/statistics/pass-hat-k.ts";
import type { PyDict, PyValue } from "../python/value.ts";
import { asDict, asList, asNumber, asText, goldenJson, goldenLines, hasGoldenFile } from "./golden-file.ts";
import type { VerifyInput } from "./input.ts";
import { RowCounter } from "./row.ts";
import type { VerifyRow } from "./row.ts";

const FILE = "passk.json";
const TOLERANCE = 1e-9;

interface ScoredSimulation {
  readonly taskId: string;
  /** null: not scored. */
  readonly reward: number | null;
  readonly terminationReason: string;
}

/** Checks `passk.json`: the pass^k function and tables (domain `all`), and pass^k over each domain's evaluations. */
export function checkPassK(input: VerifyInput): VerifyRow[] {
  if (!hasGoldenFile(input.goldenDirectory, FILE)) return [];
  const golden = asDict(goldenJson(input.goldenDirectory, FILE));
  const all = new RowCounter("all", "passk");
  for (const value of asList(golden.get("pass_hat_k_function"))) checkFunction(asDict(value), all);
  for (const value of asList(golden.get("tables"))) checkTable(asDict(value), all);
  const rows = [all.row()];
  const overFiles = asDict(golden.get("metrics_over_eval_files"));
  for (const domain of input.domains) {
    const expected = overFiles.get(domain);
    const file = `eval_${domain}.jsonl.gz`;
    if (expected === undefined || !hasGoldenFile(input.goldenDirectory, file)) continue;
    const counter = new RowCounter(domain, "passk");
    const simulations = [...goldenLines(input.goldenDirectory, file)].flatMap(evaluated);
    checkMeans({ simulations, expected: asDict(expected), name: file }, counter);
    rows.push(counter.row());
  }
  return rows;
}

function checkFunction(entry: PyDict, counter: RowCounter): void {
  const [trials = 0, passes = 0, k = 0] = ["n", "c", "k"].map((name) => asNumber(entry.get(name)));
  const actual = allPassChance({ trials, passes, k });
  counter.count(isClose(actual, entry.get("value")), () => `pass^${k} of ${passes} of ${trials}: ${actual}`);
}

function checkTable(table: PyDict, counter: RowCounter): void {
  const simulations = asList(table.get("simulations")).map((value): ScoredSimulation => {
    const record = asDict(value);
    const reward = record.get("reward") ?? null;
    return {
      taskId: asText(record.get("task_id")),
      reward: reward === null ? null : asNumber(reward),
      terminationReason: asText(record.get("termination_reason")),
    };
  });
  const name = asText(table.get("name"));
  checkMeans({ simulations, expected: table, name }, counter);
  const expected = asDict(table.get("expected_per_task_pass_hat_k"));
  const actual = passHatKsByTask(simulations, asNumber(table.get("num_trials")));
  for (const [taskId, values] of actual) check(values, asDict(expected.get(taskId)), { counter, name });
  counter.count(actual.size === expected.size, () => `${name}: ${actual.size} tasks`);
}

/** An evaluation that did not raise. */
function evaluated(record: PyDict): ScoredSimulation[] {
  const info = asDict(record.get("expected"));
  if (info.has("error")) return [];
  return [
    {
      taskId: asText(record.get("task_id")),
      reward: asNumber(info.get("reward")),
      terminationReason: asText(asDict(record.get("simulation")).get("termination_reason")),
    },
  ];
}

function checkMeans(
  given: {
    readonly simulations: readonly ScoredSimulation[];
    readonly expected: PyDict;
    readonly name: string;
  },
  counter: RowCounter,
): void {
  const { simulations, expected, name } = given;
  const byTask = [...passHatKsByTask(simulations, asNumber(expected.get("num_trials"))).values()];
  const means = (byTask[0] ?? []).map(
    (_, at) => byTask.reduce((sum, values) => sum + (values[at] ?? 0), 0) / byTask.length,
  );
  check(means, asDict(asDict(expected.get("expected")).get("pass_hat_ks")), { counter, name });
}

/** pass^1, pass^2, … of each task, up to the fewest trials of any; infrastructure errors are no trials. */
function passHatKsByTask(
  simulations: readonly ScoredSimulation[],
  trialCount: number,
): ReadonlyMap<string, readonly number[]> {
  const scored = simulations.filter(
    ({ reward, terminationReason }) => reward !== null && terminationReason !== "infrastructure_error",
  );
  const byTask = [...Map.groupBy(scored, ({ taskId }) => taskId)];
  const most = Math.min(trialCount, ...byTask.map(([, trials]) => trials.length));
  return new Map(
    byTask.map(([taskId, trials]) => {
      const passes = trials.filter(({ reward }) => isPassed(reward ?? 0)).length;
      const chance = (k: number) => allPassChance({ passes, trials: trials.length, k });
      return [taskId, Array.from({ length: most }, (_, at) => chance(at + 1))];
    }),
  );
}

/** Compares pass^1, pass^2, … with a table by k. */
function check(
  actual: readonly number[],
  expected: PyDict,
  { counter, name }: { readonly counter: RowCounter; readonly name: string },
): void {
  const equal =
    actual.length === expected.size &&
    actual.every((value, at) => isClose(value, expected.get(String(at + 1))));
  counter.count(equal, () => `${name}: pass^1, pass^2, … are ${actual.join(", ")}`);
}

function isClose(actual: number, expected: PyValue | undefined): boolean {
  return Math.abs(actual - asNumber(expected)) <= TOLERANCE;
}
