import type { EpisodeRecord } from "../../store/record.ts";
import type { SeenCell } from "../evidence/cell-evidence.ts";
import { get, type JsonValue } from "../evidence/json-value.ts";
import { quotient, totalKnown } from "../numbers/samples.ts";
import { placeOf } from "./axes.ts";
import { passRateOver, taskOf } from "./cell.ts";
import { differenceFigures, ofEpisode } from "./differences.ts";
import { NotCovered, type Expected } from "./figure.ts";
import { hopsOf } from "./hops.ts";
import { pathDifferences } from "./overheads.ts";
import { rankOver } from "./spread.ts";

const axis = "length";
const words = new NotCovered("words");

/** What prompts of each length cost: rows by load and arm, and each arm against the first raw one. undefined: no task has a length. */
export function lengthFigures(cells: readonly SeenCell[], report: JsonValue): Expected | undefined {
  const said = listOf(get(get(report, "lengths"), "differences"));
  const groups = [...Map.groupBy(cells, ({ facts }) => facts.planned.variant).values()];
  const rows = groups.flatMap((own) =>
    placesOf(own).flatMap((place) => lengthsOf(own).flatMap((length) => rowOf(place, length) ?? [])),
  );
  if (rows.length === 0) return undefined;
  const differences = groups.flatMap((own) => {
    const baseline = own.find(({ facts }) => facts.planned.armKind === "raw")?.facts.planned.arm;
    if (baseline === undefined) return [];
    return placesOf(own).flatMap((place) => {
      const { arm, load } = nameOf(place);
      if (arm === baseline) return [];
      const raw = own.filter(({ facts }) => facts.planned.arm === baseline && facts.planned.load === load);
      return lengthsOf(own).flatMap((length) => betweenArms({ raw, own: place, length, said }) ?? []);
    });
  });
  return { rows, differences };
}

function listOf(value: JsonValue): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

/** The cells of each arm at each load. */
function placesOf(cells: readonly SeenCell[]): readonly (readonly SeenCell[])[] {
  return [
    ...Map.groupBy(cells, ({ facts: { planned } }) => JSON.stringify([planned.load, planned.arm])).values(),
  ];
}

function nameOf(cells: readonly SeenCell[]) {
  const { arm = "", load = "", variant } = cells[0]?.facts.planned ?? {};
  return { load, arm, ...(variant !== undefined && { variant }) };
}

function lengthsOf(cells: readonly SeenCell[]): readonly number[] {
  const found = cells.flatMap(({ facts }) => facts.episodes.map((one) => placeOf(one, axis)));
  return [...new Set(found.filter((place) => typeof place === "number"))].sort((a, b) => a - b);
}

function rowOf(cells: readonly SeenCell[], length: number): Expected | null {
  const own = (episodes: readonly EpisodeRecord[]) =>
    episodes.filter((episode) => placeOf(episode, axis) === length);
  const episodes = cells.flatMap(({ facts }) => own(facts.episodes));
  if (episodes.length === 0) return null;
  // Of an episode of several requests nobody knows which one had the length.
  const single = cells.flatMap((cell) =>
    own(cell.measured)
      .filter(({ requests }) => requests === 1)
      .flatMap((episode) => {
        const ttftMs = onlyTtft(cell, episode);
        return ttftMs === null ? [] : [{ episode, ttftMs, unit: taskOf(episode) }];
      }),
  );
  const times = single.map(({ ttftMs, unit }) => ({ value: ttftMs, unit }));
  const prefill = single.flatMap(({ episode: { promptTokens, cachedTokens }, ttftMs, unit }) =>
    promptTokens === null || cachedTokens === null || ttftMs <= 0
      ? []
      : [{ value: ((promptTokens - cachedTokens) * 1000) / ttftMs, unit }],
  );
  return {
    ...nameOf(cells),
    length,
    episodes: episodes.length,
    passed: passRateOver(
      episodes,
      cells.some(({ failing }) => failing),
    ),
    ttftMs: { p50: rankOver(times, 0.5), p95: rankOver(times, 0.95) },
    prefillTokensPerSecond: rankOver(prefill, 0.5),
    cachedShare: cachedShareOf(episodes),
    promptTokens: promptTokensOf(episodes, length),
  };
}

