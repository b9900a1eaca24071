/** Every process of a run carries these, so that it can be found and ended when the driver is gone. */
export const runVariable = "TOLLGATE_RUN";

/**
 * Names the supervisor that looks after a process. A resumed run has the same run id as the one that died: without this
 * the supervisor of the dead driver would end the children of its successor.
 */
export const supervisorVariable = "TOLLGATE_SUPERVISOR";

export type RunEnvironment = Readonly<Record<typeof runVariable | typeof supervisorVariable, string>>;
