import { isNumeral, readValue } from "./numeral.ts";

/**
 * The grammar of one line of the Prometheus text format 0.0.4, and of what OpenMetrics adds to it. Stricter than the
 * package that reads values and labels afterwards: that one takes a cut line or an HTML page for data.
 */
export type ExpositionLine =
  | { readonly kind: "blank" }
  | { readonly kind: "end" }
  | { readonly kind: "type"; readonly family: string; readonly type: string }
  | { readonly kind: "unit"; readonly family: string; readonly unit: string }
  | {
      readonly kind: "sample";
      readonly name: string;
      /** Names and values as they are written, escapes included, in the order of the line. */
      readonly labels: readonly (readonly [string, string])[];
      readonly valueText: string;
      readonly timestampText: string | null;
    }
  | { readonly kind: "invalid"; readonly reason: string };

const metadata = /^#[ \t]+(HELP|TYPE|UNIT|EOF)(?:[ \t]+(.*))?$/;
const typeArguments = /^([a-zA-Z_:][\w:]*)[ \t]+([a-zA-Z]+)[ \t]*$/;
const metricName = /[a-zA-Z_:][\w:]*/y;
const labelPair = /[ \t]*([a-zA-Z_]\w*)[ \t]*=[ \t]*"([^"\\]*(?:\\[\s\S][^"\\]*)*)"[ \t]*/y;
const afterLabels =
  /[ \t]*([^\s#]\S*)(?:[ \t]+([^\s#]\S*))?(?:[ \t]+#[ \t]*\{.*\}[ \t]+\S+(?:[ \t]+\S+)?)?[ \t]*$/y;

/** Reads one line (without its line feed). Never throws: a line outside the grammar is `invalid` with the reason. */
export function readLine(raw: string): ExpositionLine {
  const line = raw.endsWith("\r") ? raw.slice(0, -1).trimStart() : raw.trimStart();
  if (line.trim() === "") return { kind: "blank" };
  if (line.startsWith("#")) return readMetadata(line);
  return readSample(line);
}

function readMetadata(line: string): ExpositionLine {
  const match = metadata.exec(line.trimEnd());
  if (match === null || match[1] === "HELP") return { kind: "blank" };
  if (match[1] === "EOF") return { kind: "end" };
  const declared = typeArguments.exec(match[2] ?? "");
  if (match[1] === "UNIT") {
    return declared === null
      ? { kind: "blank" }
      : { kind: "unit", family: declared[1] ?? "", unit: (declared[2] ?? "").toLowerCase() };
  }
  if (declared === null) return invalid("a TYPE line needs a metric name and a type");
  return { kind: "type", family: declared[1] ?? "", type: (declared[2] ?? "").toLowerCase() };
}

function readSample(line: string): ExpositionLine {
  metricName.lastIndex = 0;
  const name = metricName.exec(line)?.[0];
  if (name === undefined) {
    return line.startsWith('{"')
      ? invalid("quoted UTF-8 names are not read; ask the server for text/plain; version=0.0.4")
      : invalid("a line must start with a metric name or #");
  }
  let at = skipBlanks(line, name.length);
  if (at === name.length && line[at] !== "{") return invalid("a value must follow the metric name");
  let labels: readonly (readonly [string, string])[] = [];
  if (line[at] === "{") {
    const read = readLabels(line, at + 1);
    if (typeof read === "string") return invalid(read);
    ({ labels, at } = read);
  }
  afterLabels.lastIndex = at;
  const rest = afterLabels.exec(line);
  if (rest === null) return invalid("one value and at most one timestamp must follow the name and labels");
  const valueText = rest[1] ?? "";
  const timestampText = rest[2] ?? null;
  if (readValue(valueText) === null) return invalid(`${JSON.stringify(valueText)} is not a number`);
  if (timestampText !== null && !isNumeral(timestampText)) {
    return invalid(`${JSON.stringify(timestampText)} is not a timestamp`);
  }
  return { kind: "sample", name, labels, valueText, timestampText };
}

/** Reads up to and including the closing brace; the reason as text when the label set is not well formed. */
function readLabels(
  line: string,
  from: number,
): { labels: readonly (readonly [string, string])[]; at: number } | string {
  const pairs: (readonly [string, string])[] = [];
  const names = new Set<string>();
  let at = skipBlanks(line, from);
  while (line[at] !== "}") {
    labelPair.lastIndex = at;
    const pair = labelPair.exec(line);
    if (pair === null)
      return at >= line.length ? "the label set is not closed" : 'a label must be name="value"';
    const name = pair[1] ?? "";
    if (names.has(name)) return `the label ${name} occurs twice`;
    names.add(name);
    pairs.push([name, pair[2] ?? ""]);
    at = labelPair.lastIndex;
    if (line[at] === ",") at = skipBlanks(line, at + 1);
    else if (line[at] !== "}") return "labels must be separated by commas and closed by }";
  }
  return { labels: pairs, at: at + 1 };
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (line[at] === " " || line[at] === "\t") at++;
  return at;
}

function invalid(reason: string): ExpositionLine {
  return { kind: "invalid", reason };
}
