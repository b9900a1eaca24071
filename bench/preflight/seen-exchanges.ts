import { join } from "node:path";
import { z } from "zod";
import { readJsonLines } from "../store/read-run.ts";
import { readBodies } from "../tap/read-bodies.ts";
import { isGenerationRequest } from "../workload/exchange.ts";

const timingSchema = z.object({
  hop: z.enum(["outer", "inner", "user"]),
  arm: z.string(),
  requestId: z.string(),
  method: z.string(),
  path: z.string(),
  status: z.number().nullable(),
  startedNs: z.number(),
  firstTokenNs: z.number().nullable(),
  lastTokenNs: z.number().nullable(),
  endedNs: z.number(),
});

/** One request of a check as a tap saw it, with its body. */
export type SeenExchange = z.infer<typeof timingSchema> & { readonly requestBody: string };

/**
 * The requests for an answer that the taps wrote into a segment directory that was just closed. A gateway may ask the
 * engine for its health or its models in the same moment: that is no request of a check.
 */
export async function seenExchanges(directory: string): Promise<readonly SeenExchange[]> {
  const bodies = new Map<string, string>();
  for await (const { hop, requestId, requestBody } of readBodies(directory))
    bodies.set(`${hop} ${requestId}`, requestBody);
  const seen: SeenExchange[] = [];
  for await (const { value } of readJsonLines(join(directory, "taps.ndjson"), timingSchema, [])) {
    if (!isGenerationRequest(value)) continue;
    seen.push({ ...value, requestBody: bodies.get(`${value.hop} ${value.requestId}`) ?? "" });
  }
  return seen;
}
