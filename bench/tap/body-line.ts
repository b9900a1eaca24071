import { z } from "zod";

/**
 * One line of `bodies.ndjson`. `requestBase` is the request id of an earlier line of the same hop, whose request text is
 * the base of the delta; null: the base is the empty text. Where an id occurs twice in a hop, only its first line is a base.
 */
export const bodyLineSchema = z.object({
  v: z.literal(1),
  hop: z.enum(["outer", "inner", "user"]),
  requestId: z.string(),
  requestBase: z.string().nullable(),
  prefix: z.int().nonnegative(),
  suffix: z.int().nonnegative(),
  middle: z.string(),
  response: z.string(),
});
export type BodyLine = z.infer<typeof bodyLineSchema>;
