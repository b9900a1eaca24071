import { globSync, readFileSync } from "node:fs";

/** A ```bash block of a document and what the comment above it says about how it is tested. */
export interface CommandBlock {
  readonly file: string;
  readonly line: number;
  /** Text between `<!--` and `-->` above the block; null where there is none. */
  readonly marker: string | null;
  readonly text: string;
}

export const documents: readonly string[] = ["README.md", ...globSync("docs/*.md").sort()];

export function commandBlocks(file: string): readonly CommandBlock[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/(?:<!-- ([^\n]*) -->\n\n)?^```bash\n([\s\S]*?)^```$/gm)].map((match) => ({
    file,
    line: text.slice(0, match.index).split("\n").length,
    marker: match[1] ?? null,
    text: match[2] ?? "",
  }));
}

export const allBlocks: readonly CommandBlock[] = documents.flatMap(commandBlocks);
