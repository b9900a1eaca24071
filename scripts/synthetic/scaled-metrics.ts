/**
 * The closing page of a segment that ran `times` times: counters have moved as often as far, gauges stand where they stood. Lines that
 * are no counter's stay as they are.
 */
export function scaledPage(before: string, after: string, times: number): string {
  const kinds = kindsOf(after);
  const earlier = new Map(linesOf(before).map(({ series, value }) => [series, value]));
  return after
    .split("\n")
    .map((text) => {
      const line = sampleOf(text);
      if (line === null || !counts(line.series, kinds)) return text;
      const was = earlier.get(line.series) ?? 0;
      return `${line.series} ${was + times * (line.value - was)}${line.rest}`;
    })
    .join("\n");
}

interface SampleLine {
  /** Name and labels as they stand. */
  readonly series: string;
  readonly value: number;
  /** A time stamp, where there is one. */
  readonly rest: string;
}

function linesOf(page: string): readonly SampleLine[] {
  return page.split("\n").flatMap((text) => sampleOf(text) ?? []);
}

function sampleOf(text: string): SampleLine | null {
  const [, series, value, rest = ""] = /^([^#\s{]+(?:\{.*\})?)\s+(\S+)(\s+\S+)?\s*$/.exec(text) ?? [];
  if (series === undefined || !Number.isFinite(Number(value))) return null;
  return { series, value: Number(value), rest };
}

function kindsOf(page: string): ReadonlyMap<string, string> {
  return new Map([...page.matchAll(/^# TYPE (\S+) (\S+)/gm)].map(([, name = "", kind = ""]) => [name, kind]));
}

const counting = new Set(["counter", "histogram", "summary"]);

function counts(series: string, kinds: ReadonlyMap<string, string>): boolean {
  const name = series.replace(/\{.*$/, "");
  if (name.endsWith("_created") || /[{,]quantile=/.test(series)) return false;
  const kind = kinds.get(name) ?? kinds.get(name.replace(/_(bucket|sum|count|total)$/, ""));
  return kind !== undefined && counting.has(kind);
}
