import type { StoredAttempt } from "../../attempts/attempt-line.ts";
import type { RecordedAttempt } from "../../attempts/read-attempts.ts";
import { factsOf } from "../../scoring/calls/facts.ts";
import { layers, type ResultTask } from "./results.ts";

/** A file of an export, relative to its folder. */
export interface ExportedFile {
  readonly name: string;
  readonly text: string;
}

/** What AgentBench keeps of a task: its scores, what it did, and how it went about it. Pure. */
export function taskFiles(row: ResultTask, { record, attempt }: RecordedAttempt): readonly ExportedFile[] {
  return [
    { name: "scores.json", text: json(scoresOf(row, attempt)) },
    { name: "metrics.json", text: json(metricsOf(row, attempt)) },
    ...(attempt === null ? [] : [{ name: "execution-trace.md", text: traceOf(row, attempt) }]),
    ...(record.failure === null ? [] : [{ name: "failure.json", text: json(record.failure) }]),
  ];
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function scoresOf(row: ResultTask, attempt: StoredAttempt | null) {
  const score = attempt?.score ?? null;
  return {
    task_id: row.id,
    suite: row.suite,
    status: row.status,
    ...row.layer_scores,
    composite: row.score,
    passed: row.score === null ? null : (score?.passed ?? null),
    scored_by: score?.by ?? {},
    missing: score?.missing ?? {},
    breakdown: score?.breakdown ?? {},
    findings: attempt?.observation.findings ?? [],
    judgements: attempt?.observation.judgements ?? {},
    notes: Object.entries(score?.missing ?? {}).map(([part, why]) => `${part}: ${why}`),
  };
}

function metricsOf(row: ResultTask, attempt: StoredAttempt | null) {
  if (attempt === null) return { total_time_ms: row.duration_ms };
  const { observation } = attempt;
  const facts = factsOf(observation);
  return {
    total_time_ms: row.duration_ms,
    tool_calls_total: facts.toolCalls,
    tool_calls_by_type: facts.toolCallsByName,
    tool_calls_by_family: facts.toolCallsByFamily,
    errors: facts.errors,
    planning_ratio: row.planning_ratio,
    model_calls: facts.modelCalls,
    prompt_tokens: row.prompt_tokens,
    completion_tokens: row.completion_tokens,
    turns: observation.turns.length,
    read_before_write: facts.readBeforeWrite,
    failed_calls: facts.recovery.failedCalls,
    recovered_calls: facts.recovery.recoveredCalls,
    files_changed: [...new Set(observation.turns.flatMap(({ changedFiles }) => changedFiles))],
    layers_scored: layers.filter((layer) => row.layer_scores[layer] !== null),
  };
}

const [argumentCharacters, resultCharacters] = [400, 400];

/** In the agent's place: what was seen of its work, turn by turn. */
function traceOf(row: ResultTask, { observation }: StoredAttempt): string {
  const { turns, calls, crash } = observation;
  const begin = turns[0]?.promptedNs ?? 0;
  const lines = turns.flatMap((turn, at) => [
    `## Turn ${at + 1}: ${turn.status}`,
    fenced("user", turn.message),
    ...calls
      .filter((call) => call.turn === at)
      .map((call) => {
        const [from, length] = [(call.startedNs - begin) / 1e6, (call.endedNs - call.startedNs) / 1e6];
        const head = `- ${from.toFixed(0)} ms, ${length.toFixed(0)} ms: \`${call.name}\`${call.error ? " (error)" : ""}`;
        return [
          head,
          fenced("arguments", cut(call.argumentsText, argumentCharacters)),
          fenced("result", cut(call.result, resultCharacters)),
        ].join("\n\n");
      }),
    turn.reply === null ? "The agent gave no answer." : fenced("agent", turn.reply),
    turn.changedFiles.length === 0
      ? "No file was changed."
      : `Files changed: ${turn.changedFiles.map((file) => `\`${file}\``).join(", ")}`,
  ]);
  return `${[
    `# ${row.suite}/${row.id}`,
    "Written by Tollgate from what was seen, and not by the agent. Times count from the first prompt.",
    ...lines,
    ...(crash === null ? [] : [`It ended by: ${crash}`]),
  ].join("\n\n")}\n`;
}

/** A fence longer than any in the text. */
function fenced(name: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text ${name}\n${text}\n${fence}`;
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters)}… (${text.length} characters)`;
}
