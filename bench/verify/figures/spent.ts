import type { EpisodeRecord } from "../../store/record.ts";
import type { SeenCell } from "../evidence/cell-evidence.ts";
import type { Seen } from "../evidence/taps.ts";
import { total } from "../numbers/samples.ts";

interface Span {
  readonly startedNs: number;
  readonly endedNs: number;
}

/** Of several things that run at once a moment is the first one's. */
const innermost = ["decode", "firstToken", "engineUnsplit", "path", "callUnsplit", "tool", "user"] as const;
const gaps = ["agentBefore", "agentBetween", "agentAfter", "userBetween"] as const;
export type TimePart = (typeof innermost)[number] | (typeof gaps)[number];

/** Where the time of one episode went, nanoseconds. */
export interface EpisodeTime {
  readonly lengthNs: number;
  readonly parts: Readonly<Record<TimePart, number>>;
  readonly turns: number;
  readonly sessionNs: number;
  readonly unexplainedNs: number;
  /** Two things at once, counted once. */
  readonly overlapNs: number;
  /** Outside of the episode, or of the call that it was for. */
  readonly outsideNs: number;
  readonly calls: number;
}

/**
 * By episode id, of a cell's measured episodes that did not fail. null where ids do not tell which request of the engine belongs to which of
 * the agent: the report then joins by times, which is not done twice.
 */
export function spentIn(cell: SeenCell): ReadonlyMap<string, EpisodeTime> | null {
  const { outer, inner, used, whole } = cell;
  const asked = Map.groupBy(outer, ({ requestId }) => requestId);
  const behind = Map.groupBy(inner, ({ requestId }) => requestId);
  const alone = outer.some(({ requestId }) => !behind.has(requestId));
  if (alone && inner.some(({ requestId }) => asked.get(requestId)?.length !== 1)) return null;
  const seen = Map.groupBy(
    used.flatMap((one) => one.seen),
    ({ attemptKey }) => attemptKey,
  );
  const tools = Map.groupBy(
    used.flatMap((one) => one.tools),
    ({ attemptKey }) => attemptKey,
  );
  return new Map(
    whole.flatMap((episode) => {
      const { attemptKey, episodeId } = episode;
      if (attemptKey === undefined) return [];
      const own = seen.get(attemptKey) ?? [];
      const found = spentOf(episode, {
        agent: own
          .filter(({ hop }) => hop === "outer")
          .map((call) => ({ call, engine: behind.get(call.requestId) ?? [] })),
        user: own.filter(({ hop }) => hop === "user"),
        tools: tools.get(attemptKey) ?? [],
      });
      return [[episodeId, found] as const];
    }),
  );
}

interface Seconds {
  readonly agent: readonly { readonly call: Seen; readonly engine: readonly Seen[] }[];
  readonly user: readonly Span[];
  readonly tools: readonly Span[];
}

