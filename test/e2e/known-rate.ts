import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CapacityAnswer } from "../../bench/analysis/capacity/capacity-answer.ts";
import type { ReportModel } from "../../bench/report/model/report-model.ts";

/** A simulated engine whose decode step takes `aloneMs` for one request and `moreMs` longer for each further one. */
export interface KnownRate {
  readonly aloneMs: number;
  readonly moreMs: number;
}

/** One request an episode, so that agents in flight are requests in the batch. */
export function knownRateExperiment(
  { aloneMs, moreMs }: KnownRate,
  sweep: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    name: "known-rate",
    stack: {
      kind: "embedded",
      agent: { decodeStepMs: aloneMs, decodeStepMsPerRequest: moreMs, prefillTokensPerSecond: 1_000_000 },
    },
    arms: [{ kind: "raw" }],
    agent: { kind: "chat" },
    workload: { kind: "echo" },
    sweep,
    ...more,
  };
}

/**
 * A limit on the mean time between tokens that `agents` hold and one more does not.
 * @param stepsPerToken of this workload: its last token comes in no chunk of its own
 */
export function limitFor({ aloneMs, moreMs }: KnownRate, agents: number, stepsPerToken: number): string {
  return `${(stepsPerToken * (aloneMs + moreMs * (agents - 1 + 0.45))).toFixed(2)}ms`;
}

export function reportOf(run: string): ReportModel {
  return JSON.parse(readFileSync(join(run, "report", "report.json"), "utf8")) as ReportModel;
}

export function answerOf(run: string): CapacityAnswer["arms"] {
  return reportOf(run).capacity?.arms ?? [];
}
