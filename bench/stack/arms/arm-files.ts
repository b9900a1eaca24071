import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { filled, type ArmPlaces } from "../../config/placeholders.ts";
import { shellLine } from "../../host/shell-words.ts";

type Files = Readonly<Record<string, string>>;

/** Writes an arm's files with their placeholders filled in. They may hold keys: nobody else on the machine may read them. */
export async function writeArmFiles(files: Files, places: ArmPlaces): Promise<void> {
  await mkdir(places.files, { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(files)) {
    const path = join(places.files, name);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, filled(content, places), { mode: 0o600 });
  }
}

/** Lines for a shell that write the same files. What stands for an address or a key in them has to be replaced by hand. */
export function armFileLines(files: Files, places: ArmPlaces): readonly string[] {
  return Object.entries(files).flatMap(([name, content]) => {
    const path = join(places.files, name);
    const text = filled(content, places);
    const end = endWord(text);
    return [
      shellLine(["mkdir", "-p", dirname(path)], "variables"),
      `cat > ${shellLine([path], "variables")} <<'${end}'\n${text.replace(/\n$/, "")}\n${end}`,
    ];
  });
}

/** A line that is not in the text. */
function endWord(text: string): string {
  const lines = new Set(text.split("\n"));
  let word = "END";
  while (lines.has(word)) word += "_";
  return word;
}
