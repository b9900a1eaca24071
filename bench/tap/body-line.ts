import { z } from "zod";

/**
 * One line of `bodies.ndjson`. `requestBase` is the request id of an earlier line of the same hop, whose request text is
 * the base of the delta; null: the base is the empty text. An id may occur twice: it means the last line of that id that `isBase`.
 * Lines from before there was `isBase` are bases where they are the first of their id.
 */
export const bodyLineSchema = z.object({
  v: z.literal(1),
  hop: z.enum(["outer", "inner", "user"]),
  requestId: z.string(),
  requestBase: z.string().nullable(),
  isBase: z.boolean().optional(),
  prefix: z.int().nonnegative(),
  suffix: z.int().nonnegative(),
  middle: z.string(),
  response: z.string(),
});
export type BodyLine = z.infer<typeof bodyLineSchema>;
