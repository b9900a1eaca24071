import { z } from "zod";

/** What a run bears of episodes that a failed part ended (engine, gateway, tool server, ...), never of agents that did badly. */
export interface FailureLimits {
  /** The run stops after so many of them in a row; 0: never. */
  readonly failures: number;
  /** Above this share of a cell's finished episodes its verdict is `failing`. */
  readonly failedShare: number;
}

/** `limits.failures` and `limits.failedShare` of an experiment. */
export const failureLimitKeys = {
  failures: z
    .number()
    .int()
    .min(0)
    .default(5)
    .describe(
      "Stop the run after so many episodes in a row that a failed part ended, in the order of their end; 0 = never",
    ),
  failedShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe("Share of a cell's episodes that may fail before its verdict is `failing`"),
};

const limitsSchema = z.object({ limits: z.object(failureLimitKeys).prefault({}) });

/** As a run recorded them; a run of an older Tollgate is held to the defaults. */
export function recordedFailureLimits(resolved: Readonly<Record<string, unknown>>): FailureLimits {
  return limitsSchema.safeParse(resolved).data?.limits ?? limitsSchema.parse({}).limits;
}
