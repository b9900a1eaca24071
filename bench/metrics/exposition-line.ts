/**
 * The grammar of one line of the Prometheus text format 0.0.4, and of what OpenMetrics adds to it. Stricter than the
 * package that reads values and labels afterwards: that one takes a cut line or an HTML page for data.
 */
export type ExpositionLine =
  | { readonly kind: "blank" }
  | { readonly kind: "end" }
  | { readonly kind: "type"; readonly family: string; readonly type: string }
  | {
      readonly kind: "sample";
      readonly name: string;
      /** The line with canonical spacing and without exemplar and timestamp: what the package reads right. */
      readonly canonical: string;
      readonly timestampText: string | null;
    }
  | { readonly kind: "invalid"; readonly reason: string };

/** Stands for a label called `__proto__`, which the package loses; a colon cannot occur in a label name. */
export const protoLabelStandIn = "proto:";

const metadata = /^#[ \t]+(HELP|TYPE|EOF)(?:[ \t]+(.*))?$/;
const typeArguments = /^([a-zA-Z_:][\w:]*)[ \t]+([a-zA-Z]+)[ \t]*$/;
const metricName = /[a-zA-Z_:][\w:]*/y;
const labelPair = /[ \t]*([a-zA-Z_]\w*)[ \t]*=[ \t]*"([^"\\]*(?:\\[\s\S][^"\\]*)*)"[ \t]*/y;
const afterLabels =
  /[ \t]*([^\s#]\S*)(?:[ \t]+([^\s#]\S*))?(?:[ \t]+#[ \t]*\{.*\}[ \t]+\S+(?:[ \t]+\S+)?)?[ \t]*$/y;
const numeral = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const notFinite = /^([+-]?)(nan|inf|infinity)$/i;

/** Reads one line (without its line feed). Never throws: a line outside the grammar is `invalid` with the reason. */
export function readLine(raw: string): ExpositionLine {
  const line = raw.endsWith("\r") ? raw.slice(0, -1).trimStart() : raw.trimStart();
  if (line.trim() === "") return { kind: "blank" };
  if (line.startsWith("#")) return readMetadata(line);
  return readSample(line);
}

/** The number a value text stands for: decimal notation, or NaN and infinities in any case (prom-client writes `Nan`); null otherwise. */
export function readValue(text: string): number | null {
  if (numeral.test(text)) return Number(text);
  const special = notFinite.exec(text);
  if (special === null) return null;
  if (special[2]?.toLowerCase() === "nan") return Number.NaN;
  return special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function readMetadata(line: string): ExpositionLine {
  const match = metadata.exec(line.trimEnd());
  if (match === null || match[1] === "HELP") return { kind: "blank" };
  if (match[1] === "EOF") return { kind: "end" };
  const declared = typeArguments.exec(match[2] ?? "");
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
  let labels = "";
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
  if (timestampText !== null && !numeral.test(timestampText)) {
    return invalid(`${JSON.stringify(timestampText)} is not a timestamp`);
  }
  const canonical = `${name}${labels === "" ? "" : `{${labels}}`} ${valueText}`;
  return { kind: "sample", name, canonical, timestampText };
}

/** Reads up to and including the closing brace; the reason as text when the label set is not well formed. */
function readLabels(line: string, from: number): { labels: string; at: number } | string {
  const pairs: string[] = [];
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
    pairs.push(`${name === "__proto__" ? protoLabelStandIn : name}="${pair[2] ?? ""}"`);
    at = labelPair.lastIndex;
    if (line[at] === ",") at = skipBlanks(line, at + 1);
    else if (line[at] !== "}") return "labels must be separated by commas and closed by }";
  }
  return { labels: pairs.join(","), at: at + 1 };
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (line[at] === " " || line[at] === "\t") at++;
  return at;
}

function invalid(reason: string): ExpositionLine {
  return { kind: "invalid", reason };
}
