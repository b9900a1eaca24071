import { z } from "zod";

const gpuWattsSchema = z.object({ index: z.string(), uuid: z.string(), watts: z.number() });
export type GpuWatts = z.infer<typeof gpuWattsSchema>;

/** A line of `power.ndjson` in a segment's evidence folder: what the GPUs drew at one moment of the work. */
export const powerSampleSchema = z.object({
  v: z.literal(1),
  /** Monotonic nanoseconds of the driver's host. */
  atNs: z.number(),
  source: z.enum(["nvidia-smi", "dcgm"]),
  /** Those that tell their power. */
  gpus: z.array(gpuWattsSchema),
});
export type PowerSample = z.infer<typeof powerSampleSchema>;
