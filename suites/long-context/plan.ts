import { createHash } from "node:crypto";
import { join } from "node:path";
import { ConfigError } from "../../bench/errors.ts";
import type { ScoreNames, TaskAxis, WorkloadPlan } from "../../bench/workload/workload.ts";
import { casesOf, placesOf } from "./contract/cases.ts";
import { folderTokenizer } from "./counting/folder.ts";
import { knowledgeText } from "./knowledge.ts";
import { tooLong } from "./room.ts";
import type { LongContextExperiment } from "./contract/section.ts";

const knowledgeFile = join(import.meta.dirname, "knowledge.jsonl");
/** Of what the texts are made of; another one makes other prompts of the same settings. */
const textVersion = 1;

const scores: ScoreNames = {
  averaged: "groups",
  outOf: 1,
  names: [
    {
      name: "correct",
      heading: "correct",
      meaning: "share of episodes whose answer is right and says nothing else",
    },
    {
      name: "found",
      heading: "found",
      meaning: "share of the asked things that were said, less where more were said than asked for",
    },
  ],
};

const axes: readonly TaskAxis[] = [
  {
    name: "length",
    heading: "prompt tokens",
    meaning: "tokens of the whole prompt, as the served model counts them",
  },
  {
    name: "depth",
    heading: "depth",
    meaning: "share of the text before the first part that the answer needs",
  },
  { name: "kind", heading: "kind", meaning: "what is asked: needle, needles, documents, code" },
];

/** What a sweep would do: every prompt by kind, length and depth. Their words need the served model's tokenizer, and so a stack. */
export function planOf(experiment: LongContextExperiment): WorkloadPlan {
  const { workload, stack, sampling } = experiment;
  const known = "contextLength" in stack.agent ? (stack.agent.contextLength ?? null) : null;
  const refused = tooLong(workload.lengths, { context: known, answer: sampling.maxTokens });
  if (refused !== null) throw new ConfigError(refused);
  const tokenizer = workload.tokenizer === undefined ? null : folderTokenizer(workload.tokenizer).sha256;
  const [total, cases] = [placesOf(workload).length, casesOf(workload)];
  const selected = cases.length / workload.trials;
  return {
    episodes: cases.map(({ taskId, trial, seed, kind, length, depth }) => ({
      taskId,
      trial,
      seed,
      facts: { domain: kind, axes: { length, depth, kind } },
    })),
    hashes: {
      questions: createHash("sha256").update(knowledgeText()).digest("hex"),
      ...(tokenizer !== null && { "tokenizer.json": tokenizer }),
    },
    facts: {
      textVersion,
      kinds: workload.kinds.join(" "),
      lengths: workload.lengths.join(" "),
      depths: workload.depths.join(" "),
      trials: workload.trials,
      counting: tokenizer === null ? "the served model is asked" : "model folder",
    },
    smoke: workload.smoke,
    coverage: {
      of: "tasks",
      selected,
      total,
      excluded: selected < total ? [{ reason: "workload.limit", count: total - selected }] : [],
    },
    axes,
    scores,
    taskData: {
      needsUserEngine: false,
      simulator: [
        ["policy", "knowledge"],
        ["data", knowledgeFile],
        ...(workload.simulated === undefined
          ? []
          : ([["correct", String(workload.simulated.correct)]] as const)),
      ],
    },
  };
}
