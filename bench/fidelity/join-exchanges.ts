import { joinHops } from "../evidence/hop-join.ts";
import type { TapTiming } from "../evidence/tap-timing.ts";
import { isGenerationRequest } from "../workload/exchange.ts";

/** One request of the agent with everything that reached the engine for it, in the order in which it began. */
export interface JoinedRequest {
  readonly outer: TapTiming;
  readonly inner: readonly TapTiming[];
}

export interface JoinedExchanges {
  readonly joined: readonly JoinedRequest[];
  /** Requests of the agent for which nothing at the engine can have been: none lay within their time. */
  readonly unserved: readonly TapTiming[];
  /** Requests at the engine that no request of the agent can have caused. */
  readonly unasked: readonly TapTiming[];
  /** Both of these lay in one stretch of time, and nothing shows which belongs to which. */
  readonly unclear: { readonly outer: readonly TapTiming[]; readonly inner: readonly TapTiming[] };
}

/** What the bodies of an exchange say, as far as it helps to find its partner: equal texts are equal digests. */
export interface BodyDigest {
  readonly body: string;
  /** null for a request without messages, as to `/generate`. */
  readonly messages: string | null;
  readonly lastMessage: string | null;
  /** null for one that is too short to be told from others. */
  readonly answer: string | null;
}

/** What joins without bodies: who forwards headers is known by them. */
export function joinByHeaders(timings: readonly TapTiming[]): {
  readonly joined: JoinedRequest[];
  readonly outer: readonly TapTiming[];
  readonly inner: readonly TapTiming[];
} {
  const generations = timings.filter(isGenerationRequest);
  const outer = generations.filter(({ hop }) => hop === "outer");
  const inner = generations.filter(({ hop }) => hop === "inner");
  const owners = Map.groupBy(outer, ({ requestId }) => requestId);
  const found = new Map<TapTiming, TapTiming[]>(outer.map((timing) => [timing, []]));
  const left: TapTiming[] = [];
  for (const timing of inner) {
    // An agent may use an id twice, one after the other.
    const owner = owners.get(timing.requestId)?.findLast(({ startedNs }) => startedNs <= timing.startedNs);
    if (owner === undefined) left.push(timing);
    else found.get(owner)?.push(timing);
  }
  const joined = [...found].map(([outer, inner]) => ({ outer, inner: byStart(inner) }));
  return {
    joined: joined.filter(({ inner }) => inner.length > 0),
    outer: joined.filter(({ inner }) => inner.length === 0).map(({ outer }) => outer),
    inner: left,
  };
}

/** Joins by headers, then by what the bodies say, then by time and tokens. `digestOf`: null where bodies are not kept. */
export function joinExchanges(
  timings: readonly TapTiming[],
  digestOf: ((timing: TapTiming) => BodyDigest | undefined) | null,
): JoinedExchanges {
  const byHeaders = joinByHeaders(timings);
  const found = new Map<TapTiming, TapTiming[]>(
    byHeaders.joined.map(({ outer, inner }) => [outer, [...inner]]),
  );
  let [outer, inner] = [byHeaders.outer, byHeaders.inner];
  if (digestOf !== null && outer.length + inner.length > 0) {
    const candidates = timings.filter((timing) => timing.hop === "outer" && isGenerationRequest(timing));
    for (const key of bodyKeys) {
      const keyOf = (timing: TapTiming) => {
        const digest = digestOf(timing);
        return digest === undefined ? null : key(digest);
      };
      for (const [owner, timing] of pairByKey(outer, inner, keyOf)) found.set(owner, [timing]);
      outer = outer.filter((timing) => !found.has(timing));
      const used = new Set([...found.values()].flat());
      inner = inner.filter((timing) => !used.has(timing));
    }
    inner = attachRetries(candidates, inner, { found, digestOf });
  }
  for (const { outer: owner, inner: timing } of joinHops([...outer, ...inner]).pairs)
    found.set(owner, [timing]);
  const used = new Set([...found.values()].flat());
  outer = outer.filter((timing) => !found.has(timing));
  inner = inner.filter((timing) => !used.has(timing));
  const unserved = outer.filter((owner) => !inner.some((timing) => liesWithin(timing, owner)));
  const unasked = inner.filter((timing) => !outer.some((owner) => liesWithin(timing, owner)));
  const [served, asked] = [new Set(unserved), new Set(unasked)];
  return {
    joined: [...found].map(([outer, inner]) => ({ outer, inner: byStart(inner) })),
    unserved,
    unasked,
    unclear: {
      outer: outer.filter((timing) => !served.has(timing)),
      inner: inner.filter((timing) => !asked.has(timing)),
    },
  };
}

/** Surest first. Of exchanges with one key it does not matter which is paired with which: they say the same. */
const bodyKeys: readonly ((digest: BodyDigest) => string | null)[] = [
  ({ body, answer }) => both(body, answer),
  ({ messages, answer }) => both(messages, answer),
  ({ messages }) => messages,
  ({ lastMessage, answer }) => both(lastMessage, answer),
  ({ answer }) => answer,
  ({ lastMessage }) => lastMessage,
];

const both = (one: string | null, other: string | null) =>
  one === null || other === null ? null : `${one} ${other}`;

/** Pairs in the order of time, each with the first that lies within it and has its key. */
function pairByKey(
  outer: readonly TapTiming[],
  inner: readonly TapTiming[],
  keyOf: (timing: TapTiming) => string | null,
): readonly (readonly [TapTiming, TapTiming])[] {
  const waiting = Map.groupBy(byStart(inner), keyOf);
  const pairs: [TapTiming, TapTiming][] = [];
  for (const owner of byStart(outer)) {
    const key = keyOf(owner);
    const possible = key === null ? [] : (waiting.get(key) ?? []);
    const at = possible.findIndex((timing) => liesWithin(timing, owner));
    const [timing] = at === -1 ? [] : possible.splice(at, 1);
    if (timing !== undefined) pairs.push([owner, timing]);
  }
  return pairs;
}

/** A request that was sent once more: the same text, within the time of one request of the agent. */
function attachRetries(
  outer: readonly TapTiming[],
  inner: readonly TapTiming[],
  {
    found,
    digestOf,
  }: {
    readonly found: Map<TapTiming, TapTiming[]>;
    readonly digestOf: (timing: TapTiming) => BodyDigest | undefined;
  },
): readonly TapTiming[] {
  return inner.filter((timing) => {
    const messages = digestOf(timing)?.messages;
    const owners = outer.filter(
      (owner) => liesWithin(timing, owner) && messages != null && digestOf(owner)?.messages === messages,
    );
    const [owner, ...others] = owners;
    if (owner === undefined || others.length > 0) return true;
    found.set(owner, [...(found.get(owner) ?? []), timing]);
    return false;
  });
}

/** A gateway may answer its client before it has read the engine's last byte; a hedged request may go on for longer. */
const endSlackNs = 10e6;

function liesWithin(inner: TapTiming, outer: TapTiming): boolean {
  return (
    inner.startedNs >= outer.startedNs &&
    inner.startedNs <= outer.endedNs &&
    (inner.endedNs <= outer.endedNs + endSlackNs || inner.outcome !== "completed") &&
    (inner.attemptKey === null || inner.attemptKey === outer.attemptKey)
  );
}

const byStart = (timings: readonly TapTiming[]) => timings.toSorted((a, b) => a.startedNs - b.startedNs);
