import { z } from "zod";
import type { Experiment } from "../../../bench/config/experiment.ts";
import { pathSetting } from "../../../bench/config/path-setting.ts";
import {
  limitSetting,
  smokeSetting,
  type Section,
  seedSetting,
  simulatedSetting,
  trialsSetting,
} from "../../../bench/config/section.ts";

export const datasetNames = ["own", "humaneval", "mbpp", "gsm8k", "mmlu"] as const;

const schema = z.strictObject({
  kind: z
    .literal("code")
    .describe("Problems with one right answer: programs that tests judge, numbers, choices"),
  dataset: z
    .enum(datasetNames)
    .default("own")
    .describe("own: 20 problems of ours; the others are read from `file`, and never downloaded"),
  file: pathSetting()
    .optional()
    .describe("The data set: JSON lines (plain or .gz), a JSON list, or Parquet; its first bytes say which"),
  split: z
    .enum(["all", "test"])
    .default("all")
    .describe(
      "Of mbpp: all of the file, or its 500 test problems (task_id 11 to 510), of which figures are published",
    ),
  limit: limitSetting,
  smoke: smokeSetting,
  trials: trialsSetting.describe("Samples of each problem (pass@k needs k of them)"),
  seed: seedSetting,
  passAtK: z
    .array(z.number().int().min(1))
    .min(1)
    .optional()
    .describe("The k of pass@k (default: those of 1, 10 and 100 that are at most `trials`)"),
  program: z
    .strictObject({
      cpuSeconds: z
        .number()
        .positive()
        .max(600)
        .default(5)
        .describe("Processor time of one program, its tests included"),
      wallSeconds: z.number().positive().max(3600).default(20).describe("The same by the clock"),
      memoryMiB: z.number().int().min(64).max(65_536).default(1024).describe("Memory of one program"),
    })
    .prefault({})
    .describe("What the program of an answer may use"),
  simulated: simulatedSetting,
});

export type CodeSection = z.infer<typeof schema>;
export type CodeExperiment = Experiment<CodeSection>;

export const codeSection = {
  kind: "code",
  schema,
  paths: { file: null },
  choices: ["split", "limit", "smoke", "trials", "passAtK"],
} satisfies Section;
