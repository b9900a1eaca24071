import type { Policy, PolicyOptions } from "./policy.ts";
import { scriptedAnswers } from "./scripted-answers.ts";
import { scriptedKnowledge } from "./scripted-knowledge.ts";
import { scriptedSteps } from "./scripted-steps.ts";
import { scriptedTasks } from "./scripted-tasks.ts";

/** By the value of `--policy`. Each reads its data and throws ConfigError where that has another form. */
export const policies = {
  tau2: scriptedTasks,
  answers: scriptedAnswers,
  scripts: scriptedSteps,
  knowledge: scriptedKnowledge,
} satisfies Readonly<Record<string, (options: PolicyOptions) => Policy>>;
