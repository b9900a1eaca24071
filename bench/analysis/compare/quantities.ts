import type { RatedCell } from "../cell/judged-evidence.ts";
import type { SampleStatistic } from "../estimates/paired-statistic.ts";
import type { Estimate } from "../estimates/estimate.ts";
import type { RequestLatencies } from "../../evidence/request-latencies.ts";
import { hasPassed } from "../../store/passed.ts";
import type { EpisodeRecord } from "../../store/record.ts";
import type { RunJson } from "../../store/run-json.ts";

/** A number that two runs are compared by. */
export interface Quantity {
  /** As it is written in `--fail-on`. */
  readonly name: string;
  readonly unit: string;
  readonly meaning: string;
  readonly source: Source;
}

export type Source =
  /** One value per episode, from its record: paired by task, trial and repetition. */
  | { readonly kind: "episode"; readonly of: (episode: EpisodeRecord) => number | null }
  /** Values of the requests of each episode, from the outer tap; summarised over all of them. */
  | {
      readonly kind: "request";
      readonly of: keyof RequestLatencies;
      readonly statistic: SampleStatistic;
    }
  /** One value per cell: paired by arm, load and repetition. */
  | { readonly kind: "cell"; readonly of: (cell: RatedCell) => Estimate };

const notFailed = (of: (episode: EpisodeRecord) => number | null) => (episode: EpisodeRecord) =>
  episode.status === "failed" ? null : of(episode);

const latencies = [
  ["ttft", "time to first token at the outer tap"],
  ["itl", "time between tokens at the outer tap, per request"],
  ["e2e", "whole request at the outer tap"],
] as const;
const statistics = ["mean", "p50", "p95", "p99"] as const;

export const quantities: readonly Quantity[] = [
  {
    name: "reward",
    unit: "",
    meaning: "mean reward of judged episodes",
    source: { kind: "episode", of: ({ reward }) => reward },
  },
  {
    name: "episode_s",
    unit: "s",
    meaning: "length of an episode",
    source: {
      kind: "episode",
      of: notFailed(({ startedNs, endedNs }) => (endedNs - startedNs) / 1e9),
    },
  },
  {
    name: "requests",
    unit: "",
    meaning: "model requests of the agent per episode",
    source: { kind: "episode", of: notFailed(({ requests }) => requests) },
  },
  {
    name: "prompt_tokens",
    unit: "tokens",
    meaning: "prompt tokens of the agent per episode",
    source: { kind: "episode", of: notFailed(({ promptTokens }) => promptTokens) },
  },
  {
    name: "completion_tokens",
    unit: "tokens",
    meaning: "completion tokens of the agent per episode",
    source: { kind: "episode", of: notFailed(({ completionTokens }) => completionTokens) },
  },
  ...latencies.flatMap(([name, meaning]) =>
    statistics.map((statistic): Quantity => {
      const source = { kind: "request", of: name, statistic } as const;
      return { name: `${name}_${statistic}`, unit: "ms", meaning: `${statistic} of ${meaning}`, source };
    }),
  ),
  {
    name: "episodes_per_min",
    unit: "/min",
    meaning: "finished episodes over the wall clock of the cell",
    source: { kind: "cell", of: ({ rates }) => rates.episodesPerMinute },
  },
  {
    name: "requests_per_s",
    unit: "/s",
    meaning: "answered model requests over the wall clock of the cell",
    source: { kind: "cell", of: ({ rates }) => rates.requestsPerSecond },
  },
  {
    name: "output_tokens_per_s",
    unit: "/s",
    meaning: "the engine's generation counter over the wall clock of the cell",
    source: { kind: "cell", of: ({ rates }) => rates.outputTokensPerSecond },
  },
];

/** Of runs whose workload names its scores: whether a task passed, and each score beside the reward. */
export function scoreQuantities(before: RunJson["scores"], after: RunJson["scores"]): readonly Quantity[] {
  if (before === undefined || after === undefined) return [];
  const both = new Set(after.names.map(({ name }) => name));
  return [
    {
      name: "passed",
      unit: "",
      meaning: "share of judged episodes that passed",
      source: {
        kind: "episode",
        of: (episode) => {
          const passed = hasPassed(episode);
          return passed === null ? null : Number(passed);
        },
      },
    },
    ...before.names.slice(1).flatMap(({ name, meaning }): Quantity[] => {
      const of = ({ scores = [] }: EpisodeRecord) =>
        scores.find((score) => score.name === name)?.value ?? null;
      return both.has(name)
        ? [{ name: `score_${name}`, unit: "", meaning, source: { kind: "episode", of } }]
        : [];
    }),
  ];
}

/** Whether only runs with named scores have a quantity of this name. */
export function isScoreQuantity(name: string): boolean {
  return name === "passed" || /^score_./.test(name);
}
