import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { pathSetting } from "../../config/path-setting.ts";
import { sinkKind } from "../sink.ts";

/** `{kind: jsonl}`: a line per event, to follow a run with `tail -f`, or collects many runs in one file. */
export const jsonlSink = sinkKind({
  kind: "jsonl",
  schema: z.strictObject({
    kind: z.literal("jsonl").describe("A line of JSON per event: run-started, episode, cell, run-ended"),
    path: pathSetting().describe("File that the lines are appended to; made with its folders"),
  }),
  open: async ({ path }, { runId, runDirectory }) => {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, "a");
    // Other runs may append to the file, so a line that was cut short stays, and the next one begins below it.
    let cutShort = false;
    return {
      async take(event) {
        const line = Buffer.from(
          `${cutShort ? "\n" : ""}${JSON.stringify({ runId, runDirectory, ...event })}\n`,
        );
        const { bytesWritten } = await file.write(line);
        cutShort = bytesWritten < line.length;
        if (cutShort) throw new Error(`${path}: only ${bytesWritten} of ${line.length} bytes were written`);
      },
      close: () => file.close(),
    };
  },
});
