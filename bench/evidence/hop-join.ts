import { isAnswered, type TapTiming } from "./tap-timing.ts";
import { isGenerationRequest } from "../workload/exchange.ts";

/**
 * How it is known that two exchanges are one request. `request-id`: the gateway passed `x-tollgate-request` on.
 * `session`: it passed the attempt on, and the inner exchange lies within the outer one. `time-and-tokens`: it passed
 * nothing on; the inner exchange lies within the outer one, prompt and completion tokens are equal, and no other
 * pairing of these exchanges is possible.
 */
export const joinMethods = ["request-id", "session", "time-and-tokens"] as const;
export type JoinMethod = (typeof joinMethods)[number];

/** One request as both taps saw it. */
export interface HopPair {
  readonly outer: TapTiming;
  readonly inner: TapTiming;
  readonly method: JoinMethod;
}

export interface HopJoin {
  readonly pairs: readonly HopPair[];
  /** Answered generation requests of episodes at the outer tap: what could have been joined. */
  readonly requests: number;
  /** Of them, those without a partner, or with more than one that it could be. */
  readonly unmatched: number;
  /** Of them, those that the gateway sent more than once: their difference would hold a whole model call. */
  readonly retried: number;
  readonly mean: MeanDifference | { readonly refused: string };
}

/** Means over one set of requests that both taps saw, without knowing which is which; milliseconds, outer minus inner. */
interface MeanDifference {
  readonly requests: number;
  readonly wholeMs: number;
  readonly firstByteMs: number;
  /** null where a hop did not stream. */
  readonly firstTokenMs: number | null;
}

/** A gateway may answer its client before it has read the engine's last byte. */
const endSlackNs = 10e6;

/** Joins the outer and the inner exchanges of one arm, by the best method for each. Pure; any order. */
export function joinHops(timings: readonly TapTiming[]): HopJoin {
  const generations = timings.filter(isGenerationRequest);
  const outer = generations.filter(({ hop, episodeId }) => hop === "outer" && episodeId !== null);
  const inner = generations.filter(({ hop }) => hop === "inner");
  const answered = outer.filter(isAnswered);
  const byId = joinById(answered, inner);
  const bySession = joinContained(byId.outer, byId.inner, {
    method: "session",
    matches: (a, b) => a.attemptKey !== null && a.attemptKey === b.attemptKey,
  });
  const byTokens = joinContained(bySession.outer, bySession.inner, {
    method: "time-and-tokens",
    matches: (a, b) => b.attemptKey === null && sameTokens(a, b),
  });
  return {
    pairs: [...byId.pairs, ...bySession.pairs, ...byTokens.pairs],
    requests: answered.length,
    unmatched: byTokens.outer.length,
    retried: byId.retried + bySession.retried + byTokens.retried,
    mean: meanDifference(outer, inner),
  };
}

interface Joined {
  readonly pairs: readonly HopPair[];
  readonly retried: number;
  /** What is left for the next method. */
  readonly outer: readonly TapTiming[];
  readonly inner: readonly TapTiming[];
}

/** An id that came to the outer tap twice says of no inner exchange whose it is: both are left for the next method. */
function joinById(outer: readonly TapTiming[], inner: readonly TapTiming[]): Joined {
  const byId = Map.groupBy(inner, ({ requestId }) => requestId);
  const asked = Map.groupBy(outer, ({ requestId }) => requestId);
  const isOnce = ({ requestId }: TapTiming) => asked.get(requestId)?.length === 1;
  const known = new Set(outer.filter(isOnce).map(({ requestId }) => requestId));
  const tried = outer.map((timing) => ({
    timing,
    inner: isOnce(timing) ? (byId.get(timing.requestId) ?? []) : [],
  }));
  return {
    pairs: tried.flatMap(({ timing, inner: [only, ...more] }) =>
      only === undefined || more.length > 0 || !isAnswered(only)
        ? []
        : [{ outer: timing, inner: only, method: "request-id" as const }],
    ),
    retried: tried.filter(({ inner }) => inner.length > 1).length,
    outer: tried.flatMap(({ timing, inner }) =>
      inner.length === 0 || (inner.length === 1 && !inner.every(isAnswered)) ? [timing] : [],
    ),
    inner: inner.filter(({ requestId }) => !known.has(requestId)),
  };
}

interface Containment {
  readonly method: JoinMethod;
  /** Whether the two may be one request, apart from their times. */
  readonly matches: (outer: TapTiming, inner: TapTiming) => boolean;
}

/**
 * Pairs what lies within what, where only one pairing is possible. Exchanges that could belong together form a group;
 * in a group with more exchanges on one side than on the other an exchange is missing, and none of the group is joined: a
 * wrong pair would give a wrong number that looks right.
 */
function joinContained(
  outer: readonly TapTiming[],
  inner: readonly TapTiming[],
  { method, matches }: Containment,
): Joined {
  const sorted = inner.toSorted((a, b) => a.startedNs - b.startedNs);
  const pairs: HopPair[] = [];
  const unmatched: TapTiming[] = [];
  let retried = 0;
  const candidates = new Map<TapTiming, Set<TapTiming>>();
  for (const timing of outer) {
    const within = containedIn(timing, sorted);
    const possible = within.filter((other) => matches(timing, other) && isAnswered(other));
    const failed = within.some((other) => !isAnswered(other) && mayBeOf(timing, other));
    if (failed && possible.length > 0) retried += 1;
    else candidates.set(timing, new Set(possible));
  }
  for (const group of groupsOf(candidates)) {
    const found = onlyPairing(group);
    if (found === null) for (const timing of group.keys()) unmatched.push(timing);
    else for (const [outer, inner] of found) pairs.push({ outer, inner, method });
  }
  const used = new Set(pairs.map(({ inner }) => inner));
  return { pairs, retried, outer: unmatched, inner: inner.filter((timing) => !used.has(timing)) };
}

