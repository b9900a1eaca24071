import { factsOf, type AttemptFacts } from "../../scoring/calls/facts.ts";
import type { Observation } from "../../contract/observation.ts";
import type { RecordedAttempt } from "../../attempts/read-attempts.ts";
import { overallScore } from "../../scoring/agentbench/overall.ts";
import type { ServingCost, TaskTrial, TriedRun } from "../../attempts/trial.ts";
import { mean, rounded, sumKnown } from "./numbers.ts";

export const layers = ["layer0", "layer1", "layer2", "layer3"] as const;
export type LayerName = (typeof layers)[number];

/** What `results.json` says before it is signed: AgentBench's own fields first, then what they leave unsaid. */
export interface AgentBenchResults {
  readonly run_id: string;
  readonly timestamp: string;
  readonly platform: "openclaw";
  readonly mode: "sandboxed" | "real";
  readonly profile: "fast" | "full";
  readonly suite_version: string;
  readonly scoring_method: "self-scored" | "externally-verified";
  /** 0..100; null where nothing was scored. */
  readonly overall_score: number | null;
  /** null: the trial was gone on with after a stop. */
  readonly duration_ms: number | null;
  readonly task_count: number;
  readonly metrics: {
    readonly total_tool_calls: number;
    readonly total_errors: number;
    readonly avg_planning_ratio: number | null;
    readonly est_tokens: number | null;
  };
  readonly domain_scores: Readonly<Record<string, number>>;
  readonly tasks: readonly ResultTask[];
  readonly tollgate: TollgateFacts;
}

export interface ResultTask {
  readonly id: string;
  readonly name: string;
  readonly suite: string;
  readonly difficulty: string | null;
  /** `scored`, or why it is not: then it is in no mean. */
  readonly status: string;
  readonly score: number | null;
  readonly layer_scores: Readonly<Record<LayerName, number | null>>;
  readonly duration_ms: number;
  readonly tool_calls: number | null;
  readonly errors: number | null;
  readonly planning_ratio: number | null;
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
}

/** What stands beside a score so that it can be believed, and what it cost to serve. */
interface TollgateFacts {
  readonly run: string;
  readonly cell: string;
  readonly arm: string;
  readonly load: string;
  readonly trial: number;
  readonly agent: string;
  readonly model: string;
  /** True: a simulated engine answered, so neither scores nor times are a model's. */
  readonly simulated: boolean;
  readonly scoring_profile: string;
  readonly selection: TriedRun["selection"];
  /** Tasks that a failed part of the stack ended: nobody's score, and in no mean. */
  readonly unscored_tasks: readonly string[];
  /** Who scored a layer, and of how many tasks it is missing. */
  readonly scored_by: Readonly<Record<LayerName, readonly string[]>>;
  readonly layers_missing: Readonly<Record<LayerName, number>>;
  /** Why the run cannot be called externally verified: what the agent under test scored itself. Empty where it did not. */
  readonly scored_by_agent: readonly string[];
  readonly serving: {
    readonly prompt_tokens: number | null;
    readonly completion_tokens: number | null;
    readonly passed_tasks: number;
    readonly tokens_per_passed_task: number | null;
    readonly seconds_per_passed_task: number | null;
    readonly cell_ttft_ms_p50: number | null;
    readonly cell_e2e_ms_p50: number | null;
    readonly overhead_ms: ServingCost["overheadMs"];
  };
  readonly signature_note: string;
}

export interface ResultSettings {
  /** Named by who checks that nothing scored came from the agent under test. */
  readonly strict: boolean;
  readonly runId: string;
  readonly serving: ServingCost;
}

const signatureNote =
  "The signature's key is public: it finds accidental changes and proves nothing about who made the file.";

/** Pure: the same trial gives the same results. */
export function agentBenchResults(
  run: TriedRun,
  { cell, trial, startedAt, wallMs, tasks }: TaskTrial,
  settings: ResultSettings,
): AgentBenchResults {
  const rows = tasks.map(taskRow);
  const { score, domains } = overallScore(
    tasks.map((task) => ({ suite: task.record.domain, taskId: task.record.taskId, value: valueOf(task) })),
  );
  const facts = tasks.flatMap(({ attempt }) => (attempt === null ? [] : [factsOf(attempt.observation)]));
  const suite = tasks.find(({ attempt }) => attempt !== null)?.attempt?.suite;
  return {
    run_id: settings.runId,
    timestamp: `${startedAt.toISOString().slice(0, 19)}Z`,
    platform: "openclaw",
    mode: tasks.some(({ attempt }) => attempt?.place?.sandbox === "none") ? "real" : "sandboxed",
    profile: run.selection.fast ? "fast" : "full",
    suite_version: suite?.version ?? "unknown",
    scoring_method: settings.strict ? "externally-verified" : "self-scored",
    overall_score: rounded(score, 2),
    duration_ms: rounded(wallMs, 0),
    task_count: rows.length,
    metrics: totals(tasks, facts),
    domain_scores: Object.fromEntries(
      domains.flatMap((domain) =>
        domain.score === null ? [] : [[domain.suite, rounded(domain.score, 2) ?? domain.score]],
      ),
    ),
    tasks: rows,
    tollgate: {
      run: run.runId,
      cell: cell.cellId,
      arm: cell.arm,
      load: cell.load,
      trial,
      agent: `${run.agent.name} ${run.agent.version}`,
      model: run.model,
      simulated: run.simulated,
      scoring_profile: profileOf(tasks),
      selection: run.selection,
      unscored_tasks: rows.flatMap(({ id, score }) => (score === null ? [id] : [])),
      scored_by: byLayer((layer) => scorersOf(tasks, layer)),
      scored_by_agent: scoredByAgent(run, tasks),
      layers_missing: byLayer((layer) => tasks.filter((task) => isMissing(task, layer)).length),
      serving: servingOf(tasks, settings.serving),
      signature_note: signatureNote,
    },
  };
}

