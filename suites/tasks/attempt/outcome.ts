import { isGenerationRequest } from "../../../bench/workload/exchange.ts";
import { UsageSum } from "../../../bench/workload/usage-sum.ts";
import type { EpisodeFacts, EpisodeResult } from "../../../bench/workload/workload.ts";
import type { Observation } from "../contract/observation.ts";
import { turnsNs } from "../scoring/calls/facts.ts";
import type { TaskScore } from "../contract/scoring-profile.ts";
import type { WorkspaceTask } from "../contract/task.ts";
import type { TaskEnd } from "./conversation.ts";
import { openingOf } from "./opening.ts";
import { scoreList } from "./score-list.ts";
import type { Told } from "./told.ts";

/** What profiles are told of how an attempt ended; null: it went through. */
export function crashOf(end: TaskEnd): string | null {
  if (end.kind === "timed-out") return "timed_out";
  if (end.kind === "failed") return `${end.failure.class}_failed`;
  return end.kind === "ended" ? end.crash : null;
}

/** What was seen, for a score. Tokens are those that the tap saw; one answer that did not tell them leaves the sum unknown. */
export function observe(task: WorkspaceTask, told: Told, crash: string | null): Observation {
  const { turns, calls, findings, exchanges } = told;
  const generations = exchanges.filter(isGenerationRequest);
  const sum = new UsageSum();
  for (const { usage } of generations) sum.add(usage);
  const { promptTokens: prompt, completionTokens: completion } = sum.total();
  return {
    task,
    turns,
    calls,
    findings,
    crash,
    tokens: { prompt, completion },
    modelCalls: generations.length,
    durationMs: turnsNs(turns) / 1e6,
    judgements: {},
    unjudged: {},
  };
}

export function factsOf(told: Told, end: TaskEnd): EpisodeFacts {
  const { calls, labels, messages, exchanges, opening } = told;
  return {
    termination: terminationOf(end),
    terminationDetail: "detail" in end ? end.detail : null,
    steps: messages.length,
    toolCalls: calls.length,
    toolErrors: calls.filter(({ error }) => error).length,
    labels: [...labels],
    userUsage: new UsageSum().total(),
    transcript: { ...openingOf(exchanges, opening), messages },
  };
}

function terminationOf(end: TaskEnd): string | null {
  if (end.kind === "ended") return end.termination;
  return end.kind === "timed-out" ? "timed_out" : null;
}

/** The one outcome of an attempt whose conversation has ended. */
export function resultOf(
  told: Told,
  end: TaskEnd,
  { observation, score }: { readonly observation: Observation; readonly score: TaskScore | null },
): EpisodeResult {
  const facts = factsOf(told, end);
  if (end.kind === "failed") return { ...facts, status: "failed", failure: end.failure };
  if (score === null) throw new Error(`an attempt at task ${observation.task.id} ended and was not scored`);
  const scores = scoreList(observation, score);
  const labels = score.value === null ? [...facts.labels, "unjudged"] : facts.labels;
  return end.kind === "timed-out"
    ? { ...facts, labels, status: "timed-out", scores, afterMs: end.afterMs }
    : { ...facts, labels, status: "completed", scores };
}
