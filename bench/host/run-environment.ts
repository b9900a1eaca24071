/** Every process of a run carries these, so that it can be found and ended when the driver is gone. */
export const runVariable = "TOLLGATE_RUN";

/**
 * Names the supervisor that looks after a process. A resumed run has the same run id as the one that died: without this
 * the supervisor of the dead driver would end the children of its successor.
 */
export const supervisorVariable = "TOLLGATE_SUPERVISOR";

/** Names the driver, as `processFingerprint` does: what a dead one left can be found when the supervisor died as well. */
export const driverVariable = "TOLLGATE_DRIVER";

/** Whose a process, a container or a scratch folder is. */
export interface RunOwner {
  readonly runId: string;
  readonly supervisorId: string;
  /** `processFingerprint()` of the driver. */
  readonly driver: string;
}

export function runEnvironment({ runId, supervisorId, driver }: RunOwner): Readonly<Record<string, string>> {
  return { [runVariable]: runId, [supervisorVariable]: supervisorId, [driverVariable]: driver };
}

/** The run that a child's environment belongs to. @throws {Error} when it belongs to none, which is a bug. */
export function ownerOfRun(environment: Readonly<Record<string, string>>): RunOwner {
  const names = [runVariable, supervisorVariable, driverVariable];
  const [runId, supervisorId, driver] = names.map((name) => environment[name]);
  if (runId === undefined || supervisorId === undefined || driver === undefined)
    throw new Error("the environment of a run's children lacks the run's variables");
  return { runId, supervisorId, driver };
}

/** File in the scratch folder of a run that says whose it is: a `RunOwner` as JSON. */
export const scratchOwnerFile = "tollgate-owner.json";
