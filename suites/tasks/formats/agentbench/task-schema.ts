import { z } from "zod";
import { idWord, programWord, range, text, timeoutSeconds, versionWord, workspacePath } from "../words.ts";
import { validatorSchema } from "./validator-schema.ts";

/** What nothing is written behind (`input_files:`) is null for YAML, and means the same as no such key. */
const listOf = <Item extends z.ZodType>(item: Item) => z.array(item).nullish();

const turn = z.object({
  role: z.literal("user", "must be user: only what the user says can be given").optional(),
  message: text,
  expect: z.string().nullish(),
  validators: listOf(validatorSchema),
});

const weight = z.number().min(0).optional();

/** `task.yaml` of AgentBench. The last four keys are ours; nobody else needs to know them. */
export const taskSchema = z
  .object({
    id: idWord,
    name: text.optional(),
    version: versionWord.optional(),
    suite: idWord.optional(),
    difficulty: z.enum(["easy", "medium", "hard", "expert"]).optional(),
    mode: z.string().optional(),
    type: z.enum(["single-turn", "multi-turn"]).optional(),
    description: z.string().nullish(),
    user_message: text.optional(),
    turns: listOf(turn),
    input_files: listOf(z.union([workspacePath, z.object({ name: workspacePath })])),
    expected_outputs: listOf(
      z.object({
        pattern: workspacePath,
        required: z.boolean().default(true),
        validators: listOf(validatorSchema),
      }),
    ),
    expected_behavior: listOf(
      z.object({ description: z.string().default(""), validators: listOf(validatorSchema) }),
    ),
    expected_metrics: z.object({ tool_calls: range.nullish(), planning_ratio: range.nullish() }).nullish(),
    scoring: z
      .object({
        layer0_weight: weight,
        layer1_weight: weight,
        layer2_weight: weight,
        layer3_weight: weight,
      })
      .nullish(),
    timeout_seconds: timeoutSeconds.optional(),
    network: z.boolean().optional(),
    browser: z.boolean().optional(),
    programs: listOf(programWord),
  })
  .superRefine((task, context) => {
    const says = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    const turns = task.turns?.length ?? 0;
    if (task.user_message === undefined && turns === 0)
      says("turns", "the user says nothing: write user_message, or turns with a message each");
    if (task.user_message !== undefined && turns > 0)
      says("user_message", "there are turns, too; say everything in one of the two");
    if (task.type === "multi-turn" && turns === 0) says("type", "a multi-turn task needs turns");
    const weights = Object.values(task.scoring ?? {}).filter((value) => value !== undefined);
    if (weights.length > 0 && weights.every((value) => value === 0))
      says("scoring", "all weights are 0, so nothing would be scored");
  });
export type AgentBenchFile = z.output<typeof taskSchema>;

/** `skill.json` of AgentBench. */
export const skillSchema = z.object({
  name: text.optional(),
  suite_version: versionWord.optional(),
});
