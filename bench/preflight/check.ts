import type { Experiment } from "../config/experiment.ts";
import type { Clock } from "../measure/clock.ts";
import type { Engine } from "../stack/engine.ts";
import type { Gpu } from "../host/gpus.ts";
import type { RunningArm, RunningStack } from "../stack/stack.ts";
import type { ArmFacts, Finding } from "../store/preflight-record.ts";
import type { WorkloadPlan } from "../workload/workload.ts";
import type { Prober } from "./prober.ts";

/** One thing that is proved about the servers before anything is measured. */
export interface Check {
  /** As in `--skip-preflight NAME`. */
  readonly name: string;
  /** What holds when it is ok, as a sentence without an end. */
  readonly proves: string;
  /** A finding per thing it looked at. Never throws for a server that misbehaves: that is a finding. */
  run(context: PreflightContext): Promise<CheckResult>;
}

export interface CheckResult {
  readonly findings: readonly Finding[];
  /** What became known about arms, by name. */
  readonly arms?: Readonly<Record<string, Partial<ArmFacts>>>;
}

export interface PreflightContext {
  readonly experiment: Experiment;
  readonly stack: RunningStack;
  readonly prober: Prober;
  readonly longestPrompt: WorkloadPlan["longestPrompt"] | null;
  /** False where no request of the work offers a tool: then a server without them will do, and is asked for none. */
  readonly usesTools: boolean;
  readonly clock: Clock;
  /** For one request, in milliseconds. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** Folder that will hold the run directory, and the episodes that are still to be written there. */
  readonly output: { readonly directory: string; readonly episodes: number };
  /** null where the machine has no NVIDIA driver. */
  readonly gpus: () => Promise<readonly Gpu[] | null>;
  /** Why a part is not asked anything more: its first request failed. */
  readonly unusable: ReadonlyMap<Engine | RunningArm, string>;
}

export const ok = (on: string, what: string): Finding => ({ on, status: "ok", what, change: null });
export const notChecked = (on: string, why: string): Finding => ({
  on,
  status: "not checked",
  what: why,
  change: null,
});
export const failed = (on: string, what: string, change: string): Finding => ({
  on,
  status: "failed",
  what,
  change,
});
export const warning = (on: string, what: string, change: string): Finding => ({
  on,
  status: "warning",
  what,
  change,
});

export const nameOf = (part: Engine | RunningArm): string =>
  "role" in part ? `${part.role} engine` : `arm ${part.spec.name}`;
