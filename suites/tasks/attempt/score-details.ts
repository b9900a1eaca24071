import type { Observation } from "../contract/observation.ts";
import type { TaskScore } from "../contract/scoring-profile.ts";

/** What is kept with the conversation, for a person who asks where a score comes from: the score, what was found, and which files. */
export function scoreDetails(score: TaskScore, { findings, turns, crash }: Observation) {
  return {
    ...score,
    ...(crash !== null && { ended_by: { crash } }),
    findings: findings.map(({ at, type, value, points, detail }) => ({
      finding: type,
      // What nobody could decide is neither met nor not met.
      ...(value === null ? { worth: "not decided" } : { met: value >= 1 }),
      ...(points !== null && { points: `${points.earned} of ${points.possible}` }),
      detail,
      at,
    })),
    files_changed: turns.map(({ changedFiles }, turn) => ({
      turn: turn + 1,
      files: changedFiles.length === 0 ? "none" : changedFiles.join(", "),
    })),
  };
}