/** A failed inner exchange has no token counts: without an attempt key it may belong to any outer exchange. */
function mayBeOf(outer: TapTiming, inner: TapTiming): boolean {
  return inner.attemptKey === null || inner.attemptKey === outer.attemptKey;
}

function containedIn(outer: TapTiming, sorted: readonly TapTiming[]): TapTiming[] {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle]?.startedNs ?? 0) < outer.startedNs) from = middle + 1;
    else to = middle;
  }
  const within: TapTiming[] = [];
  for (let at = from; at < sorted.length; at += 1) {
    const inner = sorted[at];
    if (inner === undefined || inner.startedNs > outer.endedNs) break;
    if (inner.endedNs <= outer.endedNs + endSlackNs) within.push(inner);
  }
  return within;
}

function sameTokens({ usage: a }: TapTiming, { usage: b }: TapTiming): boolean {
  return (
    a !== null && b !== null && a.promptTokens === b.promptTokens && a.completionTokens === b.completionTokens
  );
}

type Candidates = Map<TapTiming, Set<TapTiming>>;

/** Outer exchanges that share a candidate, directly or through others. */
function groupsOf(candidates: Candidates): readonly Candidates[] {
  const wanting = new Map<TapTiming, TapTiming[]>();
  for (const [outer, possible] of candidates)
    for (const inner of possible) wanting.set(inner, [...(wanting.get(inner) ?? []), outer]);
  const seen = new Set<TapTiming>();
  return [...candidates.keys()].flatMap((first) => {
    if (seen.has(first)) return [];
    seen.add(first);
    const members = [first];
    for (const outer of members) {
      for (const inner of candidates.get(outer) ?? []) {
        for (const other of wanting.get(inner) ?? []) {
          if (seen.has(other)) continue;
          seen.add(other);
          members.push(other);
        }
      }
    }
    return [new Map(members.map((outer) => [outer, candidates.get(outer) ?? new Set()]))];
  });
}

/** The pairing of all outer with all inner exchanges of a group, if there is exactly one; null otherwise. */
function onlyPairing(group: Candidates): readonly (readonly [TapTiming, TapTiming])[] | null {
  const inner = new Set([...group.values()].flatMap((possible) => [...possible]));
  if (inner.size !== group.size) return null;
  const pairs: (readonly [TapTiming, TapTiming])[] = [];
  const left = new Map([...group].map(([outer, possible]) => [outer, new Set(possible)]));
  while (left.size > 0) {
    // In a bipartite graph with exactly one perfect matching some member has a single candidate (Kotzig).
    const forced = [...left].find(([, possible]) => possible.size === 1);
    const partner = forced?.[1].values().next().value;
    if (forced === undefined || partner === undefined) return null;
    pairs.push([forced[0], partner]);
    left.delete(forced[0]);
    for (const possible of left.values()) possible.delete(partner);
  }
  return pairs;
}

/** A mean does not need to know which exchanges belong together, if both taps saw the same requests. */
function meanDifference(outer: readonly TapTiming[], inner: readonly TapTiming[]): HopJoin["mean"] {
  const refused = unequalSets(outer, inner);
  if (refused !== null) return { refused };
  const mean = (of: (timing: TapTiming) => number | null) => {
    const [before, after] = [sumOf(outer, of), sumOf(inner, of)];
    return before === null || after === null ? null : (before - after) / outer.length / 1e6;
  };
  const [wholeMs, firstByteMs] = [
    mean(({ startedNs, endedNs }) => endedNs - startedNs),
    mean(({ startedNs, firstByteNs }) => (firstByteNs === null ? null : firstByteNs - startedNs)),
  ];
  if (wholeMs === null || firstByteMs === null) return { refused: "an answered request has no first byte" };
  const firstTokenMs = mean(({ startedNs, firstTokenNs, streamed }) =>
    firstTokenNs === null || !streamed ? null : firstTokenNs - startedNs,
  );
  return { requests: outer.length, wholeMs, firstByteMs, firstTokenMs };
}

function unequalSets(outer: readonly TapTiming[], inner: readonly TapTiming[]): string | null {
  if (outer.length === 0) return "no request passed the outer tap";
  if (outer.length !== inner.length) {
    return `unequal request counts: ${outer.length} at the outer tap, ${inner.length} at the inner tap`;
  }
  if (![...outer, ...inner].every(isAnswered)) return "not every request was answered";
  for (const [name, of] of [
    ["prompt", (timing: TapTiming) => timing.usage?.promptTokens ?? null],
    ["completion", (timing: TapTiming) => timing.usage?.completionTokens ?? null],
  ] as const) {
    const [before, after] = [sumOf(outer, of), sumOf(inner, of)];
    if (before === null || after === null) return `not every answer tells its ${name} tokens`;
    if (before !== after) {
      return `unequal ${name} tokens: ${before} at the outer tap, ${after} at the inner tap`;
    }
  }
  return null;
}

/** null when one of them is not known. */
function sumOf(timings: readonly TapTiming[], of: (timing: TapTiming) => number | null): number | null {
  let sum = 0;
  for (const timing of timings) {
    const value = of(timing);
    if (value === null) return null;
    sum += value;
  }
  return sum;
}
