import { left, right, type Table } from "../report/tables/table.ts";
import { renderTable } from "../report/formats/terminal.ts";
import { numberText } from "../report/tables/number-text.ts";
import type { CheckRow } from "./check-row.ts";
import { limitText, limits } from "./limits.ts";
import { biasMs, rangeText, type CoverageCase } from "./paired-estimate.ts";
import type { Resolution, SelftestResult } from "./selftest.ts";

/** Where and when a self-test ran: its numbers are this machine's, on that day, beside whatever else it did. */
export interface SelftestMachine {
  readonly date: string;
  readonly tollgate: string;
  readonly node: string;
  readonly cpu: string;
  readonly cpuCount: number;
  /** Load average over the last minute. */
  readonly load: { readonly before: number; readonly after: number };
  /** Share of the processors' time that the hypervisor took meanwhile; null where nobody can tell. */
  readonly stolenShare: number | null;
  /** What the kernel granted the client and the processes that it is held against, in words. */
  readonly scheduling: Readonly<Record<string, string>>;
}

/** The self-test for a terminal. */
export function selftestText(result: SelftestResult, machine: SelftestMachine, quick: boolean): string {
  return [
    `${machine.date}, Tollgate ${machine.tollgate}, Node ${machine.node}`,
    `${machine.cpu}, ${machine.cpuCount} processors, load average ${machine.load.before.toFixed(2)} before, ${machine.load.after.toFixed(2)} after, ${stolenText(machine)}`,
    schedulingLine(machine),
    ...(quick ? ["quick: few requests, wide intervals"] : []),
    "",
    ...result.sections.map(({ title, rows }) => `${renderTable(tableOf(title, rows))}\n`),
    `${renderTable(coverageTable(result.coverage))}\n`,
    resolutionText(result.resolution),
    ...result.missed.map((id) => `not kept: ${id} (${limits[id]?.why ?? "no limit"})`),
    ...(result.missed.length === 0 ? ["all limits are kept"] : []),
    ...busyLines(machine, result.missed.length > 0),
  ].join("\n");
}

function tableOf(title: string, rows: readonly CheckRow[]): Table {
  return {
    title,
    columns: [left("what"), right("measured"), right("limit"), left("ok"), left("spread")],
    rows: rows.map(({ id, what, value, unit, detail, ok }) => [
      what,
      valueText(value, unit),
      limitText(id, unit),
      ok === null ? "" : ok ? "yes" : "NO",
      detail,
    ]),
    notes: [],
  };
}

function valueText(value: number | null, unit: CheckRow["unit"]): string {
  if (value === null) return "-";
  if (unit === "") return Number.isInteger(value) ? String(value) : numberText(value);
  return `${numberText(value)} ${unit}`;
}

function coverageTable(cases: readonly CoverageCase[]): Table {
  const text = (value: number | null) => (value === null ? "-" : value.toFixed(3));
  return {
    title: "Added milliseconds: paired estimate against what the delay gateway wrote down",
    columns: [
      left("delay"),
      left("of"),
      right("estimate"),
      right("95 % interval"),
      right("truth"),
      right("bias"),
      left("covered"),
      right("pairs"),
    ],
    rows: cases.map((one) => [
      one.name,
      one.metric,
      text(one.interval?.estimate ?? null),
      rangeText(one.interval),
      text(one.truthMs),
      text(biasMs(one)),
      one.covered ? "yes" : "NO",
      String(one.pairs),
    ]),
    notes: [],
  };
}

function resolutionText({ ttftMs, streams, overheadMs, pairs }: Resolution): string {
  const text = (value: number | null) => (value === null ? "?" : value.toFixed(2));
  return `On this machine Tollgate can resolve: TTFT ±${text(ttftMs)} ms of one request at ${streams} streams, gateway overhead ±${text(overheadMs)} ms with ${pairs} pairs.`;
}

function stolenText({ stolenShare }: SelftestMachine): string {
  return stolenShare === null
    ? "time stolen by a hypervisor unknown"
    : `${(100 * stolenShare).toFixed(1)} % stolen by the hypervisor`;
}

function schedulingLine({ scheduling }: SelftestMachine): string {
  const byPolicy = Map.groupBy(Object.entries(scheduling), ([, policy]) => policy);
  const groups = [...byPolicy].map(
    ([policy, names]) => `${policy}: ${names.map(([name]) => name).join(", ")}`,
  );
  return `scheduling ${groups.join("; ")}`;
}

/** Before the first measurement somebody else's work is all the load there is. */
function busyLines({ load, cpuCount, stolenShare }: SelftestMachine, isMissed: boolean): readonly string[] {
  const reasons = [
    ...(load.before > cpuCount / 2 ? ["The machine was busy before this began"] : []),
    ...((stolenShare ?? 0) > noticeableShare
      ? ["The hypervisor gave its processors to others meanwhile"]
      : []),
  ];
  const advice = isMissed
    ? "limits that are not kept may be its neighbours'. Run again when it is idle."
    : "single values may be off by what that took.";
  return reasons.map((reason) => `${reason}: ${advice}`);
}

/** Stolen over the whole self-test. */
const noticeableShare = 0.02;
