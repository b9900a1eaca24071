import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { trajectorySchema } from "../store/record.ts";
import type { ExportFormat } from "./format.ts";
import { lineWithTools, type InlinedTrajectory } from "./inlined-trajectory.ts";
import { LineWriter } from "./line-writer.ts";

/** A line of the exported `trajectories.jsonl`: the stored trajectory with its texts inlined and its load named. */
export const exportedTrajectorySchema = trajectorySchema
  .omit({ systemSha256: true, toolsSha256: true })
  .extend({
    load: z.string().describe("Load of the cell, e.g. closed:4"),
    repetition: z.number().int(),
    rewardBasis: z.array(z.string()).nullable().describe("Parts of the reward; null when nothing was judged"),
    tokenSource: z
      .literal("none")
      .describe(
        "Where token ids and log-probabilities come from. none: there are none, and none were made up",
      ),
    system: z.string().describe("System message, byte for byte"),
    tools: z.array(z.unknown()).describe("OpenAI tools array; numbers are spelled as the model saw them"),
  });

const fileName = "trajectories.jsonl";
const schemaName = "trajectories.schema.json";

/** Tollgate's own format: complete, one JSON object per line. */
export const jsonl: ExportFormat = {
  name: "jsonl",
  async open(directory) {
    const lines = new LineWriter(join(directory, fileName));
    return {
      async write(trajectory) {
        await lines.write(lineOf(trajectory));
        return null;
      },
      async close() {
        await lines.close();
        const schema = z.toJSONSchema(exportedTrajectorySchema);
        await writeFile(join(directory, schemaName), `${JSON.stringify(schema, null, 2)}\n`);
        return [fileName, schemaName];
      },
    };
  },
};

function lineOf({ record, trajectory, system, tools }: InlinedTrajectory): string {
  const { systemSha256: _system, toolsSha256: _tools, messages, ...identity } = trajectory;
  const { load, repetition, rewardBasis } = record;
  return lineWithTools(
    { ...identity, load, repetition, rewardBasis, tokenSource: "none", system, messages },
    tools,
  );
}
