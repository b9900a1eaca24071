import { join } from "node:path";
import { z } from "zod";
import { readJsonLines, type StoreWarning } from "../store/read-run.ts";

const toolCallSchema = z.object({
  attemptKey: z.string(),
  toolCallId: z.string().nullish(),
  name: z.string().optional(),
  requestor: z.enum(["assistant", "user"]).optional(),
  error: z.boolean().optional(),
  receivedNs: z.number(),
  startedNs: z.number().optional(),
  endedNs: z.number(),
});

/** A line of `tools.ndjson` without its texts. */
export type SeenToolCall = z.infer<typeof toolCallSchema>;

/** The tool calls of a segment by attempt. Throws RunUnreadableError on a damaged line. */
export async function readToolCalls(
  segmentDirectory: string,
  warnings: StoreWarning[],
): Promise<ReadonlyMap<string, readonly SeenToolCall[]>> {
  const calls: SeenToolCall[] = [];
  const path = join(segmentDirectory, "tools.ndjson");
  for await (const { value } of readJsonLines(path, toolCallSchema, warnings)) calls.push(value);
  return Map.groupBy(calls, ({ attemptKey }) => attemptKey);
}
