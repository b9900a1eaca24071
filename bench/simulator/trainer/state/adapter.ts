import { z } from "zod";

const metadataSchema = z.record(z.string(), z.unknown());

/** What the trainer keeps of an adapter. */
export const adapterSchema = z.object({
  lora_id: z.string(),
  base_model: z.string(),
  rank: z.number(),
  /** Updates that were made. */
  updates: z.number().int(),
  /** Weight of the updates that taught a preference, by its name. */
  learned: z.record(z.string(), z.number()),
  trained_tokens: z.number().int(),
  /** Whether `<id>-latest` leads here. */
  has_alias: z.boolean(),
  /** As the last update answered; null before it. */
  last: metadataSchema.nullable(),
});
export type Adapter = z.infer<typeof adapterSchema>;

/** Name by which chat requests reach an adapter. */
export function servedName(loraId: string): string {
  const name = loraId
    .replace(/^\/+|\/+$/gu, "")
    .replaceAll(/[^a-zA-Z0-9._-]+/gu, "-")
    .replace(/^-+|-+$/gu, "");
  return name === "" ? "lora" : name;
}
