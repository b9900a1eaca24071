import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CapacityAnswer } from "../../bench/analysis/capacity/capacity-answer.ts";
import type { ReportModel } from "../../bench/report/model/report-model.ts";

/** A simulated engine that works on `slots` requests at once, at the same pace however many there are; others wait. */
export interface KnownRate {
  readonly slots: number;
  /** Of one token. */
  readonly stepMs: number;
}

/** One request an episode, so that agents in flight are requests at the engine. */
export function knownRateExperiment(
  { slots, stepMs }: KnownRate,
  sweep: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    name: "known-rate",
    stack: {
      kind: "embedded",
      agent: {
        maxRunningRequests: slots,
        decodeStepMs: stepMs,
        decodeStepMsPerRequest: 0,
        prefillTokensPerSecond: 1_000_000,
      },
    },
    arms: [{ kind: "raw" }],
    agent: { kind: "chat" },
    workload: { kind: "echo" },
    sweep,
    ...more,
  };
}

/** What the law needs to know of the workload and of this machine. */
export interface Client {
  /** Steps of the engine in a request, mean: its first token comes with the prompt. */
  readonly steps: number;
  /** Between an agent's requests, in milliseconds. */
  readonly gapMs: number;
}

/**
 * A limit on the mean time of a request that `agents` hold and one more does not. Of an engine that is always busy it is known which
 * times its users meet: so many agents share a rate of slots / (steps x step), and by Little's law a request then takes
 * agents / rate less the gap, however the waiting is distributed.
 */
export function limitFor({ slots, stepMs }: KnownRate, agents: number, { steps, gapMs }: Client): string {
  if (agents <= slots) throw new RangeError("the engine is not always busy");
  const msPerRequest = (steps * stepMs) / slots;
  return `${((agents + 0.5) * msPerRequest - gapMs).toFixed(2)}ms`;
}

export function reportOf(run: string): ReportModel {
  return JSON.parse(readFileSync(join(run, "report", "report.json"), "utf8")) as ReportModel;
}

export function answerOf(run: string): CapacityAnswer["arms"] {
  return reportOf(run).capacity?.arms ?? [];
}
