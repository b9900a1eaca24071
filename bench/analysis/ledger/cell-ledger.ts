import { z } from "zod";
import type { CellSummary } from "../cell/cell-summary.ts";
import { estimateSchema, type Estimate } from "../estimates/estimate.ts";
import { meansOf } from "../estimates/latency.ts";
import { stampedParts, totalOf, type EpisodeLedger, type StampedPart } from "./episode-ledger.ts";

/** The parts of a cell's ledger, in the order of a turn. */
const ledgerParts = [
  "agentBefore",
  "agentBetween",
  "agentAfter",
  "taps",
  "gateway",
  "queue",
  "prefill",
  "decode",
  "engineUnsplit",
  "callUnsplit",
  "tool",
  "user",
  "userBetween",
  "session",
] as const;
export type LedgerPart = (typeof ledgerParts)[number];

/** Mean seconds per episode, and the share of all episodes' time. */
const amountSchema = z.object({ seconds: estimateSchema, share: z.number().nullable() });

/** Where the time of a cell's episodes went. The parts and `residue`, which no part explains, add up to the length. */
export const cellLedgerSchema = z.object({
  cellId: z.string(),
  arm: z.string(),
  load: z.string(),
  /** Configuration of the agent's engine; absent where the experiment has no `sweep.variants`. */
  variant: z.string().optional(),
  episodes: z.number().int(),
  lengthSeconds: estimateSchema,
  parts: z.record(z.enum(ledgerParts), amountSchema),
  residue: amountSchema,
  /** What does not add up as it should, one sentence each. */
  flags: z.array(z.string()),
});
export type CellLedger = z.infer<typeof cellLedgerSchema>;

/** What a cell's ledger is made of. */
interface LedgeredCell {
  readonly summary: CellSummary;
  /** Ledgers of its measured episodes that did not fail, by episode id. */
  readonly ledgers: ReadonlyMap<string, EpisodeLedger>;
}

/** One ledger per cell. What the taps cost is known from the first raw arm at the same load and repetition of the variant. */
export function cellLedgers(cells: readonly LedgeredCell[]): readonly CellLedger[] {
  return cells.flatMap((cell) => {
    const { summary, ledgers } = cell;
    if (ledgers.size === 0) return [];
    const raw = cells.find(
      (other) =>
        other.summary.armKind === "raw" &&
        other.summary.load === summary.load &&
        other.summary.variant === summary.variant &&
        other.summary.repetition === summary.repetition,
    );
    return [cellLedger(cell, raw === undefined ? null : pathPerCallNs(raw))];
  });
}

/** Mean time between the taps of one call; null when no call was seen by both. */
function pathPerCallNs({ ledgers }: LedgeredCell): number | null {
  let [pathNs, calls] = [0, 0];
  for (const ledger of ledgers.values()) {
    pathNs += totalOf(ledger).path;
    calls += ledger.agentCalls;
  }
  return pathNs === 0 || calls === 0 ? null : pathNs / calls;
}

function cellLedger({ summary, ledgers }: LedgeredCell, tapNs: number | null): CellLedger {
  const queueSeconds = summary.agentEngine?.queueSecondsMean ?? null;
  const { length, session, unexplained, tapCalls, queueCalls, ...rows } = meansOf(
    secondsOf([...ledgers.values()], { tapSeconds: (tapNs ?? 0) / 1e9, queueSeconds: queueSeconds ?? 0 }),
  );
  const amount = (seconds: Estimate) => ({
    seconds,
    share: seconds.value === null || !length.value ? null : seconds.value / length.value,
  });
  const raw = summary.armKind === "raw";
  const seen = (rows.path.value ?? 0) > 0;
  const taps = raw ? rows.path : seen && tapNs !== null ? tapCalls : zeroOf(rows.path);
  const split = (rows.firstToken.value ?? 0) > 0 && queueSeconds !== null;
  const queue = split ? queueCalls : zeroOf(rows.firstToken);
  const { path: _path, firstToken: _firstToken, ...kept } = rows;
  const parts: Readonly<Record<LedgerPart, Estimate>> = {
    ...kept,
    taps,
    gateway: raw ? zeroOf(rows.path) : less(rows.path, taps),
    queue,
    prefill: less(rows.firstToken, queue),
    session,
  };
  return {
    cellId: summary.cellId,
    arm: summary.arm,
    load: summary.load,
    ...(summary.variant !== undefined && { variant: summary.variant }),
    episodes: ledgers.size,
    lengthSeconds: length,
    parts: Object.fromEntries(
      Object.entries(parts).map(([part, seconds]) => [part, amount(seconds)]),
    ) as CellLedger["parts"],
    residue: amount(unexplained),
    flags: flagsOf([...ledgers.values()], { parts, split, tapsKnown: raw || !seen || tapNs !== null }),
  };
}

/** A column for each thing that an estimate is made of, with a value of each episode. */
function secondsOf(
  ledgers: readonly EpisodeLedger[],
  perCall: { readonly tapSeconds: number; readonly queueSeconds: number },
) {
  const totals = ledgers.map(totalOf);
  const stamped = Object.fromEntries(
    stampedParts.map((part) => [part, totals.map((total) => total[part] / 1e9)]),
  ) as Record<StampedPart, number[]>;
  return {
    ...stamped,
    length: ledgers.map(({ lengthNs }) => lengthNs / 1e9),
    session: ledgers.map(({ sessionNs }) => sessionNs / 1e9),
    unexplained: ledgers.map(({ unexplainedNs }) => unexplainedNs / 1e9),
    tapCalls: ledgers.map(({ agentCalls }) => agentCalls * perCall.tapSeconds),
    queueCalls: ledgers.map(({ agentCalls }) => agentCalls * perCall.queueSeconds),
  };
}

function zeroOf({ count }: Estimate): Estimate {
  return { value: 0, count, low: null, high: null };
}

/** A difference of two means over the same episodes; its interval is not theirs. */
function less(whole: Estimate, part: Estimate): Estimate {
  if (part.value === 0) return whole;
  const value = whole.value === null || part.value === null ? null : whole.value - part.value;
  return { value, count: whole.count, low: null, high: null };
}

function flagsOf(
  ledgers: readonly EpisodeLedger[],
  cell: {
    readonly parts: Readonly<Record<LedgerPart, Estimate>>;
    readonly split: boolean;
    readonly tapsKnown: boolean;
  },
): string[] {
  const negative = Object.entries(cell.parts).flatMap(([part, { value }]) =>
    value !== null && value < 0 ? [`${part} is negative: what is taken from it was not measured in it`] : [],
  );
  const overlapping = ledgers.filter(({ unexplainedNs }) => unexplainedNs < 0).length;
  const seconds = (of: (ledger: EpisodeLedger) => number) =>
    ledgers.reduce((sum, ledger) => sum + of(ledger), 0) / 1e9;
  const [outside, overlap] = [seconds(({ outsideNs }) => outsideNs), seconds(({ overlapNs }) => overlapNs)];
  return [
    ...negative,
    ...(overlapping > 0 ? [`the residue of ${overlapping} episodes is negative`] : []),
    ...(outside > 0
      ? [`${outside.toFixed(3)} s of calls lay outside of their episode or call, left out`]
      : []),
    ...(overlap > 0 ? [`${overlap.toFixed(3)} s in which two things ran at once, counted once`] : []),
    ...(cell.split ? [] : ["queue is not known apart: prefill holds it"]),
    ...(cell.tapsKnown ? [] : ["no raw cell at this load: gateway holds the taps"]),
  ];
}
