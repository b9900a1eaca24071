import { z } from "zod";

/** What a server sends, as far as anything here reads it. Numbers may come as texts, as protobuf's JSON has 64-bit integers. */
const number = z.coerce.number().catch(Number.NaN);
const pairs = z.array(z.object({ key: z.string(), value: z.string().default("") })).default([]);

const experimentSchema = z.object({
  experiment_id: z.string(),
  name: z.string().default(""),
  lifecycle_stage: z.string().default("active"),
});
export type ServerExperiment = z.infer<typeof experimentSchema>;
export const experimentAnswer = z.object({ experiment: experimentSchema });
export const createdExperiment = z.object({ experiment_id: z.string() });

const pointSchema = z.object({ key: z.string(), value: number, step: number.default(0), timestamp: number });
export const historyAnswer = z.object({
  metrics: z.array(pointSchema).default([]),
  next_page_token: z.string().optional(),
});
export type ServerPoint = z.infer<typeof pointSchema>;

const runSchema = z.object({
  info: z.object({
    run_id: z.string(),
    run_name: z.string().optional(),
    status: z.string().default("RUNNING"),
    start_time: number,
    end_time: number.optional(),
    artifact_uri: z.string().default(""),
    lifecycle_stage: z.string().default("active"),
  }),
  data: z
    .object({ metrics: z.array(pointSchema).default([]), params: pairs, tags: pairs })
    .default({ metrics: [], params: [], tags: [] }),
  inputs: z
    .object({
      dataset_inputs: z
        .array(z.object({ dataset: z.object({ name: z.string(), digest: z.string() }) }))
        .default([]),
    })
    .default({ dataset_inputs: [] }),
});
export type ServerRun = z.infer<typeof runSchema>;
export const runAnswer = z.object({ run: runSchema });
export const searchAnswer = z.object({
  runs: z.array(runSchema).default([]),
  next_page_token: z.string().optional(),
});

export const artifactsAnswer = z.object({
  files: z
    .array(z.object({ path: z.string(), is_dir: z.boolean().default(false), file_size: number.optional() }))
    .default([]),
});
