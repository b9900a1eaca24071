import type { Score, Scores } from "../../../bench/workload/workload.ts";
import { scoreDetails } from "./score-details.ts";
import { scoresOf } from "./score-names.ts";
import type { Observation } from "../contract/observation.ts";
import type { TaskScore } from "../contract/scoring-profile.ts";
import type { WorkspaceTask } from "../contract/task.ts";

/** A score as records keep it: what the profile says first, then its parts by their names, the missing ones without a value. */
export function scoreList(observation: Observation, score: TaskScore): Scores {
  const { format } = observation.task.profile;
  const there = Object.entries(score.parts).flatMap(([name, value]) => (value === null ? [] : [name]));
  const whole: Score = {
    name: format,
    value: score.value,
    passed: score.passed,
    parts: score.value === null ? null : there,
    details: scoreDetails(score, observation),
  };
  const [, ...parts] = scoresOf(format).names;
  return [whole, ...parts.map(({ name }): Score => partOf(score, name))];
}

/** For an attempt that nobody could judge. */
export function unscored({ profile: { format } }: Pick<WorkspaceTask, "profile">, why: string): Scores {
  return [{ name: format, value: null, passed: null, parts: null, details: { missing: why } }];
}

function partOf({ parts, missing, by }: TaskScore, name: string): Score {
  const value = parts[name] ?? null;
  const details = value === null ? { missing: missing[name] ?? "not scored" } : { by: by[name] ?? "rules" };
  return { name, value, passed: null, parts: null, details };
}
