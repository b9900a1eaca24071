import { z } from "zod";
import { filled, type ProblemForm } from "./problem-file.ts";

const schema = z.object({
  task_id: filled,
  prompt: filled,
  entry_point: z.string().regex(/^[A-Za-z_]\w*$/, "is no name of a function"),
  canonical_solution: z.string(),
  wrong: z.array(filled).optional(),
  test: filled.refine((text) => /^def check\(/m.test(text), "defines no check(candidate)"),
});

/** HumanEval: a function's head with its documentation, which the model completes. */
export const humaneval: ProblemForm<z.infer<typeof schema>> = {
  name: "HumanEval",
  schema: schema.refine(
    ({ prompt, entry_point: name }) => new RegExp(String.raw`^\s*(?:async )?def ${name}\b`, "m").test(prompt),
    { path: ["entry_point"], message: "is not defined in the prompt" },
  ),
  problem: ({
    task_id: id,
    prompt,
    entry_point: entryPoint,
    canonical_solution: solution,
    test: source,
    wrong,
  }) => ({
    problem: { kind: "program", id, prompt, entryPoint, tests: { form: "check", source } },
    ask: `Complete this Python function. Answer with the whole function, its imports included, in one Python code block.\n\n\`\`\`python\n${prompt.trimEnd()}\n\`\`\`\n`,
    group: "humaneval",
    canonical: prompt + solution,
    ...(wrong && { wrong }),
  }),
};
