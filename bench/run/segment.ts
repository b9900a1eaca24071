import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { LoopWatch } from "../measure/loop-watch.ts";
import { schedulingText } from "../measure/real-time.ts";
import { readProcessorTime, stolenShare, type ProcessorTime } from "../measure/stolen-time.ts";
import { waitUntilIdle } from "../metrics/drain.ts";
import { scrape, ScrapeError } from "../metrics/snapshot.ts";
import { loadOf, type Cell } from "../plan/cells.ts";
import { flushCache, type Engine } from "../stack/engine.ts";
import type { UnclosedSessions, RunningArm } from "../stack/stack.ts";
import { storing, StorageError } from "../store/storage-error.ts";
import type { SegmentEndedRecord } from "../store/record.ts";
import type { SegmentFacts } from "../store/segment-facts.ts";
import type { ToolCallLog } from "../workload/workload.ts";
import type { SweepParts } from "./sweep.ts";
import { warmUp } from "./warm-up.ts";

/** A stretch of a cell between two snapshots, open while its episodes run. */
export interface OpenSegment {
  readonly cell: Cell;
  readonly arm: RunningArm;
  readonly segmentId: string;
  readonly directory: string;
  readonly startedNs: number;
  readonly cacheFlushed: boolean;
  readonly logToolCall: (line: ToolCallLog) => void;
  readonly toolLog: ToolLogFile;
  readonly loop: LoopWatch;
  readonly processors: ProcessorTime | null;
}

/** Order matters: renew what has worn out, drain (counters move when a request ends), then empty the cache, then snapshot, then record. */
export async function openSegment(parts: SweepParts, cell: Cell, segmentId: string): Promise<OpenSegment> {
  const arm = parts.stack.arms.find(({ spec }) => spec.name === cell.arm.name);
  if (!arm) throw new Error(`cell ${cell.cellId} names arm ${cell.arm.name}, which the stack does not have`);
  const directory = await parts.run.segmentDirectory(cell.cellId, segmentId);
  if (await parts.prepared.renew()) await warmUp(parts);
  await drain(parts);
  const cacheFlushed = await flushed(parts);
  await parts.prepared.eventLoopLoad();
  await snapshotAll(parts, { arm, directory, when: "before" });
  await parts.stack.tap.openSegment(directory, parts.experiment.output.bodies);
  const startedNs = parts.clock.nowNs();
  await parts.run.append({
    v: 1,
    type: "segment-started",
    cellId: cell.cellId,
    segmentId,
    at: parts.clock.wallIso(),
    startedNs,
  });
  const toolLog = new ToolLogFile(join(directory, "tools.ndjson"));
  return {
    cell,
    arm,
    segmentId,
    directory,
    startedNs,
    cacheFlushed,
    toolLog,
    loop: new LoopWatch(),
    processors: readProcessorTime(),
    logToolCall: (line) => toolLog.append(line),
  };
}

/** The closing snapshot is taken only after the engines are idle, else the last requests would be missing in it. */
export async function closeSegment(
  parts: SweepParts,
  segment: OpenSegment,
  reason: SegmentEndedRecord["reason"],
): Promise<void> {
  const endedNs = parts.clock.nowNs();
  const driver = segment.loop.read();
  const stolen = stolenShare(segment.processors, readProcessorTime());
  segment.loop[Symbol.dispose]();
  const drained = reason === "engine-died" ? false : await drain(parts);
  const scrapeErrors = await snapshotAll(parts, {
    arm: segment.arm,
    directory: segment.directory,
    when: "after",
  });
  const taps =
    parts.stack.death(segment.arm.spec.name)?.part === "tap" ? null : await parts.stack.tap.closeSegment();
  await segment.toolLog.close();
  const leftovers = await unclosedSessionsOf(parts, segment.arm);
  const facts: SegmentFacts = {
    v: 1,
    cellId: segment.cell.cellId,
    segmentId: segment.segmentId,
    load: loadOf(segment.cell),
    cacheFlushed: segment.cacheFlushed,
    drained: drained && taps?.unfinished === 0,
    scrapeErrors,
    pressure: [
      ...(await parts.prepared.eventLoopLoad()),
      { process: "driver", ...driver },
      ...(taps
        ? [{ process: "tap", ...taps.loop, scheduling: schedulingText(parts.stack.tap.scheduling) }]
        : []),
    ],
    stolenShare: stolen,
    tapTotals: { ...taps?.totals },
    ...(leftovers === null ? {} : { gatewayLeftovers: leftovers }),
    engineIdentity: {
      agent: JSON.stringify(parts.stack.agentEngine.identity),
      user: JSON.stringify(parts.stack.userEngine.identity),
    },
  };
  await parts.run.writeFile(join(segment.directory, "segment.json"), `${JSON.stringify(facts, null, 2)}\n`);
  await parts.run.append({
    v: 1,
    type: "segment-ended",
    cellId: segment.cell.cellId,
    segmentId: segment.segmentId,
    at: parts.clock.wallIso(),
    startedNs: segment.startedNs,
    endedNs,
    reason,
    drained: facts.drained,
  });
  if (taps && taps.evidenceError !== null) {
    throw new StorageError(segment.directory, "input-output", {
      doing: "The taps could not keep their evidence in",
      cause: taps.evidenceError,
    });
  }
}

