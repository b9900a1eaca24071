import { z } from "zod";

/** How the engine's prefix cache is made equal for every arm: see `tollgate replay --help`. */
export const cacheModes = ["flush", "salt", "cold"] as const;

/** `replay` of a `run.json`: what a replay was asked to do, with everything that its report needs. */
export const replayPlanSchema = z.object({
  /** Run and cell whose requests are sent again. */
  source: z.object({ runId: z.string(), cellId: z.string(), arm: z.string() }),
  conversations: z.number().int(),
  requests: z.number().int(),
  /** The first is the baseline. `again` is the baseline a second time, `placebo` a proxy that does nothing. */
  arms: z.array(
    z.object({
      label: z.string(),
      arm: z.string(),
      kind: z.string(),
      part: z.enum(["baseline", "compared", "again", "placebo"]),
    }),
  ),
  /** Each is measured with every arm; their cells are `<key>.<label>`. */
  settings: z.array(
    z.object({
      key: z.string(),
      cache: z.enum(cacheModes),
      load: z.string(),
      /** How many of the conversations a turn sends; absent: all. */
      conversations: z.number().int().optional(),
    }),
  ),
  order: z.literal("abba"),
  /** Blocks per setting; with `until` the most of them. */
  blocks: z.number().int(),
  /** `±1ms` or `±1%`; null: all blocks are run. */
  until: z.string().nullable(),
  /** Declared beforehand: a difference inside counts as nothing. */
  margin: z.string().nullable(),
  maxTokens: z.number().int(),
  temperature: z.number(),
  thinkScale: z.number(),
  seed: z.number().int(),
});
export type ReplayPlan = z.infer<typeof replayPlanSchema>;
export type ReplayArm = ReplayPlan["arms"][number];
export type ReplaySetting = ReplayPlan["settings"][number];
