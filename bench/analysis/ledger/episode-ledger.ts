import type { AgentCall, EpisodeStamps, Span } from "../../evidence/episode-stamps.ts";

/**
 * Where the time of an episode went. Every moment between its start and its end belongs to exactly one part, so that the
 * parts and what they do not explain add up to its length, to the nanosecond.
 */

/** Parts that are read off the stamps of one episode, in the order in which a turn has them. */
export const stampedParts = [
  /** Nothing known is running, between the user's message and the agent's first model call. */
  "agentBefore",
  /** Between two model calls of the agent, tool time taken out. */
  "agentBetween",
  /** From the agent's last model call until the user is asked. */
  "agentAfter",
  /** Inside the outer tap and outside the inner one: the taps themselves and the gateway between them. */
  "path",
  /** At the engine until the first token: queue and prefill. */
  "firstToken",
  /** At the engine from the first token to the end of its answer. */
  "decode",
  /** At the engine, for an answer that was not streamed: its first token was not seen. */
  "engineUnsplit",
  /** A call that no inner tap saw: gateway and engine together. */
  "callUnsplit",
  /** Tools of the agent and of the user, from request to answer. */
  "tool",
  /** Model calls of the simulated user. */
  "user",
  /** Between two calls of the user's side, tool time taken out. */
  "userBetween",
] as const;
export type StampedPart = (typeof stampedParts)[number];
export type PartTimes = Readonly<Record<StampedPart, number>>;

export interface EpisodeLedger {
  readonly lengthNs: number;
  /** A turn: the user speaks, the agent answers. */
  readonly turns: readonly PartTimes[];
  readonly sessionNs: number;
  /**
   * What no part explains: the environment's set-up before the first call, the evaluation after the last one, less the
   * session calls. Negative when session calls took longer than all of that, which says that they overlap something.
   */
  readonly unexplainedNs: number;
  /** Time in which two calls or tools ran at once; it is counted once above. */
  readonly overlapNs: number;
  /** Time of calls and tools outside of the episode, or of the engine outside of the call it worked for; left out above. */
  readonly outsideNs: number;
  readonly agentCalls: number;
}

/** Pure. Throws RangeError for an episode that ends before it starts: stamps of two clocks were mixed. */
export function buildLedger(stamps: EpisodeStamps): EpisodeLedger {
  const lengthNs = stamps.endedNs - stamps.startedNs;
  if (!(lengthNs >= 0)) throw new RangeError(`an episode cannot take ${lengthNs} ns`);
  const calls = modelCalls(stamps);
  const turns = turnNumbers(calls);
  const ledgers = Array.from({ length: (turns.at(-1) ?? -1) + 1 }, emptyTimes);
  let outsideTurnsNs = 0;
  let position = -1;
  for (const { startedNs, endedNs, part } of pieces(stamps)) {
    while (calls[position + 1] !== undefined && (calls[position + 1]?.startedNs ?? 0) <= startedNs)
      position += 1;
    const name = part ?? gapPart(calls[position], calls[position + 1]);
    const ledger = ledgers[turns[Math.max(0, position)] ?? 0];
    if (name === null || ledger === undefined) outsideTurnsNs += endedNs - startedNs;
    else ledger[name] += endedNs - startedNs;
  }
  const top = [...stamps.agentCalls, ...stamps.userCalls, ...stamps.tools];
  return {
    lengthNs,
    turns: ledgers,
    sessionNs: stamps.sessionNs,
    unexplainedNs: outsideTurnsNs - stamps.sessionNs,
    overlapNs: overlapOf(top.map((span) => within(span, stamps))),
    outsideNs: outsideOf(stamps, top),
    agentCalls: stamps.agentCalls.length,
  };
}

/** Sum over the turns. */
export function totalOf({ turns }: EpisodeLedger): PartTimes {
  const total = emptyTimes();
  for (const turn of turns) for (const part of stampedParts) total[part] += turn[part];
  return total;
}

function emptyTimes(): Record<StampedPart, number> {
  return {
    agentBefore: 0,
    agentBetween: 0,
    agentAfter: 0,
    path: 0,
    firstToken: 0,
    decode: 0,
    engineUnsplit: 0,
    callUnsplit: 0,
    tool: 0,
    user: 0,
    userBetween: 0,
  };
}

type ModelCall = Span & { readonly side: "agent" | "user" };

function modelCalls(stamps: EpisodeStamps): readonly ModelCall[] {
  return [
    ...stamps.agentCalls.map((span) => ({ ...within(span, stamps), side: "agent" as const })),
    ...stamps.userCalls.map((span) => ({ ...within(span, stamps), side: "user" as const })),
  ].sort((a, b) => a.startedNs - b.startedNs);
}

