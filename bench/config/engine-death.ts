import { z } from "zod";

/** What a run does when a model server that Tollgate started dies. */
export const onEngineDeath = z
  .union([z.enum(["skip", "stop"]), z.strictObject({ restart: z.number().int().positive() })])
  .default({ restart: 1 })
  .describe(
    "A server died in a cell. restart N: start it again, at most N times in a run, and finish the cell in a new segment; " +
      "skip: leave the cell, start it again for the next one; stop: end the run, resumable",
  );

/** A GPU as `nvidia-smi` numbers it, or its UUID. A number may be a text, as the record of a run has it. */
export const gpu = z.union([
  z.number().int().min(0).transform(String),
  z.string().regex(/^(?:\d+|GPU-[0-9a-f-]+)$/),
]);
