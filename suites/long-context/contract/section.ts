import { z } from "zod";
import type { Experiment } from "../../../bench/config/experiment.ts";
import {
  limitSetting,
  smokeSetting,
  seedSetting,
  simulatedSetting,
  trialsSetting,
  type Section,
} from "../../../bench/config/section.ts";
import { pathSetting } from "../../../bench/config/path-setting.ts";
import { kinds } from "../material/material.ts";

const shortest = 1024;
const longest = 4_194_304;
const tokens = z.number().int().min(shortest).max(longest);
/** `32K` is 32 x 1024. */
const length = z
  .union([
    tokens,
    z
      .string()
      .regex(/^[1-9]\d{0,3}[kK]$/, "write a number of tokens, or a word such as 8K or 128K (K: 1024)")
      .transform((text) => Number(text.slice(0, -1)) * 1024)
      .pipe(tokens),
  ])
  .describe("Tokens of a prompt, as the served model counts them with its chat template; 8K is 8192");

function refuseSame(values: readonly (string | number)[], context: z.RefinementCtx): void {
  for (const [index, value] of values.entries())
    if (values.indexOf(value) !== index)
      context.addIssue({ code: "custom", path: [index], message: `${value} is there already` });
}

const schema = z.strictObject({
  kind: z.literal("long-context").describe("Questions about texts of an exact number of tokens"),
  kinds: z
    .array(z.enum(kinds))
    .min(1)
    .superRefine(refuseSame)
    .default([...kinds])
    .describe(
      "What is asked: needle (one sentence), needles (four of them), documents (two of many), code (a chain of functions)",
    ),
  lengths: z
    .array(length)
    .min(1)
    .superRefine(refuseSame)
    .default([8192, 32_768, 65_536])
    .describe("Prompt lengths in tokens, exact; each with its answer must fit into the model's context"),
  depths: z
    .array(z.number().min(0).max(1))
    .min(1)
    .superRefine(refuseSame)
    .default([0, 0.25, 0.5, 0.75, 1])
    .describe("Share of the text that stands before the first part that the answer needs"),
  tokenizer: pathSetting()
    .optional()
    .describe(
      "Folder of the model, with its tokenizer.json and chat template; default: the server is asked to count",
    ),
  limit: limitSetting,
  smoke: smokeSetting,
  trials: trialsSetting,
  seed: seedSetting,
  simulated: simulatedSetting,
});

export type LongContextSection = z.infer<typeof schema>;
export type LongContextExperiment = Experiment<LongContextSection>;

export const longContextSection = {
  kind: "long-context",
  schema,
  paths: { tokenizer: null },
  choices: ["kinds", "lengths", "depths", "limit", "smoke", "trials"],
} satisfies Section;
