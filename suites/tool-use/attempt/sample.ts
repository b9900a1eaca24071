import { endedAtLimit } from "../../../bench/answer/complete.ts";
import type { SampleLine } from "../../../bench/workload/sample-line.ts";
import type { AttemptContext, EpisodeTask, Scores } from "../../../bench/workload/workload.ts";
import type { ToolUseCase } from "../contract/case.ts";
import type { MadeCall } from "../contract/made-call.ts";
import type { ToolUseScore, ToolUseVerdict } from "../scoring/score.ts";

interface Sampled {
  readonly episode: EpisodeTask;
  readonly attempt: Pick<AttemptContext, "attemptKey" | "episodeId">;
  readonly task: ToolUseCase;
  readonly calls: readonly MadeCall[];
  readonly finishReason: string | null;
  /** What the model said in all its answers, one after the other. */
  readonly text: string;
  readonly score: ToolUseScore;
  readonly scores: Scores;
}

/** The evidence of one attempt: what was called, and what it was worth. */
export function sampleOf(sampled: Sampled): SampleLine {
  const { attempt, calls, episode, finishReason, score, scores, task, text } = sampled;
  const written = calls.map(({ name, argumentsText }) => ({ name, arguments: argumentsText }));
  return {
    attemptKey: attempt.attemptKey,
    episodeId: attempt.episodeId,
    taskId: task.id,
    trial: episode.trial,
    finishReason,
    text,
    answer: calls.length === 0 ? null : JSON.stringify(written),
    answerRule: calls.length === 0 ? null : "tool-calls",
    verdict: verdictOf(score, finishReason),
    passed: scores[0].passed,
    scores: scores.map(({ name, value, passed }) => ({ name, value, passed })),
    details: {
      category: task.category,
      difficulty: task.difficulty,
      faults: score.faults,
      calls: calls.map(({ name, argumentsText, outcome }) => ({ name, arguments: argumentsText, outcome })),
      expected: score.match.matched.map(({ expected, at, parameters }) => ({
        tool: expected.tool,
        params: shown(expected.params),
        call: at,
        right: parameters?.right ?? null,
        total: parameters?.total ?? null,
        wrong: parameters?.wrong ?? [],
      })),
      extra: score.match.extra,
    },
  };
}

/** Whole numbers that a double does not hold as they were written, in a text. */
function shown(params: object): unknown {
  return JSON.parse(
    JSON.stringify(params, (_key, one: unknown) => (typeof one === "bigint" ? String(one) : one)),
  );
}

/** Where the server cut the answer off, and it was not enough, that is why. */
export function verdictOf(
  { verdict }: Pick<ToolUseScore, "verdict">,
  finishReason: string | null,
): ToolUseVerdict {
  return verdict !== "passed" && endedAtLimit(finishReason) ? "length" : verdict;
}
