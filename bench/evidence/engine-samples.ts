import { join } from "node:path";
import { type EngineSample, engineSampleSchema } from "../store/engine-sample.ts";
import { readJsonLines, type StoreWarning } from "../store/read-run.ts";

/** What the engines said while a segment worked; nothing where they were not asked. Throws RunUnreadableError on a damaged line. */
export async function readEngineSamples(
  segmentDirectory: string,
  warnings: StoreWarning[],
): Promise<readonly EngineSample[]> {
  const samples: EngineSample[] = [];
  const path = join(segmentDirectory, "engines.ndjson");
  for await (const { value } of readJsonLines(path, engineSampleSchema, warnings)) samples.push(value);
  return samples;
}
