/** A block of code in Markdown. */
export interface Fence {
  /** First word after the opening fence, in lower case; empty where there is none. */
  readonly label: string;
  readonly code: string;
  /** False: the text ended first. */
  readonly closed: boolean;
}

const opening = /^([ \t]*(?:[-*>]|\d+\.)?[ \t]*)(`{3,}|~{3,})[ \t]*([^`\n]*)$/;

/**
 * Blocks between fences of three or more backticks or tildes, as Markdown has them: one ends with a fence of the same kind that
 * is as long or longer and has no label. Blocks in a list or a quotation lose its indentation.
 */
export function fencesOf(text: string): readonly Fence[] {
  const fences: Fence[] = [];
  let open: { indent: number; mark: string; label: string; lines: string[] } | null = null;
  for (const line of text.replaceAll("\r\n", "\n").replaceAll("\r", "\n").split("\n")) {
    if (open === null) {
      const [, before = "", mark, info = ""] = opening.exec(line) ?? [];
      if (mark === undefined) continue;
      const label = /[\w+#.-]+/.exec(info)?.[0].toLowerCase() ?? "";
      const oneLine = /^[^`]*\S\s*`{3,}\s*$/.exec(info);
      if (oneLine === null) open = { indent: before.length, mark, label, lines: [] };
      continue;
    }
    const [, before = "", end] = /^([\s>]*)(`{3,}|~{3,})\s*$/.exec(line) ?? [];
    // One that lies deeper belongs to the code, e.g. to an example in the text of a function.
    const isDeeper = before.length > open.indent + 3;
    if (!isDeeper && end !== undefined && end[0] === open.mark[0] && end.length >= open.mark.length) {
      fences.push({ label: open.label, code: open.lines.join("\n"), closed: true });
      open = null;
    } else open.lines.push(withoutIndent(line, open.indent));
  }
  if (open !== null) fences.push({ label: open.label, code: open.lines.join("\n"), closed: false });
  return fences;
}

/** At most as much as the fence itself has: the rest belongs to the code. */
function withoutIndent(line: string, indent: number): string {
  let at = 0;
  while (at < indent && /[\s>]/.test(line[at] ?? "")) at++;
  return line.slice(at);
}
