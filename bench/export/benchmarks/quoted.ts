import { readFile } from "node:fs/promises";
import { z } from "zod";
import { ConfigError, messageOf } from "../../errors.ts";

/** A figure that somebody else published. It is printed as quoted, apart from everything that was measured. */
const quotedSchema = z.strictObject({
  benchmark: z.string().min(1),
  model: z.string().min(1),
  metric: z.string().min(1),
  value: z.union([z.number(), z.string().min(1)]),
  /** Where it stands: a page, a paper with its table. A figure without a source is a rumour. */
  source: z.string().min(1),
  note: z.string().optional(),
});
export type QuotedFigure = z.infer<typeof quotedSchema>;

const form = `a JSON list of {"benchmark", "model", "metric", "value", "source"}, each with a source, e.g. [{"benchmark": "HumanEval", "model": "Some-7B", "metric": "pass@1", "value": "61.6 %", "source": "its model card, table 2"}]`;

/** @throws {ConfigError} for a file that is not there, or not of this form */
export async function readQuoted(file: string): Promise<readonly QuotedFigure[]> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ConfigError(`--quoted cannot read ${file}: ${messageOf(cause)}. Give ${form}.`, { cause });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`--quoted ${file} is no JSON: ${messageOf(cause)}. Give ${form}.`, { cause });
  }
  const parsed = z.array(quotedSchema).safeParse(value);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  throw new ConfigError(
    `--quoted ${file}: ${first?.path.join(".") ?? ""}: ${first?.message ?? "of another form"}. Give ${form}.`,
  );
}
