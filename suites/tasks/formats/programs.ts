import { posix } from "node:path";
import { shellSegments } from "../shell/shell-segments.ts";

/** Programs that a task may need and a plain machine may lack; what every machine has is not asked for. */
const known = new Set(
  "bash bun cargo chromium curl docker g++ gcc git go java javac jq make node npm npx perl php pip pip3 psql pytest python python3 ruby rustc sqlite3 tar unzip wget xmllint yq zip".split(
    " ",
  ),
);

/**
 * The programs that lines of shell start, as far as they can be read without running them, and modules that Python is asked
 * for by `-m`. Text of here-documents is no command.
 */
export function programsOf(script: string): readonly string[] {
  return [...new Set(shellSegments(script).flatMap(({ words }) => programOf(words)))].toSorted();
}

function programOf([first = "", flag, module]: readonly string[]): readonly string[] {
  const program = posix.basename(first);
  if (!known.has(program)) return [];
  if (!program.startsWith("python") || flag !== "-m" || module === undefined) return [program];
  return installed.has(module) ? [program, `${program} -m ${module}`] : [program];
}

/** Modules that do not come with Python; one of a task's own is made by the agent, and may be missing. */
const installed = new Set([
  "black",
  "coverage",
  "flake8",
  "mypy",
  "numpy",
  "pandas",
  "pylint",
  "pytest",
  "ruff",
]);
