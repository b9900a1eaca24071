import { z } from "zod";
import { exportedRunSchema, filesSchema } from "../manifest.ts";

const counts = z.record(z.string(), z.number().int());

/** `manifest.json` of an export of rows. */
export const rowsManifestSchema = z.object({
  v: z.literal(1),
  format: z.literal("requests"),
  run: exportedRunSchema,
  counts: z.object({
    requests: z.number().int(),
    episodes: z.number().int(),
    requestsByHop: counts,
    requestsByArm: counts,
    episodesByStatus: counts,
  }),
  /** What was seen and is no row, and what was left out by a selection. */
  exclusions: z.array(z.object({ reason: z.string(), count: z.number().int() })),
  warnings: z.array(z.string()),
  files: filesSchema,
});
export type RowsManifest = z.infer<typeof rowsManifestSchema>;
