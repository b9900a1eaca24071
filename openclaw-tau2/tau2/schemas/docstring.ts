import { PythonSourceError } from "./python-source.ts";

/** What a Google-style docstring says: the text before its sections, and its parameters. */
export interface Docstring {
  readonly short: string;
  readonly long: string;
  readonly parameters: ReadonlyMap<string, string>;
}

type Section = "parameters" | "entries" | "text" | "text-or-entries";

const SECTIONS: Readonly<Record<string, Section>> = {
  Arguments: "parameters",
  Args: "parameters",
  Parameters: "parameters",
  Params: "parameters",
  Raises: "entries",
  Exceptions: "entries",
  Except: "entries",
  Attributes: "parameters",
  Example: "text",
  Examples: "text",
  Returns: "text-or-entries",
  Yields: "text-or-entries",
};
const TITLE = new RegExp(`^(${Object.keys(SECTIONS).join("|")}):[ \\t\\r\\f\\v]*$`, "gmu");
const TYPED_PARAMETER = /^\s*(.+?)\s*\(\s*(.*[^\s]+)\s*\)/u;
const TAB_COLUMNS = 8;
// Marks of the other styles that docstring_parser tries; with them the outcome would depend on counting.
const OTHER_STYLES = /^(?:[:@]|-{3,}\s*$)/mu;

/** Parses a docstring as docstring_parser does for tau2's tools. Throws `PythonSourceError` for other styles. */
export function parseDocstring(
  raw: string,
  place: { readonly path: string; readonly line: number },
): Docstring {
  const text = cleanDocstring(raw);
  if (OTHER_STYLES.test(text)) throw new PythonSourceError(place, "the docstring is not in Google style");
  const titles = [...text.matchAll(TITLE)];
  const chunks = new Map<string, string>();
  for (const [index, title] of titles.entries()) {
    const end = titles[index + 1]?.index ?? text.length;
    chunks.set(title[1] ?? "", sectionBody(text.slice(title.index + title[0].length, end)));
  }
  const parameters = parseChunks(chunks);
  // A malformed section makes the parser fall back to a style that knows no sections at all.
  const first = titles[0];
  const description = parameters === null || first === undefined ? text : text.slice(0, first.index);
  return { ...splitDescription(description), parameters: parameters ?? new Map() };
}

/** `inspect.cleandoc`. */
export function cleanDocstring(raw: string): string {
  const [first = "", ...rest] = expandTabs(raw).split("\n");
  const margin = Math.min(
    ...rest.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length),
  );
  const lines = [first.trimStart(), ...rest.map((line) => line.slice(Number.isFinite(margin) ? margin : 0))];
  while (lines.at(-1) === "") lines.pop();
  while (lines[0] === "") lines.shift();
  return lines.join("\n");
}

function splitDescription(description: string): { readonly short: string; readonly long: string } {
  const end = description.indexOf("\n");
  if (end === -1) return { short: description, long: "" };
  return { short: description.slice(0, end), long: description.slice(end + 1).trim() };
}

/** The body of a section ends at the first line that is not indented. */
function sectionBody(text: string): string {
  const unknown = /\n\S/u.exec(text);
  return trimNewlines(unknown === null ? text : text.slice(0, unknown.index));
}

/** Null when a section has no valid entries, which is an error for docstring_parser. */
function parseChunks(chunks: ReadonlyMap<string, string>): ReadonlyMap<string, string> | null {
  const parameters = new Map<string, string>();
  for (const [title, chunk] of chunks) {
    const section = SECTIONS[title] ?? "text";
    if (section === "text" || (section === "text-or-entries" && isOneText(chunk))) continue;
    const entries = section === "text-or-entries" ? [cleanDocstring(chunk)] : splitEntries(chunk);
    if (entries.length === 0 || entries.some((entry) => !entry.includes(":"))) return null;
    if (section !== "parameters") continue;
    for (const entry of entries) parameters.set(...parseParameter(entry));
  }
  return parameters;
}

function isOneText(chunk: string): boolean {
  return !/^(?:(?:\s*[^:\s]+:)|(?:[^:]*\]:.*))/u.test(cleanDocstring(chunk));
}

function splitEntries(chunk: string): readonly string[] {
  const indent = /^\s*/u.exec(chunk)?.[0] ?? "";
  const starts = [...chunk.matchAll(new RegExp(`^${indent}(?=\\S)`, "gmu"))];
  return starts.map((start, index) =>
    trimNewlines(chunk.slice(start.index + start[0].length, starts[index + 1]?.index ?? chunk.length)),
  );
}

function parseParameter(entry: string): [string, string] {
  const colon = entry.indexOf(":");
  const before = mapRest(entry.slice(0, colon), (first, rest) => first + cleanDocstring(rest));
  const description = entry.slice(colon + 1).replace(/^ /u, "");
  const cleaned = mapRest(description, (first, rest) => `${first}\n${cleanDocstring(rest)}`);
  return [TYPED_PARAMETER.exec(before)?.[1] ?? before, trimNewlines(cleaned)];
}

function mapRest(text: string, combine: (first: string, rest: string) => string): string {
  const end = text.indexOf("\n");
  return end === -1 ? text : combine(text.slice(0, end), text.slice(end + 1));
}

function trimNewlines(text: string): string {
  return text.replace(/^\n+/u, "").replace(/\n+$/u, "");
}

function expandTabs(text: string): string {
  return text
    .split("\n")
    .map((line) => {
      let expanded = "";
      let column = 0;
      for (const character of line) {
        const width = character === "\t" ? TAB_COLUMNS - (column % TAB_COLUMNS) : 1;
        expanded += character === "\t" ? " ".repeat(width) : character;
        column += width;
      }
      return expanded;
    })
    .join("\n");
}
