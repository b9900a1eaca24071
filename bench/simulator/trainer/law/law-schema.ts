import { z } from "zod";

/** What following a preference is, as the simulated model does it and as it recognises it in a text. */
const followsSchema = z.union([
  z.strictObject({ no_emoji: z.literal(true) }),
  z.strictObject({ sentences_max: z.number().int().positive() }),
  z.strictObject({ contains: z.string().trim().min(1) }),
  /** Any other rule: with texts that follow it and texts that do not. */
  z.strictObject({
    matches: z.string().min(1),
    good: z.array(z.string().min(1)).min(1),
    bad: z.array(z.string().min(1)).min(1),
  }),
]);
export type Follows = z.infer<typeof followsSchema>;

const probability = z.number().gt(0).lt(1);

const learntSchema = z.strictObject({
  /** Regular expression, case ignored: a feedback text in which it is found teaches this preference. */
  feedback: z.string().min(1).refine(isPattern, "is no regular expression"),
  follows: followsSchema.refine(
    (follows) => !("matches" in follows) || isPattern(follows.matches),
    "`matches` is no regular expression",
  ),
  /** Probability that an answer follows it before any update. */
  start: probability.default(0.1),
  /** The probability that no number of updates goes beyond. */
  end: probability.default(0.98),
  /** Log odds per update with a learning rate of 3e-5. */
  rate: z.number().default(0.25),
});
export type LearntPreference = z.infer<typeof learntSchema>;

/** What the model knows to learn unless the law says otherwise. */
const known: Readonly<Record<string, z.input<typeof learntSchema>>> = {
  no_emoji: { feedback: "emoji", follows: { no_emoji: true } },
  concise: { feedback: "concise|brief|short|sentences", follows: { sentences_max: 3 } },
  identity: { feedback: "kuro", follows: { contains: "Kuro" }, start: 0.02 },
};

/** Milliseconds. */
const span = z.number().min(0);
/** Strikes at every such one, counted from the start of the process. */
const everyNth = z.number().int().positive().optional();

export const collapseKinds = ["entropy", "repetition", "drift"] as const;
const writtenLawSchema = z.strictObject({
  /** Of all draws. */
  seed: z.number().int().default(42),
  /** As which of its engines the service behaves. */
  mode: z.enum(["local", "tinker", "modal"]).default("local"),
  /** Those for which adapters can be made; the first is also served as it is. */
  base_models: z.array(z.string().min(1)).min(1).default(["Qwen/Qwen3-8B", "Qwen/Qwen3-30B-A3B"]),
  /** Added to the known ones; keys of a known one replace its own. */
  preferences: z
    .record(z.string().regex(/^[a-z0-9_-]+$/), learntSchema.partial())
    .default({})
    .transform((given, context) => mergePreferences(given, context)),
  /** How well exact tasks (code, counting, forbidden words) are solved. */
  capability: z
    .strictObject({
      start: z.number().min(0).max(1).default(1),
      /** Taken off for each update. */
      forgotten_per_update: z.number().min(0).max(1).default(0),
    })
    .prefault({}),
  /** From an update on the model degenerates, in the named ways. */
  collapse: z
    .strictObject({
      from_update: z.number().int().min(1),
      kinds: z
        .array(z.enum(collapseKinds))
        .min(1)
        .default([...collapseKinds]),
    })
    .nullable()
    .default(null),
  serving: z
    .strictObject({
      /** From the start of its turn to an answer's first token. */
      ttft_ms: span.default(15),
      /** Between two tokens. */
      token_ms: span.default(0.5),
      /** Answers at once; the rest queue. */
      max_running: z.number().int().positive().default(8),
    })
    .prefault({}),
  training: z
    .strictObject({
      update_ms: span.default(120),
      /** All times of answers are multiplied by it while an update runs. */
      slowdown: z.number().min(1).default(3),
    })
    .prefault({}),
  /**
   * `hidden`: the service has them, but answers of chat do not, which is so in mode `tinker` and the default there. `none`: it has
   * none, so that it can neither score nor train.
   */
  logprobs: z.enum(["full", "hidden", "none"]).optional(),
  /** Whether there is /v1/score. */
  score: z.boolean().default(true),
  /** What the model writes before its answer; `orphan`: only the end of a block. */
  thinking: z.enum(["none", "block", "orphan"]).default("none"),
  /** Whether thinking is taken out of what clients see, as the service does. */
  strips_thinking: z.boolean().default(true),
  /** Whether an answer that `max_tokens` cut ends with `length`; the service says `stop` of all. */
  honest_finish_reason: z.boolean().default(false),
  /** Prompt plus `max_tokens`, in tokens. */
  context_length: z.number().int().positive().default(131_072),
  /** Answers that are remembered for feedback, first in, first out. */
  completion_cache_size: z.number().int().positive().default(100),
  faults: z
    .strictObject({
      /** Every n-th feedback call fails with 500, before anything was learned. */
      feedback_500: everyNth,
      /** Every n-th feedback call never answers, and nothing is learned. */
      feedback_hang: everyNth,
      /** Of every n-th feedback call the connection breaks after the update was made. */
      feedback_lost: everyNth,
      /** Every n-th generation fails with 500. */
      generation_500: everyNth,
      /** Every n-th generation never answers. */
      generation_hang: everyNth,
      /** Every n-th answer to a POST is cut JSON. */
      wrong_json: everyNth,
      /** Every n-th answer of chat is empty. */
      empty_answer: everyNth,
      /** The process is killed in the middle of its n-th update, which is then not made. */
      die_in_update: everyNth,
      /** The process is killed when its n-th update is made and stored, before it says so. */
      die_after_update: everyNth,
    })
    .prefault({}),
});
export const lawSchema = writtenLawSchema.transform(({ logprobs, ...law }) => ({
  ...law,
  logprobs: logprobs ?? (law.mode === "tinker" ? ("hidden" as const) : ("full" as const)),
}));
export type Law = z.infer<typeof lawSchema>;

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, "iu") instanceof RegExp;
  } catch {
    // A text that is none is what this asks for.
    return false;
  }
}

function mergePreferences(
  given: Readonly<Record<string, Partial<LearntPreference>>>,
  context: z.RefinementCtx,
): Readonly<Record<string, LearntPreference>> {
  const names = [...new Set([...Object.keys(known), ...Object.keys(given)])];
  const merged = names.flatMap((name) => {
    const parsed = learntSchema.safeParse({ ...known[name], ...given[name] });
    if (parsed.success) return [[name, parsed.data] as const];
    for (const { path, message } of parsed.error.issues)
      context.addIssue({ code: "custom", path: [name, ...path], message });
    return [];
  });
  return Object.fromEntries(merged);
}