/** A turn begins when the user is asked after the agent has answered. */
function turnNumbers(calls: readonly ModelCall[]): readonly number[] {
  let turn = 0;
  return calls.map(({ side }, index) => {
    if (side === "user" && calls[index - 1]?.side === "agent") turn += 1;
    return turn;
  });
}

/** What it is when nothing that we know of runs, by the model calls on both sides; null outside of all turns. */
function gapPart(before: ModelCall | undefined, after: ModelCall | undefined): StampedPart | null {
  if (before === undefined || after === undefined) return null;
  if (before.side === "user") return after.side === "user" ? "userBetween" : "agentBefore";
  return after.side === "agent" ? "agentBetween" : "agentAfter";
}

interface Piece extends Span {
  /** null: nothing that we know of runs. */
  readonly part: StampedPart | null;
}

/** Where several things run at once a moment belongs to the first of these that does. */
const innermostFirst = [
  "decode",
  "firstToken",
  "engineUnsplit",
  "path",
  "callUnsplit",
  "tool",
  "user",
] as const satisfies readonly StampedPart[];

/** The episode cut into stretches in which the same things run. Stretches never cross the start of a model call. */
function pieces(stamps: EpisodeStamps): readonly Piece[] {
  const spans = knownSpans(stamps);
  const edges = spans.flatMap(({ startedNs, endedNs, part }) => [
    { atNs: startedNs, part, change: 1 },
    { atNs: endedNs, part, change: -1 },
  ]);
  edges.sort((a, b) => a.atNs - b.atNs);
  const running = new Map<StampedPart, number>();
  const found: Piece[] = [];
  let fromNs = stamps.startedNs;
  const close = (toNs: number) => {
    if (toNs <= fromNs) return;
    const part = innermostFirst.find((name) => (running.get(name) ?? 0) > 0) ?? null;
    found.push({ startedNs: fromNs, endedNs: toNs, part });
    fromNs = toNs;
  };
  for (const { atNs, part, change } of edges) {
    close(atNs);
    running.set(part, (running.get(part) ?? 0) + change);
  }
  close(stamps.endedNs);
  return found;
}

function knownSpans(stamps: EpisodeStamps): readonly (Span & { readonly part: StampedPart })[] {
  const spans = [
    ...stamps.agentCalls.flatMap((call) => callSpans({ ...call, ...within(call, stamps) })),
    ...stamps.userCalls.map((span) => ({ ...within(span, stamps), part: "user" as const })),
    ...stamps.tools.map((span) => ({ ...within(span, stamps), part: "tool" as const })),
  ];
  return spans.filter(({ startedNs, endedNs }) => endedNs > startedNs);
}

function callSpans(call: AgentCall): readonly (Span & { readonly part: StampedPart })[] {
  if (call.inner.length === 0) return [{ ...call, part: "callUnsplit" }];
  const engine = call.inner.flatMap(
    ({ firstTokenNs, ...span }): (Span & { readonly part: StampedPart })[] => {
      const { startedNs, endedNs } = within(span, call);
      if (firstTokenNs === null) return [{ startedNs, endedNs, part: "engineUnsplit" }];
      const cutNs = Math.min(Math.max(firstTokenNs, startedNs), endedNs);
      return [
        { startedNs, endedNs: cutNs, part: "firstToken" },
        { startedNs: cutNs, endedNs, part: "decode" },
      ];
    },
  );
  return [...engine, { ...call, part: "path" }];
}

/** The part of `span` that lies in `bounds`; without length when there is none. */
function within({ startedNs, endedNs }: Span, bounds: Span): Span {
  const from = Math.min(Math.max(startedNs, bounds.startedNs), bounds.endedNs);
  return { startedNs: from, endedNs: Math.max(from, Math.min(endedNs, bounds.endedNs)) };
}

const lengthOf = ({ startedNs, endedNs }: Span) => endedNs - startedNs;
const sum = (spans: readonly Span[]) => spans.reduce((total, span) => total + lengthOf(span), 0);

function outsideOf(stamps: EpisodeStamps, top: readonly Span[]): number {
  const clipped = sum(top) - sum(top.map((span) => within(span, stamps)));
  const engine = stamps.agentCalls.reduce(
    (total, call) => total + sum(call.inner) - sum(call.inner.map((span) => within(span, call))),
    0,
  );
  return clipped + engine;
}

function overlapOf(spans: readonly Span[]): number {
  let coveredNs = 0;
  let untilNs = Number.NEGATIVE_INFINITY;
  for (const { startedNs, endedNs } of spans.toSorted((a, b) => a.startedNs - b.startedNs)) {
    coveredNs += Math.max(0, endedNs - Math.max(startedNs, untilNs));
    untilNs = Math.max(untilNs, endedNs);
  }
  return sum(spans) - coveredNs;
}
