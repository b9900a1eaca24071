import { pythonFloat } from "../model/python-text.ts";

/**
 * A writer of Prometheus text as Python's prometheus_client writes it in multiprocess mode, which SGLang always uses:
 * labels sorted, floats with a point, a histogram's sums of all label sets before its buckets, nothing for a family that has
 * no sample yet. prom-client (the Node library) cannot write this form.
 */
export type SeriesLabels = Readonly<Record<string, string>>;

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** Sample lines; empty while no child was touched. */
  lines(): readonly string[];
}

/** `floatToGoString` of prometheus_client: Go's exponent from 1e+06 up, Python's digits below. */
export function sampleValue(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const text = pythonFloat(value);
  const point = text.indexOf(".");
  if (value <= 0 || point <= 6) return text;
  const mantissa = `${text[0]}.${text.slice(1, point)}${text.slice(point + 1)}`.replace(/[0.]+$/, "");
  return `${mantissa}e+0${point - 1}`;
}

function labelText(labels: SeriesLabels): string {
  const escape = (value: string) =>
    value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
  const parts = Object.keys(labels)
    .sort()
    .map((name) => `${name}="${escape(labels[name] ?? "")}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function sampleLine(name: string, labels: SeriesLabels, value: number): string {
  return `${name}${labelText(labels)} ${sampleValue(value)}`;
}

/** A counter or a gauge, one number per label set, in the order in which they were first touched. */
export class ScalarFamily implements Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly #values = new Map<string, { readonly labels: SeriesLabels; value: number }>();

  constructor(type: "counter" | "gauge", name: string, help: string) {
    this.type = type;
    this.name = name;
    this.help = help;
  }

  add(labels: SeriesLabels, amount: number): void {
    this.set(labels, (this.#values.get(labelText(labels))?.value ?? 0) + amount);
  }

  set(labels: SeriesLabels, value: number): void {
    const key = labelText(labels);
    const entry = this.#values.get(key);
    if (entry === undefined) this.#values.set(key, { labels, value });
    else entry.value = value;
  }

  lines(): readonly string[] {
    return [...this.#values.values()].map(({ labels, value }) => sampleLine(this.name, labels, value));
  }
}

interface HistogramChild {
  readonly labels: SeriesLabels;
  sum: number;
  /** Not cumulative; one more than bounds, for +Inf. */
  readonly counts: number[];
}

export class HistogramFamily implements Family {
  readonly name: string;
  readonly help: string;
  readonly type = "histogram";
  readonly #bounds: readonly number[];
  readonly #children = new Map<string, HistogramChild>();

  /** @param bounds Upper bounds in the unit of the metric, ascending, without +Inf. */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.#bounds = bounds;
  }

  /** Adds `count` equal observations whose values add up to `sum`. */
  observe(labels: SeriesLabels, sum: number, count = 1): void {
    const key = labelText(labels);
    let child = this.#children.get(key);
    if (child === undefined) {
      child = { labels, sum: 0, counts: Array.from({ length: this.#bounds.length + 1 }, () => 0) };
      this.#children.set(key, child);
    }
    const bucket = this.#bounds.findIndex((bound) => sum / count <= bound);
    const index = bucket < 0 ? this.#bounds.length : bucket;
    child.sum += sum;
    child.counts[index] = (child.counts[index] ?? 0) + count;
  }

  lines(): readonly string[] {
    const children = [...this.#children.values()];
    return [
      ...children.map(({ labels, sum }) => sampleLine(`${this.name}_sum`, labels, sum)),
      ...children.flatMap((child) => this.#bucketLines(child)),
    ];
  }

  #bucketLines({ labels, counts }: HistogramChild): string[] {
    let cumulative = 0;
    const lines = counts.map((count, index) => {
      cumulative += count;
      const le = sampleValue(this.#bounds[index] ?? Number.POSITIVE_INFINITY);
      return sampleLine(`${this.name}_bucket`, { ...labels, le }, cumulative);
    });
    return [...lines, sampleLine(`${this.name}_count`, labels, cumulative)];
  }
}

/** The page: families in the given order, those without samples left out. */
export function writeExposition(families: readonly Family[]): string {
  return families
    .map((family) => ({ family, lines: family.lines() }))
    .filter(({ lines }) => lines.length > 0)
    .map(({ family: { name, help, type }, lines }) =>
      [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n"),
    )
    .join("");
}

export const openMetricsType =
  "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores";

/**
 * The same page in the other format, with the flaw of the original: names of samples are escaped and those of families are not.
 */
export function openMetricsPage(page: string): string {
  const lines = page.split("\n").map((line) => {
    const [, word = "", name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    return word === "" ? line.replace(":", "_") : `# ${word} ${name.replace(/_total$/, "")} ${rest}`;
  });
  return `${lines.join("\n")}# EOF\n`;
}
