import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** A problem in HumanEval's form. */
export const humanevalRow = (id: number, changes: Readonly<Record<string, unknown>> = {}) => ({
  task_id: `Test/${id}`,
  prompt: `def add_${id}(x):\n    """Add ${id} to x.\n    >>> add_${id}(1)\n    ${id + 1}\n    """\n`,
  entry_point: `add_${id}`,
  canonical_solution: `    return x + ${id}\n`,
  test: `METADATA = {}\n\n\ndef check(candidate):\n    assert candidate(1) == ${id + 1}\n    assert candidate(-${id}) == 0\n`,
  ...changes,
});

/** A problem in MBPP's form. */
export const mbppRow = (id: number, changes: Readonly<Record<string, unknown>> = {}) => ({
  task_id: id,
  text: `Write a function to add ${id}.`,
  code: `def plus(x):\r\n  return x + ${id}`,
  test_list: [`assert plus(1) == ${id + 1}`, `assert plus(0) == ${id}`],
  test_setup_code: "",
  challenge_test_list: [],
  ...changes,
});

export const jsonLines = (rows: readonly unknown[], end = "\n") =>
  rows.map((row) => JSON.stringify(row) + end).join("");

export function fileWith(folder: string, content: string | Uint8Array, name = "data.jsonl"): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}
