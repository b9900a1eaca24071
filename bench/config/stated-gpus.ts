import { z } from "zod";

const roleSchema = z.object({ gpus: z.array(z.unknown()).min(1) });
const stackSchema = z.record(z.string(), z.unknown());

/**
 * How many GPUs an experiment gives to a model server, as `run.json` has it resolved; null where it does not say, as of servers
 * that were there before.
 */
export function statedGpus(
  resolved: Readonly<Record<string, unknown>>,
  role: "agent" | "user",
): number | null {
  const stack = stackSchema.safeParse(resolved["stack"]).data;
  return roleSchema.safeParse(stack?.[role]).data?.gpus.length ?? null;
}
