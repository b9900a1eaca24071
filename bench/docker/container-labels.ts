import type { RunOwner } from "../host/run-environment.ts";

/** Labels of every container that Tollgate starts. `clean` touches no container without the first one. */
export const labelNames = {
  /** `run` or `warm`: who the container belongs to. */
  owner: "tollgate.owner",
  /** Run id; absent on warm containers. */
  run: "tollgate.run",
  /** Name of the experiment that `tollgate up` started it for; only on warm containers. */
  warm: "tollgate.warm",
  role: "tollgate.role",
  /** sha256 of the spec; set by `createCall`. */
  spec: "tollgate.spec",
  /** Id of the supervisor that removes it when the driver is gone; only on containers of a run. */
  supervisor: "tollgate.supervisor",
  /** The process that started it, as `processFingerprint` writes it. */
  driver: "tollgate.driver",
} as const;

/** A container that `tollgate up` keeps between runs. */
export interface WarmOwner {
  readonly experiment: string;
}

/** Of a container of one run, which ends with it. */
export function runLabels(owner: RunOwner, role: string): Readonly<Record<string, string>> {
  return {
    [labelNames.owner]: "run",
    [labelNames.run]: owner.runId,
    [labelNames.role]: role,
    [labelNames.supervisor]: owner.supervisorId,
    [labelNames.driver]: owner.driver,
  };
}

export function warmLabels(owner: WarmOwner, role: string): Readonly<Record<string, string>> {
  return { [labelNames.owner]: "warm", [labelNames.warm]: owner.experiment, [labelNames.role]: role };
}
