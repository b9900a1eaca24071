import { z } from "zod";

/**
 * Lines of JSON on the supervisor's stdin. The pipe itself is the heartbeat: when it closes without a shutdown, the
 * driver is gone.
 */
export const supervisorCommandSchema = z.discriminatedUnion("op", [
  z.object({ op: z.literal("watch"), pid: z.int().positive(), startTicks: z.number().nullable() }),
  z.object({ op: z.literal("unwatch"), pid: z.int().positive() }),
  z.object({ op: z.literal("shutdown") }),
]);
export type SupervisorCommand = z.infer<typeof supervisorCommandSchema>;

/** The one line the supervisor prints, in answer to a shutdown. */
export const shutdownReportSchema = z.object({
  /** Processes of the run that were still alive although the driver said it was done. They have been ended. */
  orphans: z.array(z.object({ pid: z.number(), command: z.string() })),
  /** Those of them that could not be ended. */
  left: z.array(z.object({ pid: z.number(), command: z.string() })),
  /** Names of containers of the run that were still there. They have been removed. */
  containers: z.array(z.string()),
  /** Why containers may still be there; null when all is well. */
  containersFailure: z.string().nullable(),
});
export type ShutdownReport = z.infer<typeof shutdownReportSchema>;

export const supervisorOptionsSchema = z.object({
  runId: z.string().min(1),
  supervisorId: z.string().min(1),
  scratchDirectory: z.string().min(1),
  driverPid: z.int().positive(),
  /** Whether the run has containers, which are then removed. The program's environment says by which daemon. */
  containers: z.boolean(),
  graceMs: z.number(),
  deadlineMs: z.number(),
});
export type SupervisorOptions = z.infer<typeof supervisorOptionsSchema>;
