import parsePrometheusTextFormat from "parse-prometheus-text-format";
import { TollgateError } from "../errors.ts";
import { canonicalName } from "./canonical-name.ts";
import { type ExpositionLine, readLine } from "./exposition-line.ts";
import { createFamilyTracker, type FamilyTracker, type MetricKind, type SampleRole } from "./family.ts";
import { type Printed, readPrinted, readValue } from "./numeral.ts";

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
  /** How it was written, which says how much of it is known. */
  readonly printed: Printed;
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

/** A page in Prometheus text format 0.0.4 or OpenMetrics that is read as it comes. */
export interface ExpositionReader {
  /** The next piece, cut anywhere. Throws {@link ExpositionError} on the first line that is none. */
  push(text: string): void;
  /** What was read; nothing may be pushed afterwards. */
  end(): Exposition;
}

/** No line of a real page comes near; a body without line feeds is none. */
const lineLengthMax = 1 << 20;

/**
 * Reads a page in Prometheus text format 0.0.4 or OpenMetrics. Throws {@link ExpositionError} with the line number on
 * anything that is not one: a cut label set, a missing value, an HTML error page.
 */
export function parseExposition(text: string): Exposition {
  const reader = createExpositionReader();
  reader.push(text);
  return reader.end();
}

/** Each character is looked at a fixed number of times, however the page is cut into pieces. */
export function createExpositionReader(): ExpositionReader {
  const page: PageInProgress = {
    families: createFamilyTracker(),
    samples: [],
    seen: new Map(),
    duplicates: new Set(),
    warnings: new Set(),
    line: 0,
    ended: false,
  };
  let rest: string[] = [];
  let restLength = 0;
  const readCollected = (last: string) => {
    take(page, rest.length === 0 ? last : `${rest.join("")}${last}`);
    rest = [];
    restLength = 0;
  };
  return {
    push(text) {
      let from = 0;
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
        readCollected(text.slice(from, end));
        from = end + 1;
      }
      if (from === text.length) return;
      rest.push(from === 0 ? text : text.slice(from));
      restLength += text.length - from;
      if (restLength > lineLengthMax) {
        throw new ExpositionError(page.line + 1, "a line is longer than 1 MiB", rest[0] ?? "");
      }
    },
    end() {
      if (restLength > 0) {
        readCollected("");
        page.warnings.add("the page does not end in a line feed: its last line may have been cut");
      }
      return finish(page);
    },
  };
}

interface PageInProgress {
  readonly families: FamilyTracker;
  readonly samples: Sample[];
  /** Per series, the roles in which it was met: a gauge may be called as the count of a histogram is. */
  readonly seen: Map<string, SampleRole | Set<SampleRole>>;
  readonly duplicates: Set<string>;
  readonly warnings: Set<string>;
  line: number;
  ended: boolean;
}

function take(page: PageInProgress, raw: string): void {
  page.line += 1;
  const read = readLine(raw);
  if (read.kind === "invalid") throw new ExpositionError(page.line, read.reason, raw);
  if (read.kind === "blank") return;
  if (page.ended) throw new ExpositionError(page.line, "nothing may follow # EOF", raw);
  if (read.kind === "end") page.ended = true;
  if (read.kind === "type" && page.families.declare(read.family, read.type) === "changed") {
    page.warnings.add(`${canonicalName(read.family)} is declared twice, as different types`);
  }
  if (read.kind === "unit" && !read.family.endsWith(`_${read.unit}`)) {
    page.warnings.add(
      `${canonicalName(read.family)} is declared to be in ${read.unit}: its unit is not known`,
    );
  }
  if (read.kind === "sample") takeSample(page, read);
}

function takeSample(page: PageInProgress, read: ExpositionLine & { readonly kind: "sample" }): void {
  const { family, kind, role } = page.families.resolve(read.name);
  const labels = readLabels(read, page.line);
  const name = canonicalName(read.name);
  page.samples.push({
    name,
    family: canonicalName(family),
    kind,
    role,
    labels,
    value: readValue(read.valueText) ?? Number.NaN,
    printed: readPrinted(read.valueText),
    timestampMs: read.timestampText === null ? null : Number(read.timestampText),
    line: page.line,
  });
  const key = seriesKey(name, labels);
  const met = page.seen.get(key);
  if (met === undefined) page.seen.set(key, role);
  else if (met === role || (typeof met !== "string" && met.has(role))) page.duplicates.add(key);
  else page.seen.set(key, typeof met === "string" ? new Set([met, role]) : met.add(role));
}

function finish(page: PageInProgress): Exposition {
  // OpenMetrics, which ends with # EOF, states seconds, the older format milliseconds.
  const samples = page.ended
    ? page.samples.map((sample): Sample => {
        return sample.timestampMs === null ? sample : { ...sample, timestampMs: sample.timestampMs * 1000 };
      })
    : page.samples;
  const { duplicates } = page;
  const warnings = [...duplicates].map((key) => `series occurs more than once: ${key}`);
  return { samples, duplicates, warnings: [...warnings, ...page.warnings] };
}

/**
 * The labels of a line that the grammar has accepted. Where a value holds an escape, `parse-prometheus-text-format` reads
 * it, one sample at a time: given a page it merges the label sets of a histogram, drops sums and counts, takes cut lines
 * for data and loses a last line without its end. Values without escapes are as they stand, which is a tenth of the time.
 */
function readLabels({ labels }: ExpositionLine & { readonly kind: "sample" }, line: number): Labels {
  if (!labels.some(([, text]) => text.includes("\\"))) return new Map(labels);
  // Numbers stand for the names: the package loses a label that is called `__proto__`.
  const plain = `x{${labels.map(([, text], index) => `l${index}="${text}"`).join(",")}} 1\n`;
  const read = parsePrometheusTextFormat(plain)[0]?.metrics[0]?.labels;
  return new Map(
    labels.map(([name, text], index) => {
      const value = read?.[`l${index}`];
      if (value === undefined)
        throw new ExpositionError(line, "the parser lost a label", `${name}="${text}"`);
      return [name, value];
    }),
  );
}
