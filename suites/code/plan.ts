import { ConfigError } from "../../bench/errors.ts";
import type { Coverage, EpisodeTask, WorkloadPlan } from "../../bench/workload/workload.ts";
import type { LoadedProblem } from "./contract/problem.ts";
import type { CodeExperiment, CodeSection } from "./contract/section.ts";
import { type Dataset, loadDataset } from "./formats/datasets.ts";
import { scoreNamesOf } from "./judging/scores.ts";
import { knowledgeOf } from "./knowledge.ts";

const usualKs = [1, 10, 100];

/** What of a data set a run has. */
export interface ChosenProblems extends Dataset {
  readonly coverage: Coverage;
}

/** @throws {ConfigError} */
export async function chooseProblems(workload: CodeSection): Promise<ChosenProblems> {
  const dataset = await loadDataset(workload);
  const { limit } = workload;
  const total = dataset.problems.length;
  const inSplit = dataset.problems.filter(splitOf(workload));
  if (inSplit.length === 0)
    throw new ConfigError(
      `${dataset.file} has no problem with a task_id from 11 to 510, as workload.split test asks.`,
    );
  const problems = inSplit.slice(0, limit);
  const excluded = [
    { reason: "not in the test split (workload.split)", count: total - inSplit.length },
    { reason: `behind the first ${limit} (workload.limit)`, count: inSplit.length - problems.length },
  ].filter(({ count }) => count > 0);
  return { ...dataset, problems, coverage: { of: "problems", selected: problems.length, total, excluded } };
}

function splitOf({ dataset, split }: CodeSection): (loaded: LoadedProblem) => boolean {
  if (split === "all") return () => true;
  if (dataset !== "mbpp")
    throw new ConfigError(
      `workload.split test is for mbpp: a file of ${dataset} has no splits. Leave it out.`,
    );
  return ({ problem: { id } }) => Number(id) >= 11 && Number(id) <= 510;
}

/** What a sweep of these problems would do. @throws {ConfigError} */
export async function planOf({ workload, sampling }: CodeExperiment): Promise<WorkloadPlan> {
  const { problems, coverage, hashes } = await chooseProblems(workload);
  const { dataset, trials, seed, simulated, program } = workload;
  const [first] = problems;
  if (first === undefined) throw new Error("a data set without problems was loaded");
  return {
    episodes: Array.from({ length: trials }, (_, trial) =>
      problems.map(({ problem: { id }, group }): EpisodeTask => ({
        taskId: id,
        trial,
        seed: seed + trial,
        facts: { domain: group },
      })),
    ).flat(),
    hashes,
    facts: { dataset, problems: problems.length, problemsTotal: coverage.total, trials, seed, program },
    warnings: [...sizeWarning(workload, coverage), ...warningsOf(trials, sampling.temperature)],
    scores: { averaged: "tasks", outOf: 100, names: scoreNamesOf(...kindOf(first)) },
    coverage,
    smoke: workload.smoke,
    passAtK: ksOf(workload),
    taskData: {
      needsUserEngine: false,
      simulator: [["correct", String(simulated?.correct ?? 1)]],
      knowledge: knowledgeOf(problems),
    },
  };
}

function kindOf({ problem }: LoadedProblem): Parameters<typeof scoreNamesOf> {
  return problem.kind === "program" ? [problem.kind, problem.tests.form] : [problem.kind];
}

function ksOf({ passAtK, trials }: CodeSection): readonly number[] {
  if (passAtK === undefined) return usualKs.filter((k) => k <= trials);
  const most = Math.max(...passAtK);
  if (most > trials)
    throw new ConfigError(
      `workload.passAtK: pass@${most} needs at least ${most} samples of each problem, and workload.trials is ${trials}. Write trials: ${most}, or a smaller k.`,
    );
  return [...new Set(passAtK)].sort((a, b) => a - b);
}

/** Problems of the data sets as they are published: a part of one cannot be told from the whole by its file. */
const publishedSizes: Readonly<Partial<Record<CodeSection["dataset"], readonly number[]>>> = {
  humaneval: [164],
  // All, the test split, and both of the sanitized form.
  mbpp: [974, 500, 427, 257],
  // Test and training.
  gsm8k: [1319, 7473],
  // Test, validation and development.
  mmlu: [14_042, 1531, 285],
};

function sizeWarning({ dataset, file }: CodeSection, { total }: Coverage): readonly string[] {
  const sizes = publishedSizes[dataset];
  if (sizes === undefined || sizes.includes(total)) return [];
  return [
    `${file} has ${total} problems, and ${dataset} as it is published has ${sizes.join(" or ")}: scores are of the problems of this file.`,
  ];
}

function warningsOf(trials: number, temperature: number): readonly string[] {
  if (trials === 1 || temperature > 0) return [];
  return [
    `sampling.temperature is 0, so the ${trials} samples of a problem are alike, and pass@k says no more than pass@1. pass@k is usually measured at 0.2 to 0.8.`,
  ];
}
