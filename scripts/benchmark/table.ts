import Table from "cli-table3";
import type { Machine } from "./machine.ts";
import { shortText, type Reading } from "./measurement.ts";

export interface BenchmarkReport {
  readonly machine: Machine;
  readonly load: { readonly start: number; readonly end: number };
  readonly warning: string | null;
  readonly quick: boolean;
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
  const { machine, load, readings } = report;
  const table = new Table({
    head: ["what", "n", "statistic", "value", "spread", "target", "met"],
    colAligns: ["left", "right", "left", "right", "left", "right", "left"],
    style: { head: [], border: [] },
  });
  table.push(...readings.map(row));
  return [
    `${machine.date}, Tollgate ${machine.revision ?? "without git revision"}, Node ${machine.node}`,
    `${machine.cpu}, ${machine.cpuCount} processors, ${machine.memoryGigabytes} GB, kernel ${machine.kernel}`,
    `load average ${load.start.toFixed(2)} at the start, ${load.end.toFixed(2)} at the end`,
    ...(report.quick ? ["quick: few repetitions, rough numbers"] : []),
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
