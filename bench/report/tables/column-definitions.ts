import { minimumSampleRule, percentileMethod } from "../../statistics/distribution.ts";
import { minimumClusters } from "../../analysis/estimates/cluster-interval.ts";
import { latencyDefinitions } from "../../evidence/request-latencies.ts";
import { minimumCellPairs, minimumTasks } from "../../analysis/estimates/paired-difference.ts";
import { loopDelayP99MsMax, stolenShareMax, utilizationMax } from "../../analysis/cell/client-limits.ts";
import { verdicts } from "../../analysis/cell/verdict.ts";

/** What each number in a report means; printed with it. */
export const definitions: readonly { readonly term: string; readonly meaning: string }[] = [
  { term: "TTFT", meaning: latencyDefinitions.ttft },
  { term: "ITL", meaning: latencyDefinitions.itl },
  { term: "E2E", meaning: latencyDefinitions.e2e },
  {
    term: "input, output tok/s",
    meaning: "difference of the engine's own counters over the wall clock of the used segments",
  },
  {
    term: "in flight",
    meaning:
      "mean over the used segments: episodes from their records, requests by Little's law at the outer tap",
  },
  { term: "queue", meaning: "mean queue time per request, from the engine's histogram (sum / count)" },
  { term: "cache", meaning: "cached prompt tokens / prompt tokens, from the engine's counters" },
  {
    term: "rate",
    meaning:
      "passed / judged; failed and unjudged episodes are left out and counted. Interval: Wilson's over episodes; with several trials a task the wider of it and a t bootstrap over tasks",
  },
  {
    term: "pass^k",
    meaning:
      "tau2's chance that k trials of a task all pass, mean over tasks with k judged trials; interval: Wilson's with tasks as trials",
  },
  {
    term: "tokens",
    meaning:
      "exact: usage at the outer tap = usage at the inner tap = the engine's counters, for prompt and completion tokens",
  },
  {
    term: "path",
    meaning:
      "time at the outer tap minus time at the inner tap on the same request; arm minus raw, so that the taps cancel",
  },
  {
    term: "interval",
    meaning: `95 %. Latencies: t bootstrap over episodes, on the log scale (none below ${minimumClusters}). Differences: t interval over tasks (no finding below ${minimumTasks}); of times over pairs of cells from ${minimumCellPairs} on`,
  },
  { term: "percentile", meaning: `${percentileMethod}; ${minimumSampleRule}` },
  {
    term: "verdict",
    meaning: `worst of: ${verdicts.join(", ")}. client-limited: an event loop on the client's side above ${utilizationMax * 100} % busy, ${loopDelayP99MsMax} ms late at p99, or standing still; or a hypervisor that took more than ${stolenShareMax * 100} % of the processors`,
  },
];
