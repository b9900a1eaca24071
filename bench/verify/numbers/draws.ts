import { studentPoint } from "./student.ts";
import { mean, variance } from "./samples.ts";

/** A value and the unit (episode, task) that it comes from. */
export interface Placed {
  readonly value: number;
  readonly unit: string;
}

export interface DrawnLimits {
  readonly low: number;
  readonly high: number;
}

const nothing = { low: null, high: null } as const;
const resamples = 400;
/** The draws of every report begin with it, so that they can be repeated here. */
const seed = 20_261_121;
const fewestUnits = 10;

/**
 * The t bootstrap of docs/columns.md over the units, for a mean (`"mean"`) or the percentile of a share, on the log scale where all
 * values are positive. The generator is sfc32, the draws those of the report: the same units in the same order.
 */
export function bootstrapped(placed: readonly Placed[], what: "mean" | number): DrawnLimits | typeof nothing {
  const groups = [...Map.groupBy(placed, ({ unit }) => unit).values()];
  if (groups.length < fewestUnits) return nothing;
  const sorted = groups
    .flatMap((members, unit) => members.map(({ value }) => ({ value, unit })))
    .sort((a, b) => a.value - b.value);
  const smallest = sorted[0]?.value ?? 0;
  const scale = smallest > 0 ? Math.log : (value: number) => value;
  const statistic = (copies: Uint8Array) =>
    scale(what === "mean" ? weightedMean(sorted, copies) : weightedRank(sorted, copies, what));
  const numbers = countedDraws(groups.length).map(statistic);
  const middle = statistic(new Uint8Array(groups.length).fill(1));
  const spread = Math.sqrt(variance(numbers)) * Math.sqrt(groups.length / (groups.length - 1));
  const half = studentPoint(groups.length - 1) * spread;
  const [low, high] = [middle - half, middle + half];
  if (smallest > 0) return { low: Math.exp(low), high: Math.exp(high) };
  return { low: smallest < 0 ? low : Math.max(0, low), high };
}

type Sorted = readonly { readonly value: number; readonly unit: number }[];

function weightedMean(sorted: Sorted, copies: Uint8Array): number {
  let [sum, count] = [0, 0];
  for (const { value, unit } of sorted) {
    sum += value * (copies[unit] ?? 0);
    count += copies[unit] ?? 0;
  }
  return sum / count;
}

export function weightedRank(sorted: Sorted, copies: Uint8Array, share: number): number {
  let count = 0;
  for (const { unit } of sorted) count += copies[unit] ?? 0;
  const rank = (count - 1) * share;
  let [passed, below, above] = [0, Number.NaN, Number.NaN];
  for (const { value, unit } of sorted) {
    passed += copies[unit] ?? 0;
    if (Number.isNaN(below) && passed > Math.floor(rank)) below = value;
    if (passed <= Math.ceil(rank)) continue;
    above = value;
    break;
  }
  return below + (above - below) * (rank - Math.floor(rank));
}

/** Of the last number of units: the columns of a cell have the same ones. A byte a unit, because none is drawn 256 times. */
let last: { readonly units: number; readonly draws: readonly Uint8Array[] } = { units: 0, draws: [] };

/** How often each unit is in each of the resamples; the first ones are the same however many there are. */
export function countedDraws(units: number, count = resamples): readonly Uint8Array[] {
  if (last.units === units && last.draws.length === count) return last.draws;
  const next = smallFastCounter();
  const draws = Array.from({ length: count }, () => {
    const copies = new Uint8Array(units);
    for (let draw = 0; draw < units; draw += 1) {
      const unit = Math.floor(next() * units);
      copies[unit] = (copies[unit] ?? 0) + 1;
    }
    return copies;
  });
  last = { units, draws };
  return draws;
}

/** sfc32 of Doty-Humphrey, in unsigned words; seeded with (high word, low word, golden ratio, 1) and stirred twelve times. */
function smallFastCounter(): () => number {
  const words = Uint32Array.of(Math.floor(seed / 2 ** 32), seed, 0x9e_37_79_b9, 1);
  const next = () => {
    const [a = 0, b = 0, c = 0, counter = 0] = words;
    const result = (a + b + counter) >>> 0;
    words[0] = b ^ (b >>> 9);
    words[1] = c + (c << 3);
    words[2] = ((c << 21) | (c >>> 11)) + result;
    words[3] = counter + 1;
    return result / 2 ** 32;
  };
  for (let round = 0; round < 12; round += 1) next();
  return next;
}

/** Mean of the means of units, with Student's interval over them; null below two. */
export function overUnits(
  placed: readonly Placed[],
): { readonly value: number; readonly low: number; readonly high: number } | null {
  const means = unitMeans(placed);
  const value = mean(means);
  if (means.length < 2 || value === null) return null;
  const half = studentPoint(means.length - 1) * Math.sqrt(variance(means) / means.length);
  return { value, low: value - half, high: value + half };
}

export function unitMeans(placed: readonly Placed[]): readonly number[] {
  return [...Map.groupBy(placed, ({ unit }) => unit).values()].map(
    (members) => mean(members.map(({ value }) => value)) ?? 0,
  );
}
