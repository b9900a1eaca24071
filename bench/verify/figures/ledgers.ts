import type { SeenCell } from "../evidence/cell-evidence.ts";
import { bootstrapped } from "../numbers/draws.ts";
import { mean, quotient, total } from "../numbers/samples.ts";
import { engineOf } from "./cell.ts";
import { NotCovered, type Expected } from "./figure.ts";
import { spentIn, type EpisodeTime } from "./spent.ts";

const notById = new NotCovered(
  "requests that no id joins: the report joins them by times and tokens, which is not done twice",
);

interface Mean {
  readonly value: number | null;
  readonly count: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** Where the time of the episodes of each cell went; undefined entries: ids do not tell which request is whose. */
export function ledgerFigures(cells: readonly SeenCell[]): readonly Expected[] {
  const all = cells.map((cell) => ({ cell, spent: spentIn(cell) }));
  return all.flatMap(({ cell, spent }): readonly Expected[] => {
    const { cellId, arm, load, armKind, variant, repetition } = cell.facts.planned;
    const raw = all.find(({ cell: { facts } }) => {
      const { planned } = facts;
      return (
        planned.armKind === "raw" &&
        planned.load === load &&
        planned.variant === variant &&
        planned.repetition === repetition
      );
    });
    if (spent === null || raw?.spent === null)
      return cell.whole.length === 0 ? [] : [{ ...unknownLedger, cellId, arm, load }];
    if (spent.size === 0) return [];
    const episodes = [...spent.values()];
    const tapNs = raw === undefined ? null : tapNsPerCall([...raw.spent.values()]);
    return [{ cellId, arm, load, ...ledgerOf(episodes, { cell, tapNs, isRaw: armKind === "raw" }) }];
  });
}

const unknownLedger = {
  episodes: notById,
  lengthSeconds: notById,
  parts: notById,
  residue: notById,
  flags: notById,
};

/** Between the taps of a raw arm there is nothing but the taps. */
function tapNsPerCall(episodes: readonly EpisodeTime[]): number | null {
  const pathNs = total(episodes.map(({ parts }) => parts.path));
  return pathNs === 0 ? null : quotient(pathNs, total(episodes.map(({ calls }) => calls)));
}

interface OfCell {
  readonly cell: SeenCell;
  readonly tapNs: number | null;
  readonly isRaw: boolean;
}

function ledgerOf(episodes: readonly EpisodeTime[], { cell, tapNs, isRaw }: OfCell) {
  const pages = cell.used.map(({ agentEngine }) => agentEngine);
  const queueSeconds = engineOf(pages, cell)?.queueSecondsMean ?? null;
  const secondsOf = (of: (one: EpisodeTime) => number) => meanOfEach(episodes.map((one) => of(one) / 1e9));
  const part = (name: keyof EpisodeTime["parts"]) => secondsOf(({ parts }) => parts[name]);
  const length = secondsOf(({ lengthNs }) => lengthNs);
  const none: Mean = { value: 0, count: episodes.length, low: null, high: null };
  const [path, firstToken] = [part("path"), part("firstToken")];
  const seen = (path.value ?? 0) > 0;
  const split = (firstToken.value ?? 0) > 0 && queueSeconds !== null;
  const perCall = (seconds: number) => meanOfEach(episodes.map(({ calls }) => calls * seconds));
  const taps = isRaw ? path : seen && tapNs !== null ? perCall(tapNs / 1e9) : none;
  const queue = split ? perCall(queueSeconds) : none;
  const parts = {
    agentBefore: part("agentBefore"),
    agentBetween: part("agentBetween"),
    agentAfter: part("agentAfter"),
    decode: part("decode"),
    engineUnsplit: part("engineUnsplit"),
    callUnsplit: part("callUnsplit"),
    tool: part("tool"),
    user: part("user"),
    userBetween: part("userBetween"),
    taps,
    gateway: isRaw ? none : rest(path, taps),
    queue,
    prefill: rest(firstToken, queue),
    session: secondsOf(({ sessionNs }) => sessionNs),
  };
  const amount = (seconds: Mean): Expected => ({
    seconds: { ...seconds },
    share: quotient(seconds.value, length.value),
  });
  return {
    episodes: episodes.length,
    lengthSeconds: { ...length },
    parts: Object.fromEntries(Object.entries(parts).map(([name, seconds]) => [name, amount(seconds)])),
    residue: amount(secondsOf(({ unexplainedNs }) => unexplainedNs)),
    flags: [
      ...negativeParts(parts),
      ...flagsOf(episodes),
      ...(split ? [] : ["queue is not known apart: prefill holds it"]),
      ...(isRaw || !seen || tapNs !== null ? [] : ["no raw cell at this load: gateway holds the taps"]),
    ],
  };
}

/** A value of each episode: the episodes are what the interval is over. */
function meanOfEach(values: readonly number[]): Mean {
  const placed = values.map((value, index) => ({ value, unit: String(index) }));
  return { value: mean(values), count: values.length, ...bootstrapped(placed, "mean") };
}

/** What is left of a mean; nothing tells how far the rest may be off. */
function rest(whole: Mean, part: Mean): Mean {
  if (part.value === 0) return whole;
  const value = whole.value === null || part.value === null ? null : whole.value - part.value;
  return { value, count: whole.count, low: null, high: null };
}

function negativeParts(parts: Readonly<Record<string, Mean>>): readonly Expected[] {
  return Object.entries(parts).flatMap(([name, { value }]) =>
    value !== null && value < 0 ? [`${name} is negative: what is taken from it was not measured in it`] : [],
  );
}

function flagsOf(episodes: readonly EpisodeTime[]): readonly Expected[] {
  const negative = episodes.filter(({ unexplainedNs }) => unexplainedNs < 0).length;
  const outside = total(episodes.map(({ outsideNs }) => outsideNs)) / 1e9;
  const overlap = total(episodes.map(({ overlapNs }) => overlapNs)) / 1e9;
  return [
    ...(negative > 0 ? [`the residue of ${negative} episodes is negative`] : []),
    ...(outside > 0
      ? [`${outside.toFixed(3)} s of calls lay outside of their episode or call, left out`]
      : []),
    ...(overlap > 0 ? [`${overlap.toFixed(3)} s in which two things ran at once, counted once`] : []),
  ];
}
