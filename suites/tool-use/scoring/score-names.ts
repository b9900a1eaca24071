import type { Score, Scores, ScoreNames } from "../../../bench/workload/workload.ts";
import type { ToolUseScore } from "./score.ts";

/** In the order in which they are shown. The last three are absent where a case has nothing to tell of them. */
export const scoreNames: ScoreNames = {
  averaged: "tasks",
  outOf: 1,
  names: [
    {
      name: "completion",
      heading: "completion",
      meaning:
        "Share of cases that were done: files, service and processes are as asked, and the answer is right",
    },
    {
      name: "call-accuracy",
      heading: "calls",
      meaning: "Expected calls that were made, of these and of calls that nothing asked for",
    },
    {
      name: "parameter-correctness",
      heading: "parameters",
      meaning: "Right parameters of expected calls that were made, typed; of all that were expected or given",
    },
    {
      name: "workflow",
      heading: "workflow",
      meaning: "Cases of several calls: share with every call right, in its order, and the case done",
    },
    {
      name: "recovery",
      heading: "recovery",
      meaning: "Cases in which a planned tool error came: share that was done all the same",
    },
  ],
};

/** A score as records keep it. What does not apply is left out: absent is not zero. */
export function scoresOf(score: ToolUseScore): Scores {
  const { completion, callAccuracy, parameters, workflow, recovery, verdict, faults } = score;
  const { passed, parts } = completion;
  return [
    { name: "completion", value: passed ? 1 : 0, passed, parts, details: { verdict, faults } },
    graded("call-accuracy", callAccuracy),
    ...(parameters === null ? [] : [graded("parameter-correctness", parameters)]),
    ...(workflow === null ? [] : [held("workflow", workflow)]),
    ...(recovery === null ? [] : [held("recovery", recovery)]),
  ];
}

function graded(name: string, value: number): Score {
  return { name, value, passed: value === 1, parts: null, details: null };
}

function held(name: string, passed: boolean): Score {
  return { name, value: passed ? 1 : 0, passed, parts: null, details: null };
}