function taskRow({ record, attempt }: RecordedAttempt): ResultTask {
  const task = attempt?.observation.task;
  const score = attempt?.score ?? null;
  const facts = attempt === null ? null : factsOf(attempt.observation);
  const value = valueOf({ record, attempt });
  return {
    id: record.taskId,
    name: task?.name ?? record.taskId,
    suite: record.domain,
    difficulty: task?.difficulty ?? null,
    status: statusOf(record, value),
    score: hundred(value),
    layer_scores: byLayer((layer) => (value === null ? null : hundred(score?.parts[layer] ?? null))),
    duration_ms: Math.round(attempt?.observation.durationMs ?? (record.endedNs - record.startedNs) / 1e6),
    tool_calls: facts?.toolCalls ?? null,
    errors: facts?.errors ?? null,
    planning_ratio: rounded(facts?.planningRatio ?? null, 3),
    prompt_tokens: record.promptTokens,
    completion_tokens: record.completionTokens,
  };
}

function statusOf({ status, failure, termination }: RecordedAttempt["record"], value: number | null): string {
  if (status === "failed") return `failed: ${failure?.class ?? "unknown"}`;
  return value === null ? `not scored: ${termination ?? status}` : "scored";
}

/** What a failed part of the stack ended is nobody's score. */
function valueOf({ record, attempt }: Pick<RecordedAttempt, "record" | "attempt">): number | null {
  return record.status === "failed" ? null : (attempt?.score?.value ?? null);
}

function totals(
  tasks: readonly RecordedAttempt[],
  facts: readonly AttemptFacts[],
): AgentBenchResults["metrics"] {
  const ratios = facts.flatMap(({ planningRatio }) => planningRatio ?? []);
  return {
    total_tool_calls: facts.reduce((sum, { toolCalls }) => sum + toolCalls, 0),
    total_errors: facts.reduce((sum, { errors }) => sum + errors, 0),
    avg_planning_ratio: rounded(mean(ratios), 3),
    est_tokens: sumKnown(tasks.map(tokensOf)),
  };
}

function tokensOf({ record }: RecordedAttempt): number | null {
  return sumKnown([record.promptTokens, record.completionTokens]);
}

function servingOf(
  tasks: readonly RecordedAttempt[],
  cost: ServingCost,
): AgentBenchResults["tollgate"]["serving"] {
  const passed = tasks.filter(({ attempt, record }) => record.status !== "failed" && attempt?.score?.passed);
  const tokens = sumKnown(tasks.map(tokensOf));
  const seconds = tasks.reduce((sum, { record }) => sum + (record.endedNs - record.startedNs) / 1e9, 0);
  const perPass = (total: number | null) =>
    passed.length === 0 || total === null ? null : rounded(total / passed.length, 2);
  return {
    prompt_tokens: sumKnown(tasks.map(({ record }) => record.promptTokens)),
    completion_tokens: sumKnown(tasks.map(({ record }) => record.completionTokens)),
    passed_tasks: passed.length,
    tokens_per_passed_task: perPass(tokens),
    seconds_per_passed_task: perPass(seconds),
    cell_ttft_ms_p50: rounded(cost.ttftMsP50, 3),
    cell_e2e_ms_p50: rounded(cost.e2eMsP50, 3),
    overhead_ms: cost.overheadMs,
  };
}

function scorersOf(tasks: readonly RecordedAttempt[], layer: LayerName): readonly string[] {
  const names = tasks.flatMap(({ attempt }) => {
    const by = attempt?.score?.by[layer];
    if (by === undefined || attempt === null) return [];
    return by === "rules" ? ["rules"] : judgesOf(attempt.observation, layer).map((model) => `judge ${model}`);
  });
  return [...new Set(names)].toSorted();
}

/** Parts of layer 0 are judged by where they stand in the task, the others as a whole. */
function judgesOf({ judgements, findings }: Observation, layer: LayerName): readonly string[] {
  const keys = layer === "layer0" ? findings.map(({ at }) => at) : [layer];
  return keys.flatMap((key) => judgements[key]?.model ?? []);
}

/** What the model under test has judged of its own work. */
export function scoredByAgent(
  { model }: Pick<TriedRun, "model">,
  tasks: readonly RecordedAttempt[],
): readonly string[] {
  const own = tasks.filter(({ attempt }) =>
    Object.values(attempt?.observation.judgements ?? {}).some((judgement) => judgement.model === model),
  );
  const [first] = own;
  return first === undefined
    ? []
    : [
        `The judge is the model under test (${model}): it scored its own work in ${own.length} tasks, the first ${first.record.taskId}. Name another judge.`,
      ];
}

function isMissing({ attempt }: RecordedAttempt, layer: LayerName): boolean {
  return attempt?.score != null && (attempt.score.parts[layer] ?? null) === null;
}

function profileOf(tasks: readonly RecordedAttempt[]): string {
  const names = tasks.flatMap(({ attempt }) =>
    attempt === null ? [] : [`${attempt.profile.format} ${attempt.profile.version}`],
  );
  return [...new Set(names)].join(", ") || "unknown";
}

function hundred(share: number | null): number | null {
  return rounded(share === null ? null : share * 100, 2);
}

function byLayer<Value>(of: (layer: LayerName) => Value): Readonly<Record<LayerName, Value>> {
  return { layer0: of("layer0"), layer1: of("layer1"), layer2: of("layer2"), layer3: of("layer3") };
}
