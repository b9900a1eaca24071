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
 */
export function parseExposition(text: string): Exposition {
  const families = createFamilyTracker();
  const found: (Omit<Sample, "timestampMs"> & { readonly timestampText: string | null })[] = [];
  let ended = false;
  for (const [index, raw] of text.split("\n").entries()) {
    const read = readLine(raw);
    const line = index + 1;
    if (read.kind === "invalid") throw new ExpositionError(line, read.reason, raw);
    if (read.kind === "blank") continue;
    if (ended) throw new ExpositionError(line, "nothing may follow # EOF", raw);
    if (read.kind === "end") ended = true;
    if (read.kind === "type") families.declare(read.family, read.type);
    if (read.kind !== "sample") continue;
    const { name, timestampText } = read;
    const { family, kind, role } = families.resolve(name);
    const { labels, value } = readByPackage(read.canonical, line);
    found.push({
      name: canonicalName(name),
      family: canonicalName(family),
      kind,
      role,
      labels,
      value,
      timestampText,
      line,
    });
  }
  // OpenMetrics, which ends with # EOF, states seconds, the older format milliseconds.
  const unitMs = ended ? 1000 : 1;
  const samples = found.map(({ timestampText, ...sample }): Sample => {
    return { ...sample, timestampMs: timestampText === null ? null : Number(timestampText) * unitMs };
  });
  const duplicates = duplicatesOf(samples);
  const warnings = [...duplicates].map((key) => `series occurs more than once: ${key}`);
  if (text !== "" && !text.endsWith("\n")) {
    warnings.push("the page does not end in a line feed: its last line may have been cut");
  }
  return { samples, duplicates, warnings };
}

/**
 * Labels and value of a line that the grammar has accepted, as `parse-prometheus-text-format` reads them. It gets one
 * sample at a time, ended by a line feed and without TYPE: given a page it merges the label sets of a histogram, drops
 * sums and counts, takes cut lines for data and loses a last line without its end.
 */
function readByPackage(canonical: string, line: number): Pick<Sample, "labels" | "value"> {
  const [sample] = parsePrometheusTextFormat(`${canonical}\n`).flatMap(({ metrics }) => metrics);
  const value = sample?.value === undefined ? null : readValue(sample.value);
  if (value === null) throw new ExpositionError(line, "the parser lost this sample", canonical);
  const labels = Object.entries(sample?.labels ?? {}).map(
    ([name, text]) => [name === protoLabelStandIn ? "__proto__" : name, text] as const,
  );
  return { labels: new Map(labels), value };
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
