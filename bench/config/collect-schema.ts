import { z } from "zod";

/** `collect:` of an experiment. `tollgate collect` writes it; a sweep refuses it, because its cells must repeat nothing. */
export const collectSchema = z
  .strictObject({
    groupSize: z
      .number()
      .int()
      .positive()
      .default(1)
      .describe("Trials of a task that form one group, for group-relative advantages"),
    retryInfra: z
      .number()
      .int()
      .min(0)
      .default(0)
      .describe("Times an episode is tried again when a part failed (never when the agent did)"),
  })
  .optional()
  .describe("Set by `tollgate collect`: trajectories are what counts, not times");