function spentOf(episode: EpisodeRecord, { agent, user, tools }: Seconds): EpisodeTime {
  const clip = (span: Span) => inside(span, episode);
  const calls = [
    ...agent.map(({ call }) => ({ ...clip(call), side: "agent" })),
    ...user.map((span) => ({ ...clip(span), side: "user" })),
  ].sort((a, b) => a.startedNs - b.startedNs);
  const running = [
    ...agent.flatMap(({ call, engine }) => callParts(clip(call), engine)),
    ...user.map((span) => ({ ...clip(span), part: "user" as const })),
    ...tools.map((span) => ({ ...clip(span), part: "tool" as const })),
  ].filter((span) => sizeOf(span) > 0);
  const parts = Object.fromEntries([...innermost, ...gaps].map((part) => [part, 0])) as Record<
    TimePart,
    number
  >;
  let around = 0;
  const edges = [episode, ...running, ...calls].flatMap(({ startedNs, endedNs }) => [startedNs, endedNs]);
  const moments = [...new Set(edges)].sort((a, b) => a - b);
  for (const [index, from] of moments.slice(0, -1).entries()) {
    const to = moments[index + 1] ?? from;
    const now = running.filter((span) => span.startedNs <= from && span.endedNs >= to);
    const part = innermost.find((name) => now.some((span) => span.part === name)) ?? gapAt(from, calls);
    if (part === null) around += to - from;
    else parts[part] += to - from;
  }
  const top = [...agent.map(({ call }) => call), ...user, ...tools];
  const kept = top.map(clip);
  const sessionNs = sessionOf(episode);
  const beside = agent.flatMap(({ call, engine }) =>
    engine.map((one) => sizeOf(one) - sizeOf(inside(one, call))),
  );
  return {
    lengthNs: sizeOf(episode),
    parts,
    turns: turnsOf(calls.map(({ side }) => side)),
    sessionNs,
    unexplainedNs: around - sessionNs,
    overlapNs: total(kept.map(sizeOf)) - coveredBy(kept),
    outsideNs: total(top.map(sizeOf)) - total(kept.map(sizeOf)) + total(beside),
    calls: agent.length,
  };
}

function sizeOf({ startedNs, endedNs }: Span): number {
  return endedNs - startedNs;
}

function inside(span: Span, { startedNs, endedNs }: Span): Span {
  const from = Math.max(startedNs, Math.min(span.startedNs, endedNs));
  return { startedNs: from, endedNs: Math.max(from, Math.min(span.endedNs, endedNs)) };
}

function callParts(call: Span, engine: readonly Seen[]): readonly (Span & { readonly part: TimePart })[] {
  if (engine.length === 0) return [{ ...call, part: "callUnsplit" }];
  const parts = engine.flatMap((request): readonly (Span & { readonly part: TimePart })[] => {
    const { startedNs, endedNs } = inside(request, call);
    const { firstTokenNs } = request;
    if (firstTokenNs === null) return [{ startedNs, endedNs, part: "engineUnsplit" }];
    const first = Math.max(startedNs, Math.min(firstTokenNs, endedNs));
    return [
      { startedNs, endedNs: first, part: "firstToken" },
      { startedNs: first, endedNs, part: "decode" },
    ];
  });
  return [...parts, { ...call, part: "path" }];
}

type Call = Span & { readonly side: string };

/** Nothing runs: whose turn it is, by the last model call that has begun and the next one; null before the first and after the last. */
function gapAt(moment: number, calls: readonly Call[]): TimePart | null {
  const last = calls.findLastIndex(({ startedNs }) => startedNs <= moment);
  const [before, after] = [calls[last]?.side, calls[last + 1]?.side];
  if (last === -1 || before === undefined || after === undefined) return null;
  if (before === "user") return after === "user" ? "userBetween" : "agentBefore";
  return after === "agent" ? "agentBetween" : "agentAfter";
}

/** One more each time that the user is asked after the agent has answered. */
function turnsOf(sides: readonly string[]): number {
  if (sides.length === 0) return 0;
  return 1 + sides.filter((side, index) => side === "user" && sides[index - 1] === "agent").length;
}

function sessionOf({ sessionMs }: EpisodeRecord): number {
  const { start, reward, export: exported } = sessionMs ?? { start: 0, reward: 0, export: 0 };
  return Math.round(((start ?? 0) + (reward ?? 0) + (exported ?? 0)) * 1e6);
}

/** Time in which at least one of them runs. */
function coveredBy(spans: readonly Span[]): number {
  const moments = [...new Set(spans.flatMap(({ startedNs, endedNs }) => [startedNs, endedNs]))].sort(
    (a, b) => a - b,
  );
  let covered = 0;
  for (const [index, from] of moments.slice(0, -1).entries()) {
    const to = moments[index + 1] ?? from;
    if (spans.some((span) => span.startedNs <= from && span.endedNs >= to)) covered += to - from;
  }
  return covered;
}
