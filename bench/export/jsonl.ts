import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { trajectorySchema } from "../store/record.ts";
import { recordedEpisodeSchema } from "../workload/recorded-episode.ts";
import { callRewards } from "./call-returns.ts";
import type { ExportFormat } from "./format.ts";
import { lineWithTools, type InlinedTrajectory } from "./inlined-trajectory.ts";
import { WholeFileWriter } from "./line-writer.ts";

/** A line of the exported `trajectories.jsonl`: the stored trajectory with its texts inlined and its load named. */
export const exportedTrajectorySchema = trajectorySchema
  .omit({ systemSha256: true, toolsSha256: true })
  .extend({
    load: z.string().describe("Load of the cell, e.g. closed:4"),
    repetition: z.number().int(),
    groupId: z.string().describe("Trials of one task that are compared with each other share it"),
    rewardBasis: z.array(z.string()).nullable().describe("Parts of the reward; null when nothing was judged"),
    tokenSource: z
      .enum(["none", "engine"])
      .describe("Where token ids and logprobs come from. none: there are none, and none were made up"),
    tokens: recordedEpisodeSchema
      .omit({ v: true, episodeId: true, attemptKey: true })
      .extend({
        returns: z
          .array(z.number())
          .nullable()
          .describe("Discounted return of each call; null when the episode was not judged"),
      })
      .nullable()
      .describe("Model calls as a recording gateway kept them, prompts prefix-shared; null where none did"),
    system: z.string().describe("System message, byte for byte"),
    tools: z.array(z.unknown()).describe("OpenAI tools array; numbers are spelled as the model saw them"),
  });

const fileName = "trajectories.jsonl";
const schemaName = "trajectories.schema.json";

/** Tollgate's own format: complete, one JSON object per line. */
export const jsonl: ExportFormat = {
  name: "jsonl",
  async open(directory, { discount }) {
    const lines = new WholeFileWriter(join(directory, fileName));
    return {
      async write(trajectory) {
        await lines.write(lineOf(trajectory, discount));
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

function lineOf(whole: InlinedTrajectory, discount: number): string {
  const { record, trajectory, system, tools, groupId, recorded } = whole;
  const { systemSha256: _system, toolsSha256: _tools, messages, ...identity } = trajectory;
  const { load, repetition, rewardBasis } = record;
  const tokenSource = recorded === null || recorded.level === "L0" ? "none" : "engine";
  const tokens = tokensOf(whole, discount);
  return lineWithTools(
    { ...identity, load, repetition, groupId, rewardBasis, tokenSource, system, messages, tokens },
    tools,
  );
}

function tokensOf(whole: InlinedTrajectory, discount: number) {
  if (whole.recorded === null) return null;
  const { v: _version, episodeId: _episode, attemptKey: _attempt, ...tokens } = whole.recorded;
  return { ...tokens, returns: callRewards(whole, discount)?.map((one) => one.return) ?? null };
}
