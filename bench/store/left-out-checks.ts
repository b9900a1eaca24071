/** Preflight checks about an experiment's tasks. A replay runs none: it sends what was asked before. */
export const leftOutChecks: readonly string[] = ["context-length", "episode"];

/** Nobody should take a check that was not made for one that was passed. */
export const leftOutText = `a replay runs no tasks, so the checks of their prompts and of a whole episode are left out: ${leftOutChecks.join(", ")}`;
