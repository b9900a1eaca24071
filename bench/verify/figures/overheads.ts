import type { SeenCell } from "../evidence/cell-evidence.ts";
import { get, type JsonValue } from "../evidence/json-value.ts";
import type { Seen } from "../evidence/taps.ts";
import { mean } from "../numbers/samples.ts";
import { lengthOf } from "./cell.ts";
import { differenceFigures, ofEpisode, type OfEpisode } from "./differences.ts";
import { NotCovered, type Expected } from "./figure.ts";
import { shareFigures } from "./shares.ts";
import { hopsOf, type CellHops, type SeenTwice } from "./hops.ts";

interface Hopped {
  readonly cell: SeenCell;
  readonly hops: CellHops;
}

const notById = new NotCovered(
  "requests that no id joins: the report joins them by times and tokens, which is not done twice",
);
const words = new NotCovered("words");

/** Every arm against the first raw one, at each load, in each variant. Why there are no numbers is taken as the report says it. */
export function overheadFigures(cells: readonly SeenCell[], report: JsonValue): Expected {
  const hopped = cells.map((cell) => ({ cell, hops: hopsOf(cell) }));
  const rows = get(report, "overheads");
  return (Array.isArray(rows) ? (rows as JsonValue[]) : []).map((row) => {
    const of = (name: string) =>
      hopped.filter(({ cell: { facts } }) => {
        const { arm, load, variant = null } = facts.planned;
        return arm === get(row, name) && load === get(row, "load") && variant === get(row, "variant");
      });
    const [baseline, arm] = [of("baseline"), of("arm")];
    const refused = get(row, "refused") !== null;
    const compared = refused ? { baseline: [], arm: [] } : { baseline, arm };
    return {
      load: get(row, "load"),
      baseline: get(row, "baseline"),
      arm: get(row, "arm"),
      ...(get(row, "variant") !== null && { variant: get(row, "variant") }),
      cells: [...baseline, ...arm].map(({ cell }) => ({ cellId: cell.facts.planned.cellId, verdict: words })),
      refused: words,
      baselinePath: pathFigures(baseline),
      armPath: pathFigures(arm),
      firstTokenRefused: words,
      callsMayDiffer: words,
      pathMs: pathDifferences(compared, get(row, "pathMs"), ["firstByte", "firstToken", "whole"]),
      ...aboveProxy(get(row, "aboveProxy"), { of: proxiesAt(row, hopped), arm }),
      live: liveFigures(compared),
    };
  });
}

/** The cells of the run's null proxy at the load of a row. */
function proxiesAt(row: JsonValue, hopped: readonly Hopped[]): readonly Hopped[] {
  return hopped.filter(({ cell: { facts } }) => {
    const { armKind, load, variant = null } = facts.planned;
    return armKind === "null-proxy" && load === get(row, "load") && variant === get(row, "variant");
  });
}

/** The arm against the null proxy, where the report compares them. */
function aboveProxy(
  said: JsonValue,
  { of, arm }: { readonly of: readonly Hopped[]; readonly arm: readonly Hopped[] },
): { readonly [name: string]: Expected } {
  if (said === null) return {};
  const proxy = of[0]?.cell.facts.planned.arm ?? null;
  const baseline = of.filter(({ cell }) => cell.facts.planned.arm === proxy);
  const between = pathDifferences({ baseline, arm }, said, ["firstToken", "whole"]);
  return { aboveProxy: between instanceof NotCovered ? between : { proxy, ...between } };
}

interface Compared {
  readonly baseline: readonly Hopped[];
  readonly arm: readonly Hopped[];
}

function pathFigures(cells: readonly Hopped[]): Expected {
  if (cells.some(({ hops }) => !hops.byIdAlone)) return notById;
  const sum = (of: (hops: CellHops) => number) => cells.reduce((all, { hops }) => all + of(hops), 0);
  const means = cells.map(({ hops }) => hops.mean);
  const known = means.filter((one) => one !== null);
  const requests = known.reduce((all, one) => all + one.requests, 0);
  return {
    requests: sum((hops) => hops.requests),
    joined: sum(({ pairs }) => pairs.length),
    unmatched: 0,
    retried: sum(({ retried }) => retried),
    streaming: words,
    meanMs:
      known.length < means.length || requests === 0
        ? null
        : known.reduce((all, one) => all + one.ms * one.requests, 0) / requests,
  };
}

/** Milliseconds at the outer tap less those at the inner one, mean over the requests of each episode. */
export function pathDifferences(
  { baseline, arm }: Compared,
  said: JsonValue,
  names: readonly (keyof typeof spans)[],
): NotCovered | { readonly [name: string]: Expected } {
  if ([...baseline, ...arm].some(({ hops }) => !hops.byIdAlone)) return notById;
  const one = (name: keyof typeof spans): Expected => {
    // First tokens are not compared where they come all at once, or from another endpoint: nothing is said then.
    if (name !== "whole" && get(get(get(said, name), "difference"), "count") === 0) return words;
    const between = (pair: SeenTwice) => {
      const [outer, inner] = [spans[name](pair.outer), spans[name](pair.inner)];
      return outer === null || inner === null ? null : outer - inner;
    };
    return differenceFigures(pathValues(baseline, between), pathValues(arm, between), true);
  };
  return Object.fromEntries(names.map((name) => [name, one(name)]));
}

/** Milliseconds of a request at one tap. */
const spans = {
  firstByte: ({ firstByteNs, startedNs }: Seen) =>
    firstByteNs === null ? null : (firstByteNs - startedNs) / 1e6,
  firstToken: ({ ttftMs }: Seen) => ttftMs,
  whole: ({ e2eMs }: Seen): number | null => e2eMs,
} as const;

function pathValues(cells: readonly Hopped[], of: (pair: SeenTwice) => number | null): readonly OfEpisode[] {
  return cells.flatMap(({ cell, hops }) => {
    const pairs = Map.groupBy(hops.pairs, ({ episodeId }) => episodeId);
    return cell.measured.flatMap((episode) => {
      const value = mean((pairs.get(episode.episodeId) ?? []).flatMap((pair) => of(pair) ?? []));
      return value === null ? [] : [ofEpisode(episode, value)];
    });
  });
}

function liveFigures({ baseline, arm }: Compared): Expected {
  type Episode = SeenCell["measured"][number];
  const values = (cells: readonly Hopped[], of: (episode: Episode) => number | null) =>
    cells.flatMap(({ cell }) =>
      cell.measured.flatMap((episode) => {
        const value = of(episode);
        return value === null ? [] : [ofEpisode(episode, value)];
      }),
    );
  const between = (of: (episode: Episode) => number | null, isTime = false) =>
    differenceFigures(values(baseline, of), values(arm, of), isTime);
  const whole = (of: (episode: Episode) => number | null) => (episode: Episode) =>
    episode.status === "failed" ? null : of(episode);
  return {
    reward: between(({ reward }) => reward),
    seconds: between(whole(lengthOf), true),
    requests: between(whole(({ requests }) => requests)),
    promptTokens: between(whole(({ promptTokens }) => promptTokens)),
    completionTokens: between(whole(({ completionTokens }) => completionTokens)),
    ...shareFigures(
      baseline.map(({ cell }) => cell),
      arm.map(({ cell }) => cell),
    ),
  };
}
