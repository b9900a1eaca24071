import { readFileSync } from "node:fs";

/** Processor time of the whole machine since it started, in ticks of the kernel. */
export interface ProcessorTime {
  readonly total: number;
  /** Time in which a processor had work and the hypervisor gave it to another machine. */
  readonly stolen: number;
}

/** First line of /proc/stat (proc_stat(5)); null on systems without it. */
export function readProcessorTime(
  read: () => string = () => readFileSync("/proc/stat", "utf8"),
): ProcessorTime | null {
  let text: string;
  try {
    text = read();
  } catch {
    return null; // Not Linux.
  }
  const [name, ...ticks] = text.split("\n")[0]?.trim().split(/\s+/) ?? [];
  // user nice system idle iowait irq softirq steal; guest times behind them are in user and nice already.
  const times = ticks.slice(0, 8).map(Number);
  const stolen = times[7];
  if (name !== "cpu" || stolen === undefined || !times.every(Number.isFinite)) return null;
  return { total: times.reduce((sum, time) => sum + time, 0), stolen };
}

/** Share of the processors' time between two readings that the hypervisor took, 0..1; null when it is not known. */
export function stolenShare(before: ProcessorTime | null, after: ProcessorTime | null): number | null {
  if (before === null || after === null || after.total <= before.total) return null;
  return (after.stolen - before.stolen) / (after.total - before.total);
}
