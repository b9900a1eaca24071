import Table from "cli-table3";
import { circumstanceLines, type Circumstances } from "./machine.ts";
import { shortText, type Reading } from "./measurement.ts";

interface BenchmarkReport extends Circumstances {
  readonly readings: readonly Reading[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  readonly failed: readonly { readonly name: string; readonly reason: string }[];
}

/** Whether a reading reached its target; null without one. */
export function isMet({ value, target }: Pick<Reading, "value" | "target">): boolean | null {
  return target === null ? null : value <= target;
}

/** The report for a terminal: where and when, a line per number, and what is missing. */
export function benchmarkText(report: BenchmarkReport): string {
  const table = new Table({
    head: ["what", "n", "statistic", "value", "spread", "target", "met"],
    colAligns: ["left", "right", "left", "right", "left", "right", "left"],
    style: { head: [], border: [] },
  });
  table.push(...report.readings.map(row));
  return [
    ...circumstanceLines(report),
    table.toString(),
    ...report.skipped.map(({ name, reason }) => `${name}: skipped, ${reason}`),
    ...report.failed.map(({ name, reason }) => `${name}: FAILED, ${reason}`),
    ...(report.warning === null ? [] : [report.warning]),
  ].join("\n");
}

function row(reading: Reading): string[] {
  const { what, count, statistic, value, spread, unit, target } = reading;
  const met = isMet(reading);
  return [
    what,
    String(count),
    statistic,
    `${shortText(value)} ${unit}`,
    spread ?? "-",
    target === null ? "-" : `<= ${target} ${unit}`,
    met === null ? "-" : met ? "yes" : "no",
  ];
}
