import { join } from "node:path";
import { z } from "zod";
import { eachJsonLine } from "../../store/read-run.ts";

const toolLineSchema = z.object({ attemptKey: z.string(), receivedNs: z.number(), endedNs: z.number() });

/** A tool call, from request to answer. */
export interface ToolSpan {
  readonly attemptKey: string;
  readonly startedNs: number;
  readonly endedNs: number;
}

export async function readTools(folder: string): Promise<readonly ToolSpan[]> {
  const spans: ToolSpan[] = [];
  await eachJsonLine({ path: join(folder, "tools.ndjson"), schema: toolLineSchema }, [], (line) => {
    spans.push({ attemptKey: line.attemptKey, startedNs: line.receivedNs, endedNs: line.endedNs });
  });
  return spans;
}
