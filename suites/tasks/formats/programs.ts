/** What a line of a shell may begin with before the program that it starts. */
const prefixes = new Set([
  "if",
  "then",
  "else",
  "elif",
  "while",
  "until",
  "do",
  "!",
  "{",
  "(",
  "time",
  "exec",
  "command",
  "sudo",
]);
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
  const commands = withoutHereDocuments(script)
    .flatMap((line) => line.split(/&&|\|\||[;|]|\$\(|`/))
    .map((command) => command.trim().split(/\s+/));
  return [...new Set(commands.flatMap(programOf))].toSorted();
}

function programOf(words: readonly string[]): readonly string[] {
  const [first, ...rest] = words.slice(words.findIndex((word) => !isPrefix(word)));
  const program = first?.split("/").at(-1) ?? "";
  if (!known.has(program)) return [];
  const [flag, module] = rest;
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

function isPrefix(word: string): boolean {
  return prefixes.has(word) || /^\w+=/.test(word) || /^[({]+$/.test(word);
}

function withoutHereDocuments(script: string): readonly string[] {
  const lines: string[] = [];
  let end: string | null = null;
  for (const line of script.split("\n")) {
    if (end !== null) {
      if (line.trim() === end) end = null;
      continue;
    }
    if (!line.trimStart().startsWith("#")) lines.push(line);
    end = /<<-?\s*['"\\]?(\w+)['"]?/.exec(line)?.[1] ?? null;
  }
  return lines;
}
