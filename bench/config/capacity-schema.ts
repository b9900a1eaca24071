import { z } from "zod";

const settings = z.strictObject({
  from: z.number().int().min(1).default(1).describe("Fewest agents in flight that are tried"),
  to: z.number().int().min(1).max(10_000).default(256).describe("Most agents in flight that are tried"),
  episodes: z.number().int().min(10).default(24).describe("Fewest episodes of a cell"),
  episodesPerAgent: z
    .number()
    .int()
    .min(3)
    .default(4)
    .describe(
      "Episodes of a cell for each agent in flight: what the first and the last of each agent do is not counted",
    ),
  repetitions: z
    .number()
    .int()
    .min(3)
    .max(100)
    .default(4)
    .describe("Cells of each arm at a load that decides; the intervals are over them"),
  resolution: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.03)
    .describe("Loads that are closer than this share of themselves are not told apart"),
});

/** `capacity:` of an experiment: how `tollgate capacity` searches. A sweep does not look at it. */
export const capacitySchema = settings
  .refine(({ from, to }) => from <= to, { path: ["to"], message: "must not be less than capacity.from" })
  .optional()
  .describe("How `tollgate capacity` searches the most agents in flight that hold sweep.slo");

export type CapacitySettings = z.infer<typeof settings>;

/** With every default filled in. */
export function capacitySettings(spec: z.infer<typeof capacitySchema>): CapacitySettings {
  return spec ?? settings.parse({});
}

const recordedSchema = z.object({ capacity: settings });

/** As a run recorded them; null where it is not a search. */
export function recordedCapacity(resolved: Readonly<Record<string, unknown>>): CapacitySettings | null {
  return recordedSchema.safeParse(resolved).data?.capacity ?? null;
}

/** Episodes of a cell at a load. */
export function episodesAt(load: number, { episodes, episodesPerAgent }: CapacitySettings): number {
  return Math.max(episodes, load * episodesPerAgent);
}
