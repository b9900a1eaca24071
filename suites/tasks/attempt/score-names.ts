import type { ScoreName, ScoreNames } from "../../../bench/workload/workload.ts";
import type { WorkspaceTask } from "../contract/task.ts";

type Format = WorkspaceTask["profile"]["format"];

const name = (of: string, heading: string, meaning: string): ScoreName => ({ name: of, heading, meaning });

const scores: Readonly<Record<Format, ScoreNames>> = {
  agentbench: {
    averaged: "groups",
    outOf: 100,
    names: [
      name("agentbench", "score", "Composite of the layers that could be scored, by the task's weights"),
      name("layer0", "L0", "Structure: what the task's validators found in files, commands and answers"),
      name("layer1", "L1", "Metrics: number of tool calls, planning ratio, failed calls"),
      name(
        "layer2",
        "L2",
        "Behaviour: choice of tools, reading before writing, recovery; adherence by a judge",
      ),
      name("layer3", "L3", "Quality of what was made, by a judge"),
    ],
  },
  clawbench: {
    averaged: "tasks",
    outOf: 1,
    names: [
      name(
        "clawbench",
        "score",
        "Run score: completion, trajectory and behavior, weighted as ClawBench does",
      ),
      name("completion", "C", "Share of the task's assertions about files and commands that hold"),
      name("trajectory", "T", "How it was done: exploration, recovery, fit of tools, safety"),
      name("behavior", "B", "What was said: plan, progress, blockers, refusals"),
      name("judge", "judge", "The judge's opinion; advisory, it is no part of the score"),
    ],
  },
};

/** What the scores of a format are called. */
export function scoresOf(format: Format): ScoreNames {
  return scores[format];
}