/** Of the answered request of an episode; null where none or several have a first token. */
function onlyTtft({ outer }: SeenCell, { episodeId }: EpisodeRecord): number | null {
  const times = outer.flatMap((request) =>
    request.answered && request.episodeId === episodeId ? (request.ttftMs ?? []) : [],
  );
  return times.length === 1 ? (times[0] ?? null) : null;
}

function cachedShareOf(episodes: readonly EpisodeRecord[]): number | null {
  const asked = episodes.filter(({ status, requests }) => status !== "failed" && requests > 0);
  return quotient(
    totalKnown(asked.map(({ cachedTokens }) => cachedTokens)),
    totalKnown(asked.map(({ promptTokens }) => promptTokens)),
  );
}

function promptTokensOf(episodes: readonly EpisodeRecord[], length: number): Expected {
  const counts = { equal: 0, fewer: 0, more: 0, notTold: 0 };
  for (const { requests, status, promptTokens } of episodes) {
    if (requests !== 1 || status === "failed") continue;
    if (promptTokens === null) counts.notTold += 1;
    else if (promptTokens === length) counts.equal += 1;
    else counts[promptTokens < length ? "fewer" : "more"] += 1;
  }
  return counts;
}

interface Sides {
  readonly raw: readonly SeenCell[];
  readonly own: readonly SeenCell[];
  readonly length: number;
  /** The differences of the report, for why there are no numbers. */
  readonly said: readonly JsonValue[];
}

function betweenArms({ raw, own, length, said }: Sides): Expected | null {
  const narrowed = (cells: readonly SeenCell[]) =>
    cells.map((cell) => ({
      ...cell,
      measured: cell.measured.filter((episode) => placeOf(episode, axis) === length),
    }));
  const [before, after] = [narrowed(raw), narrowed(own)];
  if (after.every(({ measured }) => measured.length === 0)) return null;
  const names = nameOf(own);
  const row =
    said.find((one) =>
      Object.entries({ ...names, length }).every(([name, value]) => get(one, name) === value),
    ) ?? null;
  const used = get(row, "refused") === null ? { before, after } : { before: [], after: [] };
  const values = (
    cells: readonly SeenCell[],
    of: (cell: SeenCell, episode: EpisodeRecord) => number | null,
  ) =>
    cells.flatMap((cell) =>
      cell.measured.flatMap((episode) => {
        const value = of(cell, episode);
        return value === null ? [] : [ofEpisode(episode, value)];
      }),
    );
  const reward = (_: SeenCell, episode: EpisodeRecord) => episode.reward;
  const hopped = (cells: readonly SeenCell[]) => cells.map((cell) => ({ cell, hops: hopsOf(cell) }));
  return {
    ...names,
    baseline: nameOf(raw).arm,
    length,
    refused: words,
    firstTokenRefused: words,
    pathMs: pathDifferences({ baseline: hopped(used.before), arm: hopped(used.after) }, get(row, "pathMs"), [
      "firstToken",
      "whole",
    ]),
    ttftMs: differenceFigures(values(used.before, onlyTtft), values(used.after, onlyTtft), true),
    ...cacheApart(before, after),
    reward: differenceFigures(values(used.before, reward), values(used.after, reward), false),
  };
}

/** More than two hundredths of the prompts were in the cache in one of the arms only. */
function cacheApart(before: readonly SeenCell[], after: readonly SeenCell[]) {
  const [raw, arm] = [before, after].map((cells) => cachedShareOf(cells.flatMap(({ measured }) => measured)));
  if (raw == null || arm == null || Math.abs(raw - arm) <= 0.02) return {};
  const [one, other] = [raw, arm].map((share) => `${(share * 100).toFixed(1)} %`);
  return { ttftRefused: `raw found ${one} of its prompts in the prefix cache, the arm ${other}` };
}
