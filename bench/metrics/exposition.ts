import parsePrometheusTextFormat from "parse-prometheus-text-format";
import { TollgateError } from "../errors.ts";
import { canonicalName } from "./canonical-name.ts";
import { protoLabelStandIn, readLine, readValue } from "./exposition-line.ts";
import { createFamilyTracker, type MetricKind, type SampleRole } from "./family.ts";

export type Labels = ReadonlyMap<string, string>;

/** One sample line of a page. */
export interface Sample {
  /** Canonical name (`sglang:x`, never `sglang_x`). */
  readonly name: string;
  /** Name of the metric it belongs to: without `_bucket`, `_sum`, `_count` for histograms and summaries. */
  readonly family: string;
  readonly kind: MetricKind;
  readonly role: SampleRole;
  readonly labels: Labels;
  /** May be NaN or infinite. */
  readonly value: number;
  /** Milliseconds since the epoch, where the page states it. */
  readonly timestampMs: number | null;
  /** 1-based line on the page. */
  readonly line: number;
}

/** A metrics page, read completely or not at all. */
export interface Exposition {
  readonly samples: readonly Sample[];
  /** Keys ({@link seriesKey}) of series that occur more than once; nothing may be concluded from them. */
  readonly duplicates: ReadonlySet<string>;
  /** Sentences about what is odd but readable. */
  readonly warnings: readonly string[];
}

/** A page that is not in Prometheus text format, or was cut. */
export class ExpositionError extends TollgateError {
  readonly code = "TOLLGATE_EXPOSITION";
  /** 1-based. */
  readonly line: number;
  readonly reason: string;

  constructor(line: number, reason: string, text: string) {
    const shown = text.length > 120 ? `${text.slice(0, 120)}…` : text;
    super(`metrics page, line ${line}: ${reason}: ${JSON.stringify(shown)}`);
    this.line = line;
    this.reason = reason;
  }
}

/** Identity of a series: its name and its labels in order of label name. */
export function seriesKey(name: string, labels: Labels): string {
  const sorted = [...labels].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `${name}${JSON.stringify(sorted)}`;
}

/**
 * Reads a page in Prometheus text format 0.0.4 or OpenMetrics. Throws {@link ExpositionError} with the line number on
 * anything that is not one: a cut label set, a missing value, an HTML error page.
 *
 * `parse-prometheus-text-format` reads labels and values, but only lines it reads right: every line is checked first;
 * HELP and TYPE lines never reach it (it drops labels, sums and counts of histograms, and throws on an empty HELP);
 * exemplars and timestamps are cut; lines of one name are kept apart, because it merges equal label sets; and the page
 * always ends in a line feed, without which it loses the last sample. One sample out per line in is checked afterwards.
 */
export function parseExposition(text: string): Exposition {
  const page = scan(text);
  const parsed = parsePrometheusTextFormat(page.packageText).flatMap(({ name, metrics }) =>
    metrics.map((metric) => ({ name, metric })),
  );
  const samples = page.lines.map((scanned, index): Sample => {
    const found = parsed[index];
    const value = found?.metric.value === undefined ? null : readValue(found.metric.value);
    if (found === undefined || found.name !== scanned.name || value === null) {
      throw new ExpositionError(scanned.line, "the parser lost this sample", scanned.name);
    }
    return {
      name: canonicalName(scanned.name),
      family: canonicalName(scanned.family),
      kind: scanned.kind,
      role: scanned.role,
      labels: labelsOf(found.metric.labels),
      value,
      timestampMs: timestampMs(scanned.timestampText, page.openMetrics),
      line: scanned.line,
    };
  });
  if (parsed.length !== samples.length) {
    throw new ExpositionError(page.lineCount, "the parser invented samples", String(parsed.length));
  }
  const duplicates = duplicatesOf(samples);
  const warnings = [...duplicates].map((key) => `series occurs more than once: ${key}`);
  if (text !== "" && !text.endsWith("\n")) {
    warnings.push("the page does not end in a line feed: its last line may have been cut");
  }
  return { samples, duplicates, warnings };
}

interface ScannedSample {
  readonly name: string;
  readonly family: string;
  readonly kind: MetricKind;
  readonly role: SampleRole;
  readonly timestampText: string | null;
  readonly line: number;
}

interface ScannedPage {
  readonly lines: readonly ScannedSample[];
  /** What the package is given. */
  readonly packageText: string;
  readonly openMetrics: boolean;
  readonly lineCount: number;
}

/** Between two samples of one name: ends the package's current family, so that it cannot merge them. */
const separator = "# TYPE - untyped\n";

function scan(text: string): ScannedPage {
  const families = createFamilyTracker();
  const lines: ScannedSample[] = [];
  let packageText = "";
  let previousName: string | null = null;
  let ended = false;
  const rawLines = text.split("\n");
  for (const [index, raw] of rawLines.entries()) {
    const read = readLine(raw);
    const line = index + 1;
    if (read.kind === "invalid") throw new ExpositionError(line, read.reason, raw);
    if (read.kind === "blank") continue;
    if (ended) throw new ExpositionError(line, "nothing may follow # EOF", raw);
    if (read.kind === "end") ended = true;
    if (read.kind === "type") families.declare(read.family, read.type);
    if (read.kind !== "sample") continue;
    if (read.name === previousName) packageText += separator;
    packageText += `${read.canonical}\n`;
    previousName = read.name;
    lines.push({ name: read.name, ...families.resolve(read.name), timestampText: read.timestampText, line });
  }
  return { lines, packageText, openMetrics: ended, lineCount: rawLines.length };
}

function labelsOf(labels: Readonly<Record<string, string>> | undefined): Labels {
  return new Map(
    Object.entries(labels ?? {}).map(([name, value]) => [
      name === protoLabelStandIn ? "__proto__" : name,
      value,
    ]),
  );
}

/** OpenMetrics states seconds, the older format milliseconds. */
function timestampMs(text: string | null, openMetrics: boolean): number | null {
  if (text === null) return null;
  return openMetrics ? Number(text) * 1000 : Number(text);
}

function duplicatesOf(samples: readonly Sample[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { name, labels, kind, role } of samples) {
    const key = seriesKey(name, labels);
    const identity = `${kind} ${role} ${key}`;
    if (seen.has(identity)) twice.add(key);
    seen.add(identity);
  }
  return twice;
}
