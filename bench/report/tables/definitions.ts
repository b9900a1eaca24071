import { loopDelayP99MsMax, stolenShareMax, utilizationMax } from "../../analysis/cell/client-limits.ts";
import { verdicts } from "../../analysis/cell/verdict.ts";
import { minimumClusters } from "../../analysis/estimates/cluster-interval.ts";
import { minimumCellPairs, minimumTasks } from "../../analysis/estimates/paired-difference.ts";
import { minimumSampleRule, percentileMethod } from "../../statistics/distribution.ts";
import { cellTerms } from "./cell-metrics.ts";

/** What each word in a report means; printed with it. */
export const definitions: readonly { readonly term: string; readonly meaning: string }[] = Object.entries({
  ...cellTerms,
  path: "time at the outer tap minus time at the inner tap on the same request; arm minus raw, so that the taps cancel",
  floor:
    "the baseline against itself (A/A), its second repetition minus its first and so on: what a difference is where there is nothing to find",
  interval: `95 %. Latencies: t bootstrap over episodes, on the log scale (none below ${minimumClusters}). Differences: t interval over tasks (no finding below ${minimumTasks}); of times over pairs of cells from ${minimumCellPairs} on`,
  percentile: `${percentileMethod}; ${minimumSampleRule}`,
  verdict: `worst of: ${verdicts.join(", ")}. failing: more than limits.failedShare of its episodes failed (default 5 %): no pass rate, no comparison. client-limited: an event loop on the client's side above ${utilizationMax * 100} % busy, ${loopDelayP99MsMax} ms late at p99, or standing still; or a hypervisor that took more than ${stolenShareMax * 100} % of the processors`,
}).map(([term, meaning]) => ({ term, meaning }));
