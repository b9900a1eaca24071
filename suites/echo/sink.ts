import { writeFile } from "node:fs/promises";
import { z } from "zod";
import { pathSetting } from "../../bench/config/path-setting.ts";
import { sinkKind } from "../../bench/sink/sink.ts";

/** `{kind: tally}`: writes one line at the end, how many of a run's episodes passed. */
export const tally = sinkKind({
  kind: "tally",
  schema: z.strictObject({
    kind: z.literal("tally").describe("A line at the end: episodes that passed, of all"),
    path: pathSetting().describe("File that is written"),
  }),
  open: async ({ path }) => {
    let [passed, all] = [0, 0];
    return {
      take: async (event) => {
        if (event.type !== "episode") return;
        all += 1;
        if (event.scores?.[0]?.passed === true) passed += 1;
      },
      close: async () => writeFile(path, `${passed} of ${all} passed\n`),
    };
  },
});
