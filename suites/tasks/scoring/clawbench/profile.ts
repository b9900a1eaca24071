import type { ClawBenchProfile } from "../../contract/task.ts";
import type { Observation } from "../../contract/observation.ts";
import type { ScoringProfile, TaskScore } from "../../contract/scoring-profile.ts";
import { behaviorOf } from "./behavior.ts";
import { completionOf, type CompletionScore } from "./completion.ts";
import { messagesOf } from "./messages.ts";
import { deliveryOutcome, failureMode, isWhole } from "./outcome.ts";
import { runScore } from "./run-score.ts";
import { trajectoryScore } from "./trajectory.ts";

/** ClawBench's score of a run: what was delivered, how the agent went about it, and how it conducted itself. */
export const clawbench: ScoringProfile = {
  format: "clawbench",
  version: "2",
  score: (observation) => {
    const { profile } = observation.task;
    if (profile.format !== "clawbench") throw new TypeError(`${observation.task.id} is no task of ClawBench`);
    return scored(observation, profile);
  },
};

function scored(observation: Observation, profile: ClawBenchProfile): TaskScore {
  const { calls, turns, task } = observation;
  const completion = completionOf(observation.findings, profile);
  const trajectory = trajectoryScore(calls, profile.trajectory);
  const messages = messagesOf(turns, calls);
  const behavior = behaviorOf(messages, calls, profile.behavior);
  const judge = judgeOf(observation, profile);
  const value = valueOf(completion, {
    trajectory: trajectory.score,
    behavior: behavior.score,
    judge: judge.counts ? judge.value : null,
  });
  const mode =
    value === null
      ? null
      : failureMode({
          completion,
          trajectory,
          behavior,
          messages,
          crash: observation.crash,
          family: task.suite,
          minSuccessfulDelegations: profile.trajectory.minSuccessfulDelegations,
          requireRefusal: profile.behavior.requireRefusalWhenImpossible,
        });
  const { passThreshold } = profile;
  return {
    value,
    passed: passedOf(completion, value, passThreshold),
    parts: {
      completion: completion.score,
      trajectory: trajectory.score,
      behavior: behavior.score,
      judge: judge.value,
    },
    missing: { ...missingOf(completion), ...judge.missing },
    breakdown: {
      completion,
      trajectory,
      behavior,
      passThreshold,
      judgeCounts: judge.counts,
      deliveryOutcome:
        value === null ? null : deliveryOutcome(completion, { score: value, threshold: passThreshold }),
      failureMode: mode,
    },
    by: {
      ...(completion.score !== null && { completion: "rules" }),
      trajectory: "rules",
      behavior: "rules",
      ...(judge.value !== null && { judge: "judge" }),
    },
  };
}

interface JudgePart {
  readonly value: number | null;
  /** Whether it goes into the score: the original's judge is advice unless the user says otherwise. */
  readonly counts: boolean;
  readonly missing: Readonly<Record<string, string>>;
}

function judgeOf({ judgements, unjudged }: Observation, profile: ClawBenchProfile): JudgePart {
  if (profile.judge === null) {
    return { value: null, counts: false, missing: { judge: "the task has no rubric for a judge" } };
  }
  const judgement = judgements["clawbench"];
  if (judgement === undefined) {
    return { value: null, counts: false, missing: { judge: unjudged["clawbench"] ?? "no judge is named" } };
  }
  return { value: judgement.score / 100, counts: judgement.counts, missing: {} };
}

function valueOf(
  completion: CompletionScore,
  parts: { readonly trajectory: number; readonly behavior: number; readonly judge: number | null },
): number | null {
  if (completion.score === null) return null;
  return runScore({ ...parts, completion: completion.score, hasVerifier: completion.isAsserted });
}

/** An assertion that nobody could decide may have failed: such a run is not known to have passed. */
function passedOf(completion: CompletionScore, value: number | null, threshold: number): boolean | null {
  if (value === null) return null;
  if (!isWhole(completion) || value < threshold) return false;
  return Object.keys(completion.undecided).length === 0 ? true : null;
}

function missingOf({ score, undecided }: CompletionScore): Readonly<Record<string, string>> {
  const reasons = Object.entries(undecided);
  if (reasons.length === 0) return {};
  const [at, detail] = reasons[0] ?? ["", ""];
  const rest = reasons.length > 1 ? ` (and ${reasons.length - 1} more)` : "";
  const name = score === null ? "completion" : "completion.undecided";
  return { [name]: `${at}: ${detail}${rest}` };
}
