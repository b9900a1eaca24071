import { z } from "zod";

const time = (what: string) =>
  z
    .string()
    .regex(/^±?\s*\d+(\.\d+)?\s*(us|µs|ms|s|%)$/, "write a time or a share, e.g. 1ms or 1%")
    .optional()
    .describe(what);

/** `compare:` of an experiment: which differences count as nothing, said before anything is measured. */
export const compareSchema = z
  .strictObject({
    margin: time("Time of a request that an arm may add, e.g. 1ms, or 1% of the raw arm's"),
    episodeMargin: time("Time of a live episode that an arm may add, e.g. 500ms or 5%"),
    tokenMarginPercent: z
      .number()
      .positive()
      .optional()
      .describe("Requests and tokens of a live episode that an arm may add or save, in per cent"),
    rewardMargin: z
      .number()
      .positive()
      .max(1)
      .optional()
      .describe("Mean reward that an arm may add or cost, e.g. 0.05"),
  })
  .optional()
  .describe("Margins: inside one a difference is called negligible, and only then");

export type CompareSpec = z.infer<typeof compareSchema>;
