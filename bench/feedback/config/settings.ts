import { z } from "zod";
import { baseUrl } from "../../config/base-url.ts";
import { sandboxSchema } from "../../config/sandbox-schema.ts";
import type { MetricName } from "../metrics/metric.ts";
import { thresholdForm } from "../summary/threshold.ts";

/**
 * The file of a run of the preference loop, with the names and defaults of CLaaS' own evaluation, so that its users bring
 * their files, and keys of ours. Strict: an unknown key is an error, with a suggestion.
 */
const count = (least: number) => z.number().int().min(least).max(100_000);

/** Keys would be written into the run directory with the address. */
const address = () =>
  baseUrl().refine((url) => {
    const parsed = URL.canParse(url) ? new URL(url) : null;
    return parsed === null || (parsed.username === "" && parsed.password === "");
  }, "holds a user name or a password, which would stand in the run's files. Put it into an environment variable and name that in `headers`");

const law = z.union([z.string().min(1), z.record(z.string(), z.unknown())]);
const simulatedTrainer = z.union(
  [
    z.literal("simulated"),
    z.strictObject({
      kind: z.literal("simulated"),
      law: law.optional().describe("How it learns: a file, relative to this one, or its content"),
    }),
  ],
  {
    error:
      "write simulated, or {kind: simulated, law: FILE}. Leave it out for a trainer that runs already, and give its claas_url",
  },
);

/** One comparison with a number, as it is shown beside the value. */
const threshold = (fallback: string) => {
  const error = "write a comparison with a number, in quotation marks, e.g. '>= 0.8'";
  return z.string({ error }).regex(thresholdForm, error).default(fallback);
};

/** For a key that holds others and was given something else. */
const mappingOf = (example: string) => ({ error: `write a mapping, e.g. ${example}` });

/** The value of the variable is sent, never written. A key that was written here by mistake is not one in capitals. */
const headerVariables = z.record(
  z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, "is no name of a header"),
  z
    .string()
    .regex(
      /^(Bearer )?[A-Z_][A-Z0-9_]*$/,
      "write the name of an environment variable that holds the header's value (capitals), or `Bearer NAME`; values themselves are never read from this file",
    ),
);

const training = z
  .strictObject(
    {
      learning_rate: z.number().positive().default(3e-5),
      alpha: z.number().default(0.5),
      is_clip: z.number().default(5),
      max_grad_norm: z.number().default(1),
      kl_reg_weight: z.number().default(0),
      teacher_top_k: z.number().int().default(100),
      steps_per_batch: count(1).optional(),
      feedback_repetitions: count(1).optional(),
    },
    mappingOf("{learning_rate: 3e-5}, or leave it out"),
  )
  .prefault({});

export const settingsSchema = z.strictObject({
  name: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9-]{0,40}$/,
      "write lower-case letters, digits and hyphens, at most 41: folders are named after it",
    )
    .describe("The run directory starts with it; default: the file's name"),
  note: z.string().default("").describe("Free text, shown by `tollgate runs`"),
  mode: z
    .enum(["tinker", "local", "modal"])
    .optional()
    .describe("Where the trainer runs; with `tinker` answers are drawn at temperature 0.7, else at 0"),
  claas_url: address().optional().describe("The trainer; default: http://localhost:8080"),
  trainer: simulatedTrainer
    .optional()
    .describe("`simulated` in place of `claas_url`: the trainer that Tollgate simulates"),
  base_model: z.string().min(1).optional().describe("By the name that the trainer has for it"),
  preferences: z.array(z.string()).min(1).default(["no_emoji", "concise", "identity"]),
  preference_files: z
    .array(z.string().min(1))
    .default([])
    .describe("Preferences of your own, relative to this file; each can be named in `preferences`"),
  metrics: z
    .array(z.string())
    .default(["all"])
    .describe("logprob, compliance, general, collapse; `all` and `quick` (logprob) stand for several"),
  num_steps: count(1).default(20),
  batch_size: count(1).default(4),
  steps_per_batch: count(1).optional().describe("Updates by each batch; default: 4"),
  feedback_repetitions: count(1)
    .optional()
    .describe("How often the feedback is repeated in one text; default: 1"),
  collapse_steps: z.array(z.number().int().min(0)).nullable().optional(),
  plots: z.boolean().default(true),
  seed: z.number().int().min(0).max(2_147_483_647).default(42),
  lora_id_prefix: z
    .string()
    .regex(/^[\w.-]+(\/[\w.-]+)*$/, "write words with slashes between, e.g. eval")
    .default("eval"),
  output_dir: z.string().min(1).optional().describe("Folder of run directories; default: runs"),
  openclaw_url: z
    .union([z.literal("embedded"), address(), z.null()])
    .default("http://localhost:18789")
    .describe(
      "Who answers: `embedded` (an OpenClaw of ours), one that runs, or null (the trainer's own proxy)",
    ),
  training,
  serving: z
    .strictObject(
      {
        concurrency: z.number().int().min(1).max(1000).default(1),
        seconds: z.number().positive().max(3600).default(2),
      },
      mappingOf("{concurrency: 1, seconds: 2}, or null: none"),
    )
    .nullable()
    .prefault({})
    .describe("Load that goes on while updates are made, and for so long before and after; null: none"),
  thresholds: z
    .strictObject(
      {
        learned: threshold("> 0"),
        compliance: threshold(">= 0.8"),
        capability: threshold(">= 0.9"),
        collapse: threshold("<= 0"),
      },
      mappingOf("{compliance: '>= 0.8'}, or leave it out"),
    )
    .prefault({}),
  sandbox: sandboxSchema,
  headers: headerVariables.default({}).describe("Sent with every request to the trainer: header: VARIABLE"),
});

export type WrittenSettings = z.infer<typeof settingsSchema>;

/** What a run goes by: every default filled in, names of the file. */
export interface FeedbackSettings extends Omit<
  WrittenSettings,
  "mode" | "claas_url" | "trainer" | "base_model" | "metrics" | "training" | "collapse_steps"
> {
  readonly mode: NonNullable<WrittenSettings["mode"]>;
  /** null: the simulated trainer. */
  readonly claas_url: string | null;
  /** null: there is none. A text is the absolute path of its law. */
  readonly trainer: {
    readonly kind: "simulated";
    readonly law: string | Readonly<Record<string, unknown>> | null;
  } | null;
  readonly base_model: string;
  readonly metrics: readonly MetricName[];
  readonly steps_per_batch: number;
  readonly feedback_repetitions: number;
  readonly collapse_steps: readonly number[];
  readonly training: Readonly<Record<TrainingKey, number>>;
}

type TrainingKey = Exclude<keyof WrittenSettings["training"], "steps_per_batch" | "feedback_repetitions">;
