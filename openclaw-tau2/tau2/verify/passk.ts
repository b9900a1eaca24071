import { agentMetrics, passHatK, taskPassHatKs } from "./metrics.ts";
import type { ScoredSimulation } from "./metrics.ts";
import { dumpJson } from "../python/json-dump.ts";
import { PyFloat } from "../python/value.ts";
import type { PyDict, PyValue } from "../python/value.ts";
import {
  asDict,
  asList,
  asNumber,
  asText,
  asTextOrNull,
  goldenJson,
  goldenLines,
  hasGoldenFile,
} from "./golden-file.ts";
import type { VerifyInput } from "./input.ts";
import { RowCounter } from "./row.ts";
import type { VerifyRow } from "./row.ts";

const FILE = "passk.json";
const TOLERANCE = 1e-9;

/** Checks `passk.json`: the pass^k function and tables (domain `all`), and the metrics over each domain's evaluations. */
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
    if (expected === undefined || !hasGoldenFile(input.goldenDirectory, evaluationFile(domain))) continue;
    const counter = new RowCounter(domain, "passk");
    checkMetricsOverFile(input, { domain, golden: asDict(expected) }, counter);
    rows.push(counter.row());
  }
  return rows;
}

function evaluationFile(domain: string): string {
  return `eval_${domain}.jsonl.gz`;
}

function checkFunction(entry: PyDict, counter: RowCounter): void {
  const [n, c, k] = ["n", "c", "k"].map((name) => asNumber(entry.get(name)));
  if (n === undefined || c === undefined || k === undefined) return;
  const actual = passHatK(n, c, k);
  counter.count(
    Math.abs(actual - asNumber(entry.get("value"))) <= TOLERANCE,
    () => `pass^${k} of ${c} of ${n}: ${actual}`,
  );
}

function checkTable(table: PyDict, counter: RowCounter): void {
  const simulations = asList(table.get("simulations")).map((value) => simulationOf(asDict(value)));
  const trials = asNumber(table.get("num_trials"));
  const name = asText(table.get("name"));
  checkMetrics(agentMetrics(simulations, trials), asDict(table.get("expected")), { counter, name });
  const perTask = Object.fromEntries(
    Array.from(taskPassHatKs(simulations, trials), ([task, values]) => [task, Object.fromEntries(values)]),
  );
  const expected = asDict(table.get("expected_per_task_pass_hat_k"));
  counter.count(isClose(perTask, expected), () => `${name}: ${JSON.stringify(perTask)} by task`);
}

function simulationOf(record: PyDict): ScoredSimulation {
  const number = (name: string): number | null =>
    (record.get(name) ?? null) === null ? null : asNumber(record.get(name));
  return {
    taskId: asText(record.get("task_id")),
    reward: number("reward"),
    terminationReason: asText(record.get("termination_reason")),
    agentCost: number("agent_cost"),
    databaseMatch: null,
    actions: [],
  };
}

/** Every record whose evaluation did not raise is one simulation at a cost of 0.01. */
function checkMetricsOverFile(
  input: VerifyInput,
  { domain, golden }: { domain: string; golden: PyDict },
  counter: RowCounter,
): void {
  const simulations: ScoredSimulation[] = [];
  for (const record of goldenLines(input.goldenDirectory, evaluationFile(domain))) {
    const info = asDict(record.get("expected"));
    if (info.has("error")) continue;
    const check = info.get("db_check") ?? null;
    simulations.push({
      taskId: asText(record.get("task_id")),
      reward: asNumber(info.get("reward")),
      terminationReason: asText(asDict(record.get("simulation")).get("termination_reason")),
      agentCost: 0.01,
      databaseMatch: check === null ? null : asDict(check).get("db_match") === true,
      actions: asList(info.get("action_checks") ?? []).map((value) => ({
        match: asDict(value).get("action_match") === true,
        toolType: asTextOrNull(asDict(value).get("tool_type")),
      })),
    });
  }
  const actual = agentMetrics(simulations, asNumber(golden.get("num_trials")));
  checkMetrics(actual, asDict(golden.get("expected")), { counter, name: evaluationFile(domain) });
}

/** Compares all metrics that the port computes; the rest of tau2's object belongs to voice and reviews. */
function checkMetrics(
  actual: object,
  expected: PyDict,
  { counter, name }: { counter: RowCounter; name: string },
): void {
  for (const [metric, value] of Object.entries(actual)) {
    const wanted = expected.get(metric) ?? null;
    counter.count(
      isClose(value, wanted),
      () => `${name}, ${metric}: ${JSON.stringify(value)} instead of ${dumpJson(wanted)}`,
    );
  }
}

function isClose(actual: unknown, expected: PyValue): boolean {
  if (typeof actual === "number") {
    const isNumber = typeof expected === "number" || expected instanceof PyFloat;
    return isNumber && Math.abs(actual - asNumber(expected)) <= TOLERANCE;
  }
  if (typeof actual !== "object" || actual === null || !(expected instanceof Map)) return false;
  const entries = Object.entries(actual);
  return (
    entries.length === expected.size &&
    entries.every(([key, value]) => isClose(value, expected.get(key) ?? null))
  );
}
