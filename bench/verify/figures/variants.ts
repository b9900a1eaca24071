import type { EpisodeRecord } from "../../store/record.ts";
import type { RunJson } from "../../store/run-json.ts";
import type { SeenCell } from "../evidence/cell-evidence.ts";
import { get, type JsonValue } from "../evidence/json-value.ts";
import { passedOf } from "../evidence/run-facts.ts";
import type { Seen } from "../evidence/taps.ts";
import { overUnits, type Placed } from "../numbers/draws.ts";
import { rankDifference } from "../numbers/paired-draws.ts";
import { fewestFor, mean } from "../numbers/samples.ts";
import { lengthOf, ratesOf, taskOf } from "./cell.ts";
import { partOf } from "./coverage.ts";
import { NotCovered, type Expected } from "./figure.ts";

const words = new NotCovered("words");

interface Sides {
  readonly before: readonly SeenCell[];
  readonly after: readonly SeenCell[];
}

/** Each configuration of the engine against the first, in each arm at each load. undefined: the experiment has none. */
export function variantFigures(
  identity: RunJson,
  cells: readonly SeenCell[],
  report: JsonValue,
): Expected | undefined {
  const named = get(get(identity.resolved as JsonValue, "sweep"), "variants");
  if (typeof named !== "object" || named === null) return undefined;
  const [baseline, ...others] = Object.keys(named);
  if (baseline === undefined) return undefined;
  const rows = get(get(report, "variants"), "comparisons");
  const said = Array.isArray(rows) ? (rows as readonly JsonValue[]) : [];
  const places = Map.groupBy(cells, ({ facts: { planned } }) => JSON.stringify([planned.arm, planned.load]));
  const comparisons = [...places.values()].flatMap((own) =>
    others.flatMap((variant) => {
      const of = (name: string) => own.filter(({ facts }) => facts.planned.variant === name);
      const sides = { before: of(baseline), after: of(variant) };
      const { arm = "", load = "" } = own[0]?.facts.planned ?? {};
      const all = [...sides.before, ...sides.after];
      if (all.length === 0) return [];
      const row = said.find((one) =>
        Object.entries({ variant, arm, load }).every(([name, value]) => get(one, name) === value),
      );
      return {
        variant,
        arm,
        load,
        cells: all.map(({ facts }) => ({ cellId: facts.planned.cellId, verdict: words })),
        refused: words,
        quantities: get(row, "refused") === null ? quantitiesOf(identity, sides) : [],
      };
    }),
  );
  return {
    baseline,
    variants: Object.entries(named).map(([name, changes]) => ({ name, changes: changes as Expected })),
    comparisons,
  };
}

type OfEpisode = (episode: EpisodeRecord) => number | null;

function quantitiesOf({ scores, coverage }: RunJson, sides: Sides): readonly Expected[] {
  const whole =
    (of: OfEpisode): OfEpisode =>
    (episode) =>
      episode.status === "failed" ? null : of(episode);
  const covered = (quantity: Quantity): Quantity =>
    coverage === undefined
      ? quantity
      : { ...quantity, coverage: partOf(quantity.units, Math.max(quantity.units, coverage.total)) };
  const ofScore =
    (name: string): OfEpisode =>
    (episode) =>
      episode.scores?.find((score) => score.name === name)?.value ?? null;
  const passed: OfEpisode = (episode) => {
    const is = passedOf(episode);
    return is === null ? null : Number(is);
  };
  const named = scores?.names.slice(1).map(({ name }) => name) ?? [];
  return [
    ...(scores === undefined ? [] : [covered(byEpisode(["passed", ""], passed, sides))]),
    ...named.map((name) => covered(byEpisode([`score_${name}`, ""], ofScore(name), sides))),
    covered(byEpisode(["reward", ""], ({ reward }) => reward, sides)),
    byEpisode(["episode_s", "s"], whole(lengthOf), sides),
    byEpisode(
      ["requests", ""],
      whole(({ requests }) => requests),
      sides,
    ),
    byEpisode(
      ["prompt_tokens", "tokens"],
      whole(({ promptTokens }) => promptTokens),
      sides,
    ),
    byEpisode(
      ["completion_tokens", "tokens"],
      whole(({ completionTokens }) => completionTokens),
      sides,
    ),
    ...byRequest("ttft", ({ ttftMs }) => ttftMs, sides),
    ...byRequest("itl", ({ itlMs }) => itlMs, sides),
    ...byRequest("e2e", ({ e2eMs }) => e2eMs, sides),
    byCell(["episodes_per_min", "/min"], "episodesPerMinute", sides),
    byCell(["requests_per_s", "/s"], "requestsPerSecond", sides),
    byCell(["output_tokens_per_s", "/s"], "outputTokensPerSecond", sides),
  ];
}

interface Quantity {
  readonly [name: string]: Expected;
  readonly units: number;
}

