import type { ToolUseCase } from "../contract/case.ts";
import type { MadeCall } from "../contract/made-call.ts";
import { answerFaults, spokenText } from "./answer.ts";
import { matchCalls, type CallMatch, type FactsOf } from "./match-calls.ts";

/** What became of an attempt. */
export interface Attempted {
  readonly calls: readonly MadeCall[];
  /** The model's last words, whole; null: there were none after the last call. */
  readonly text: string | null;
  /** What of the case's state is not as it should be, in words. */
  readonly stateFaults: readonly string[];
  /** Whether the agent asks its model once, and nothing is said after the calls. */
  readonly oneRequest: boolean;
  /** How the episode ended, where not with an answer; null: with one. */
  readonly crash: string | null;
}

/** Names of what `completion` is made of. */
export type CompletionPart = "CALLS" | "STATE" | "ANSWER";

export interface ToolUseScore {
  readonly completion: { readonly passed: boolean; readonly parts: readonly CompletionPart[] };
  /** 0..1 */
  readonly callAccuracy: number;
  /** 0..1; null: no call could be compared. */
  readonly parameters: number | null;
  /** null: the case has fewer than two calls. */
  readonly workflow: boolean | null;
  /** null: the case plans no error, or none came. */
  readonly recovery: boolean | null;
  readonly verdict: ToolUseVerdict;
  /** What was wrong, in words, the first thing first. */
  readonly faults: readonly string[];
  readonly match: CallMatch;
}

export const verdicts = [
  "passed",
  "no-call",
  "wrong-tool",
  "extra-call",
  "wrong-parameters",
  "failed-call",
  "wrong-state",
  "wrong-answer",
  "agent-error",
  "length",
  "timeout",
] as const;
export type ToolUseVerdict = (typeof verdicts)[number];

/** What an attempt at a case is worth, from what was seen of it alone. */
export function scoreAttempt(task: ToolUseCase, attempted: Attempted, factsOf: FactsOf): ToolUseScore {
  const match = matchCalls(task, attempted.calls, factsOf);
  const completion = completionOf(task, attempted, match);
  const passed = completion.faults.length === 0 && attempted.crash === null;
  const pairs = match.matched.filter(({ at }) => at !== null);
  const counts = match.matched.flatMap(({ parameters }) => parameters ?? []);
  const total = sum(counts.map((count) => count.total));
  const plansErrors = task.faults.length > 0 || task.expected.some(({ fails }) => fails);
  const failed = attempted.calls.some(({ outcome }) => outcome === "injected" || outcome === "failed");
  const asked = task.expected.length + match.extra.length;
  return {
    completion: { passed, parts: completion.parts },
    callAccuracy: asked === 0 ? 1 : pairs.length / asked,
    parameters: counts.length === 0 ? null : total === 0 ? 1 : sum(counts.map(({ right }) => right)) / total,
    workflow: task.expected.length < 2 ? null : match.inFull && passed,
    recovery: plansErrors && failed ? passed : null,
    verdict: passed ? "passed" : verdictOf(attempted, match, completion),
    faults: [...(attempted.crash === null ? [] : [attempted.crash]), ...completion.faults],
    match,
  };
}

interface Completion {
  readonly parts: readonly CompletionPart[];
  readonly faults: readonly string[];
  readonly answerFaults: readonly string[];
}

/**
 * A case is done when its state and its answer are as they should be, by whatever calls. Where it says nothing of either, and
 * where an answer cannot be given because nothing is said after the calls, the calls themselves are what is done. Where no tool
 * is to be called that is part of it, and the one answer of an agent that asks once is judged.
 */
function completionOf(task: ToolUseCase, attempted: Attempted, match: CallMatch): Completion {
  const { answer, state, tolerance } = task;
  const wantsNoCall = task.expected.length === 0;
  const hasAnswer = answer !== null && (wantsNoCall || !attempted.oneRequest);
  // Files that a case does not name must be as they were, whether or not it says anything of its state.
  const hasState = state !== null || Object.keys(task.setup.files).length > 0;
  const byCalls = wantsNoCall || (!hasAnswer && (state === null || answer !== null));
  const answered = hasAnswer
    ? attempted.text === null
      ? ["gives no answer"]
      : answerFaults(answer, spokenText(attempted.text), tolerance)
    : [];
  return {
    parts: [
      ...(byCalls ? (["CALLS"] as const) : []),
      ...(hasState ? (["STATE"] as const) : []),
      ...(hasAnswer ? (["ANSWER"] as const) : []),
    ],
    faults: [...(byCalls ? callFaults(attempted, match) : []), ...attempted.stateFaults, ...answered],
    answerFaults: answered,
  };
}

function callFaults({ calls }: Attempted, { matched, extra, inFull }: CallMatch): string[] {
  const missing = matched
    .filter(({ at }) => at === null)
    .map(({ expected }) => `does not call ${expected.tool}`);
  const wrong = matched.flatMap(({ expected, parameters }) =>
    parameters !== null && parameters.wrong.length > 0
      ? [`calls ${expected.tool} with wrong ${parameters.wrong.join(", ")}`]
      : [],
  );
  const superfluous = extra.map((at) => `calls ${calls[at]?.name ?? ""}, which nothing asks for`);
  const found = [...missing, ...wrong, ...superfluous];
  return found.length > 0 || inFull ? found : ["its calls failed, or came in another order"];
}

function verdictOf(
  { calls, crash }: Attempted,
  match: CallMatch,
  { answerFaults: wrong, faults }: Completion,
): ToolUseVerdict {
  if (crash !== null) return crash.startsWith("timed out") ? "timeout" : "agent-error";
  const { matched, extra, inFull } = match;
  if (calls.length === 0 && matched.length > 0) return "no-call";
  if (matched.some(({ at }) => at === null)) return "wrong-tool";
  if (matched.some(({ parameters }) => parameters !== null && parameters.wrong.length > 0))
    return "wrong-parameters";
  if (faults.length > wrong.length && inFull) return extra.length > 0 ? "extra-call" : "wrong-state";
  if (!inFull) return "failed-call";
  return "wrong-answer";
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
