import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sampleLineSchema, samplesFile, type SampleLine } from "../../bench/workload/sample-line.ts";

/** The evidence of all samples of a run; the last line of a segment that was killed may be a part of one. */
export function samplesOf(run: string): SampleLine[] {
  const files = globSync(join(run, "evidence", "*", "*", samplesFile));
  return files.flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => sampleLineSchema.parse(JSON.parse(line))),
  );
}