interface Limits {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

type Named = readonly [name: string, unit: string];

// oxlint-disable-next-line max-params -- the cells of one row
function quantity(
  [name, unit]: Named,
  means: { readonly base: number | null; readonly target: number | null },
  difference: Limits | null,
  { basis, units }: { readonly basis: string; readonly units: number },
): Quantity {
  const { base, target } = means;
  const shares = (part: number | null) => (part === null || base === null ? null : part / Math.abs(base));
  return {
    quantity: name,
    unit,
    baselineValue: base,
    value: target,
    difference: difference && { ...difference },
    relative:
      difference === null || base === null || base === 0
        ? null
        : { value: shares(difference.value), low: shares(difference.low), high: shares(difference.high) },
    basis,
    units,
  };
}

interface Paired {
  readonly base: number;
  readonly target: number;
  readonly unit: string;
}

function byEpisode(named: Named, of: OfEpisode, { before, after }: Sides): Quantity {
  const key = (episode: EpisodeRecord) =>
    JSON.stringify([taskOf(episode), episode.trial, episode.repetition]);
  const bases = new Map<string, number>();
  for (const episode of before.flatMap(({ measured }) => measured)) {
    const value = of(episode);
    if (value !== null) bases.set(key(episode), value);
  }
  const pairs = after.flatMap(({ measured }) =>
    measured.flatMap((episode): Paired[] => {
      const [base, target] = [bases.get(key(episode)), of(episode)];
      return base === undefined || target === null ? [] : [{ base, target, unit: taskOf(episode) }];
    }),
  );
  return paired(named, pairs, "t over tasks, paired by task and trial");
}

/** What was measured once a cell, by repetition. */
function byCell(
  named: Named,
  rate: "episodesPerMinute" | "requestsPerSecond" | "outputTokensPerSecond",
  { before, after }: Sides,
): Quantity {
  const pairs = before.flatMap((cell): Paired[] => {
    const { repetition } = cell.facts.planned;
    const other = after.findLast(({ facts }) => facts.planned.repetition === repetition);
    const [base, target] = [ratesOf(cell)[rate], other === undefined ? null : ratesOf(other)[rate]];
    return base === null || target === null ? [] : [{ base, target, unit: String(repetition) }];
  });
  return paired(named, pairs, "t over pairs of cells");
}

function paired(named: Named, pairs: readonly Paired[], basis: string): Quantity {
  const differences = pairs.map(({ base, target, unit }): Placed => ({ value: target - base, unit }));
  const interval = overUnits(differences);
  const alone = mean(differences.map(({ value }) => value));
  const units = new Set(pairs.map(({ unit }) => unit)).size;
  const means = {
    base: mean(pairs.map(({ base }) => base)),
    target: mean(pairs.map(({ target }) => target)),
  };
  if (interval !== null) return quantity(named, means, interval, { basis, units });
  if (alone === null) return quantity(named, means, null, { basis: "nothing to pair", units });
  const difference = { value: alone, low: null, high: null };
  return quantity(named, means, difference, { basis: "one pair has no interval", units });
}

/** Percentiles over all requests of the tasks that both have. */
function byRequest(
  name: string,
  of: (request: Seen) => number | null,
  { before, after }: Sides,
): readonly Quantity[] {
  const [bases, targets] = [valuesByTask(before, of), valuesByTask(after, of)];
  const tasks = [...bases].flatMap(([task, base]) => {
    const target = targets.get(task);
    return target === undefined ? [] : [{ base, target }];
  });
  const counts = [bases, targets].map((sides) => [...sides.values()].flat().length);
  return ([0.5, 0.95] as const).map((share) => {
    const named: Named = [`${name}_p${share * 100}`, "ms"];
    const units = tasks.length;
    if (units === 0 || counts.some((count) => count < fewestFor(share)))
      return quantity(named, { base: null, target: null }, null, { basis: "n too small", units });
    const { base, target, interval } = rankDifference(tasks, share);
    const basis =
      interval === null ? "one pair has no interval" : "t bootstrap over tasks, the same ones in both runs";
    const { low = null, high = null } = interval ?? {};
    return quantity(named, { base, target }, { value: target - base, low, high }, { basis, units });
  });
}

/** In the order in which tasks first ran, which is that of the draws. */
function valuesByTask(cells: readonly SeenCell[], of: (request: Seen) => number | null) {
  const values = new Map<string, number[]>();
  for (const { outer, measured } of cells) {
    const requests = Map.groupBy(outer, ({ episodeId }) => episodeId);
    for (const episode of measured) {
      const own = (requests.get(episode.episodeId) ?? []).flatMap((request) =>
        request.answered ? (of(request) ?? []) : [],
      );
      if (own.length > 0) values.set(taskOf(episode), [...(values.get(taskOf(episode)) ?? []), ...own]);
    }
  }
  return values;
}
