import { z } from "zod";
import { ConfigError } from "../../../bench/errors.ts";
import type { LoadedProblem } from "../contract/problem.ts";
import { readRows } from "./read-rows.ts";

/** How the rows of a data set become problems. */
export interface ProblemForm<Shape> {
  /** As people write it, e.g. `HumanEval`. */
  readonly name: string;
  /** Other fields of a row are left alone. */
  readonly schema: z.ZodType<Shape>;
  readonly problem: (row: Shape, line: number) => LoadedProblem;
}

/**
 * Reads all problems of a file, in its order. A file with a flaw is refused whole: a score over what could be read of it would
 * not be that of the data set. @throws {ConfigError} with file, line and field
 */
export async function readProblems<Shape>(
  file: string,
  { name, schema, problem }: ProblemForm<Shape>,
): Promise<readonly LoadedProblem[]> {
  const problems: LoadedProblem[] = [];
  const lines = new Map<string, number>();
  for await (const { line, value } of readRows(file)) {
    const read = schema.safeParse(value);
    if (!read.success) {
      const flaws = read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
      const keys = Object.keys(value).join(", ");
      throw new ConfigError(
        `${file}, line ${line}, is no problem of ${name}: ${flaws}. It has the fields ${keys}.`,
      );
    }
    const loaded = problem(read.data, line);
    const id = JSON.stringify([loaded.group, loaded.problem.id]);
    const before = lines.get(id);
    if (before !== undefined)
      throw new ConfigError(
        `${file}, line ${line}: problem ${loaded.problem.id} is there already, in line ${before}. Each has to be there once, or it counts twice.`,
      );
    lines.set(id, line);
    problems.push(loaded);
  }
  if (problems.length === 0) throw new ConfigError(`${file} holds no problem of ${name}.`);
  return problems;
}

/** Text that is something else than white space. */
export const filled = z.string().refine((text) => text.trim() !== "", "is empty");
