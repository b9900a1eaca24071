import { readFileSync } from "node:fs";
import { join } from "node:path";

/** In the order in which they stand in the one program that they are. */
const files = ["values", "program", "tests", "judge"];

/**
 * The judge's program, given to Python as an argument: no sandbox must see a file of ours for it, and no program can change it.
 * Nothing of a problem is in it.
 */
export const judgeSource = files
  .map((name) => readFileSync(join(import.meta.dirname, "python", `${name}.py`), "utf8"))
  .join("\n");

/** No folder of a user's own and no compiled files; with sets and hashes that are the same in every run. */
export const pythonCommand = (source: string): readonly string[] => ["python3", "-s", "-B", "-c", source];
export const pythonEnvironment = { PYTHONHASHSEED: "0" } as const;