const engines = (parts: SweepParts): Engine[] => [parts.stack.agentEngine, parts.stack.userEngine];

async function drain(parts: SweepParts): Promise<boolean> {
  const results = await Promise.all(
    engines(parts).map((engine) =>
      waitUntilIdle(engine.metricsUrl, {
        clock: parts.clock,
        timeoutMs: parts.limits.drainMs,
        intervalMs: 50,
        scrapeTimeoutMs: 5_000,
        signal: parts.stop.cancelled,
      }),
    ),
  );
  return results.every(({ drained }) => drained);
}

/** AReaL keeps what nobody collects for ever: a leak that would grow from cell to cell is said at once, and recorded. */
async function unclosedSessionsOf(parts: SweepParts, arm: RunningArm): Promise<UnclosedSessions | null> {
  if (!arm.leftovers) return null;
  try {
    const left = await arm.leftovers();
    if (left.sessions > 0 || (left.tensors ?? 0) > 0) {
      parts.tell(
        `arm ${arm.spec.name} still holds ${left.sessions} sessions and ${left.tensors ?? "an unknown number of"} tensors that nobody needs`,
      );
    }
    return left;
  } catch (error) {
    parts.tell(`arm ${arm.spec.name} does not say what it still holds: ${messageOf(error)}`);
    return null;
  }
}

async function flushed(parts: SweepParts): Promise<boolean> {
  const results = await Promise.all(
    engines(parts).map((engine) =>
      flushCache(engine, AbortSignal.timeout(10_000)).catch((error: unknown) => {
        parts.tell(`the ${engine.role} engine's cache was not emptied: ${messageOf(error)}`);
        return false;
      }),
    ),
  );
  return results.every(Boolean);
}

/** A page that cannot be read is no page: the file is absent, the reason is kept, and nothing is counted as zero. */
async function snapshotAll(
  parts: SweepParts,
  target: { readonly arm: RunningArm; readonly directory: string; readonly when: "before" | "after" },
): Promise<Record<string, string>> {
  const pages: [string, string][] = [
    ["agent", parts.stack.agentEngine.metricsUrl],
    ["user", parts.stack.userEngine.metricsUrl],
    ...(target.arm.metricsUrl ? [["gateway", target.arm.metricsUrl] satisfies [string, string]] : []),
  ];
  const errors: Record<string, string> = {};
  await Promise.all(
    pages.map(async ([name, url]) => {
      try {
        const { text } = await scrape(url, { clock: parts.clock, timeoutMs: 10_000 });
        await parts.run.writeFile(join(target.directory, `${name}-${target.when}.prom`), text);
      } catch (error) {
        if (!(error instanceof ScrapeError)) throw error;
        errors[name] = error.message;
        parts.tell(`no ${target.when} snapshot of the ${name}: ${error.message}`);
      }
    }),
  );
  return errors;
}

/** `tools.ndjson`: lines are appended in order; the first write error is kept and thrown at the end of the segment. */
class ToolLogFile {
  readonly #path: string;
  #last: Promise<void> = Promise.resolve();
  #error: unknown = null;

  constructor(path: string) {
    this.#path = path;
  }

  append(line: ToolCallLog): void {
    const text = `${JSON.stringify(line)}\n`;
    this.#last = this.#last
      .then(() => appendFile(this.#path, text))
      .catch((error: unknown) => {
        this.#error ??= error;
      });
  }

  async close(): Promise<void> {
    await this.#last;
    const error = this.#error;
    if (error !== null) await storing(this.#path, "Cannot write", () => Promise.reject(error as Error));
  }
}
