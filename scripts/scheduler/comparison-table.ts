import Table from "cli-table3";
import { circumstanceLines, type Circumstances } from "../benchmark/machine.ts";
import { shortText } from "../benchmark/measurement.ts";
import type { LevelFigures } from "./measure-level.ts";
import { simulatorFlags, type HostTimes, type StepTimes } from "./step-times.ts";

export interface SchedulerComparison {
  readonly times: StepTimes;
  readonly host: HostTimes;
  /** The real engine first. */
  readonly levels: readonly LevelFigures[];
}

export function comparisonText(report: Circumstances & SchedulerComparison): string {
  const { times, host, levels } = report;
  return [
    ...circumstanceLines(report),
    latencyTable(levels).toString(),
    "Differences are to the real scheduler under the same load. TTFT and ITL: p50 / p95, ms, at the client.",
    passTable(levels).toString(),
    "between: p50 from the end of a decode pass to the beginning of the next, in brackets the processor time of the scheduler's thread in it.",
    "late: mean by which a pass took longer than its time. processors: seconds of processor time per second, by process.",
    `simulator: ${simulatorFlags(times, null).join(" ")}`,
    `simulator + host: the same with ${simulatorFlags(times, host).slice(-3).join(" ")}, fitted to the processor time between passes`,
    ...(report.warning === null ? [] : [report.warning]),
  ].join("\n");
}

function latencyTable(levels: readonly LevelFigures[]) {
  const table = new Table({
    head: ["in flight", "engine", "wall s", "", "TTFT", "p50", "ITL", "p50", "cached"],
    colAligns: ["right", "left", "right", "right", "right", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  table.push(...ordered(levels).map((figures) => latencyRow(figures, realBeside(levels, figures))));
  return table;
}

function latencyRow(figures: LevelFigures, real: LevelFigures): string[] {
  const { users, engine, wallSeconds, ttftMs, itlMs, cachedShare } = figures;
  return [
    String(users),
    engine,
    wallSeconds.toFixed(1),
    figures === real ? "" : change(wallSeconds, real.wallSeconds),
    `${shortText(ttftMs.p50)} / ${shortText(ttftMs.p95)}`,
    figures === real ? "" : change(ttftMs.p50, real.ttftMs.p50),
    `${shortText(itlMs.p50)} / ${shortText(itlMs.p95)}`,
    figures === real ? "" : change(itlMs.p50, real.itlMs.p50),
    `${(cachedShare * 100).toFixed(1)} %`,
  ];
}

function passTable(levels: readonly LevelFigures[]) {
  const table = new Table({
    head: ["in flight", "engine", "prefills", "decodes", "batch", "between ms", "late ms", "processors"],
    colAligns: ["right", "left", "right", "right", "right", "right", "right", "left"],
    style: { head: [], border: [], compact: true },
  });
  table.push(...ordered(levels).map(passRow));
  return table;
}

function passRow({ users, engine, passes, processorSeconds, wallSeconds }: LevelFigures): string[] {
  const busy = [...processorSeconds].map(
    ([name, seconds]) => `${name} ${(seconds / wallSeconds).toFixed(2)}`,
  );
  return [
    String(users),
    engine,
    passes === null ? "-" : String(passes.prefills),
    passes === null ? "-" : String(passes.decodes),
    passes === null ? "-" : passes.batch.toFixed(1),
    passes === null ? "-" : `${text(passes.wallMs)} (${text(passes.processorMs)})`,
    passes === null ? "-" : text(passes.lateMs),
    busy.join(", "),
  ];
}

/** By load, each engine beside the others. */
function ordered(levels: readonly LevelFigures[]): readonly LevelFigures[] {
  return levels.toSorted((a, b) => a.users - b.users);
}

function realBeside(levels: readonly LevelFigures[], { users }: LevelFigures): LevelFigures {
  const real = levels.find((figures) => figures.users === users);
  if (real === undefined) throw new Error(`nothing was measured at ${users} in flight`);
  return real;
}

function change(value: number, real: number): string {
  const percent = (value / real - 1) * 100;
  return `${percent < 0 ? "-" : "+"}${Math.abs(percent).toFixed(1)} %`;
}

const text = (value: number | null) => (value === null ? "-" : shortText(value));
