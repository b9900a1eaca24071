import { z } from "zod";

const role = z.object({
  image: z.string().optional(),
  model: z.string().optional(),
  gpus: z.array(z.string()).optional(),
  tp: z.number().optional(),
  dp: z.number().optional(),
  contextLength: z.number().optional(),
  quantization: z.string().optional(),
  deterministic: z.boolean().optional(),
  radixCache: z.boolean(),
});
const stackSchema = z.object({
  kind: z.enum(["docker", "embedded"]),
  image: z.string().optional(),
  model: z.string(),
  agent: role,
  user: role,
});

/**
 * What a run's servers were asked to be, from `run.json`; a server in a container was refused unless it said the same. Of
 * attached servers nothing is known. The prefix cache decides what TTFT means, so it is never left out.
 */
export function serverLines(resolved: Readonly<Record<string, unknown>>): readonly string[] {
  const { success, data: stack } = stackSchema.safeParse(resolved["stack"]);
  if (!success) return [];
  return (["agent", "user"] as const).map((name) => {
    const server = stack[name];
    const { gpus = [], dp = 1, contextLength, quantization, deterministic } = server;
    return [
      `${name} engine: ${server.model ?? stack.model}`,
      ...(stack.kind === "docker" ? [server.image ?? stack.image] : []),
      ...(gpus.length === 0 ? [] : [`GPU ${gpus.join(",")} (tp ${server.tp ?? gpus.length / dp}, dp ${dp})`]),
      ...(contextLength === undefined ? [] : [`context ${contextLength}`]),
      ...(quantization === undefined ? [] : [quantization]),
      ...(deterministic === true ? ["deterministic"] : []),
      `radix cache ${server.radixCache ? "on" : "off"}`,
    ].join(", ");
  });
}
