import { z } from "zod";
import { filled, type ProblemForm } from "./problem-file.ts";

const asserts = z.array(filled).min(1);

/** Both forms that are passed around: the whole set, and the sanitized one with other names for two fields. */
const schema = z
  .object({
    task_id: z.union([z.number().int(), filled]),
    text: filled.optional(),
    prompt: filled.optional(),
    code: filled,
    test_list: asserts,
    test_setup_code: z.string().nullish(),
    test_imports: z.array(z.string()).nullish(),
  })
  .refine(({ text, prompt }) => text !== undefined || prompt !== undefined, {
    path: ["text"],
    message: "is missing, and so is prompt, its name in the sanitized form",
  });

/** MBPP: a task in words, and asserts that show how the function is called, which the model is shown, too. */
export const mbpp: ProblemForm<z.infer<typeof schema>> = {
  name: "MBPP",
  schema,
  problem: ({
    task_id: id,
    text,
    prompt,
    code,
    test_list: tests,
    test_setup_code: setup,
    test_imports: imports,
  }) => ({
    problem: {
      kind: "program",
      id: String(id),
      prompt: "",
      entryPoint: calledIn(tests, code),
      tests: { form: "asserts", setup: [...(imports ?? []), setup ?? ""].join("\n").trim(), asserts: tests },
    },
    ask: `${(text ?? prompt ?? "").trim()}\n\nWrite it in Python. Your code has to pass these tests:\n\n\`\`\`python\n${tests.join("\n")}\n\`\`\`\n\nAnswer with the code, its imports included, in one Python code block.\n`,
    group: "mbpp",
    canonical: code,
  }),
};

/** The function of the data set's own solution that the tests call; null where they call none of it by name. */
function calledIn(tests: readonly string[], code: string): string | null {
  const defined = [...code.replaceAll("\r\n", "\n").matchAll(/^(?:def|class) ([A-Za-z_]\w*)/gm)].map(
    ([, name = ""]) => name,
  );
  const called = defined.filter((name) =>
    tests.every((test) => new RegExp(String.raw`\b${name}\b`).test(test)),
  );
  return called.at(-1) ?? null;
}
