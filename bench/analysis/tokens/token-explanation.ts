import type { EngineDelta } from "../../metrics/engine-delta.ts";
import { arrivedWhole, isAnswered, type TapTiming } from "../../evidence/tap-timing.ts";

/** The generation requests of one segment at both taps. */
export interface TappedRequests {
  readonly outer: readonly TapTiming[];
  /** The outer requests again where the inner hop cannot be tapped. */
  readonly inner: readonly TapTiming[];
}

/** What is known about why counts differ. Only when nothing is unexplained may the numbers be used. */
interface Explanation {
  readonly explained: readonly string[];
  readonly unexplained: readonly string[];
}

interface Counts {
  readonly prompt: number;
  readonly completion: number;
}

/** Requests that are named in one sentence. */
const namedMax = 5;

/** Names the requests behind every difference between the taps, and between the inner tap and the engine. Pure. */
export function explainTokens(requests: TappedRequests, engine: EngineDelta | null): Explanation {
  const findings = [...betweenTaps(requests), ...engineAlone(requests.inner, engine)];
  return {
    explained: findings.flatMap(({ text, why }) => (why === "known" ? [text] : [])),
    unexplained: findings.flatMap(({ text, why }) => (why === "unknown" ? [text] : [])),
  };
}

/** Requests whose counts the two taps do not agree on, although the sums may: errors that cancel are errors. */
export function unequalRequests({ outer, inner }: TappedRequests): readonly string[] {
  const innerOf = byId(inner);
  return outer.flatMap((request) => {
    const [only, ...more] = innerOf.get(request.requestId) ?? [];
    if (only === undefined || more.length > 0 || !isAnswered(request) || !isAnswered(only)) return [];
    return sameUsage(request, only) ? [] : [request.requestId];
  });
}

/** More requests reached the engine than were sent: which, also where no token says so, because what failed costs none. */
export function surplusRequests(requests: TappedRequests): readonly string[] {
  const [sent, reached] = [requests.outer.length, requests.inner.length];
  if (reached <= sent) return [];
  return [
    `${reached - sent} more requests at the inner tap (${reached}) than were sent (${sent})`,
    ...betweenTaps(requests).map(({ text }) => text),
  ];
}

interface FindingText {
  readonly why: "known" | "unknown";
  readonly text: string;
}

function betweenTaps({ outer, inner }: TappedRequests): readonly FindingText[] {
  const innerOf = byId(inner);
  if (!outer.some(({ requestId }) => innerOf.has(requestId))) {
    // Without names to join by only the sums can be compared, which found a difference or we would not be here.
    return same(totalOf(outer), totalOf(inner)) && outer.length === inner.length
      ? []
      : [{ why: "unknown", text: "the gateway passes no request ids on, so nothing can be explained" }];
  }
  const outerIds = new Set(outer.map(({ requestId }) => requestId));
  const of = (...[why, text, requests]: [FindingText["why"], string, readonly TapTiming[]]) =>
    requests.length === 0 ? [] : [{ why, text: `${requests.length} ${text}: ${named(requests)}` }];
  const tries = (request: TapTiming) => innerOf.get(request.requestId) ?? [];
  const repeated = outer.filter((request) => tries(request).length > 1);
  const unequal = new Set(unequalRequests({ outer, inner }));
  const changed = outer.filter(({ requestId, usage }) => usage !== null && unequal.has(requestId));
  const foreign = inner.filter(({ requestId }) => !outerIds.has(requestId));
  const left = outer.filter((request) => !isAnswered(request) && tries(request).some(isAnswered));
  const silent = outer.filter((request) => isAnswered(request) && request.usage === null);
  const unseen = outer.filter((request) => isAnswered(request) && tries(request).length === 0);
  return [
    ...of("known", "requests were sent to the engine more than once by the gateway", repeated),
    ...of("known", "requests were answered by the engine and not to the agent", left),
    ...of("unknown", "requests came back without usage", silent),
    ...of("unknown", "requests came back with other counts than the engine gave", changed),
    ...of("unknown", "requests at the inner tap belong to none at the outer tap", foreign),
    ...of("unknown", "requests were answered without reaching the inner tap", unseen),
  ];
}

/**
 * An engine also counts a request whose client has gone, and then no answer says how many tokens it was. Such requests may explain what it
 * counted more, as long as they could have cost it: a token has at least one byte.
 */
function engineAlone(inner: readonly TapTiming[], engine: EngineDelta | null): readonly FindingText[] {
  if (engine?.prompt_tokens == null || engine.generation_tokens === null) return [];
  const told = totalOf(inner);
  const more = {
    prompt: engine.prompt_tokens - told.prompt,
    completion: engine.generation_tokens - told.completion,
  };
  // What the engine's page rounds away is no difference.
  const unsure = {
    prompt: engine.resolution.prompt_tokens?.plus_minus ?? 0,
    completion: engine.resolution.generation_tokens?.plus_minus ?? 0,
  };
  if (Math.abs(more.prompt) <= unsure.prompt && Math.abs(more.completion) <= unsure.completion) return [];
  const unanswered = inner.filter((request) => !isAnswered(request));
  const bytes = unanswered.reduce((sum, { requestBytes }) => sum + requestBytes, 0);
  const possible =
    more.prompt >= -unsure.prompt &&
    more.completion >= -unsure.completion &&
    more.prompt <= bytes + unsure.prompt;
  if (unanswered.length > 0 && possible) {
    const text = `${unanswered.length} requests got no whole answer, and the engine counted them: ${named(unanswered)}`;
    return [{ why: "known", text }];
  }
  return [{ why: "unknown", text: "no request explains what the engine counted" }];
}

function totalOf(requests: readonly TapTiming[]): Counts {
  const arrived = requests.filter(arrivedWhole);
  return {
    prompt: arrived.reduce((sum, { usage }) => sum + (usage?.promptTokens ?? 0), 0),
    completion: arrived.reduce((sum, { usage }) => sum + (usage?.completionTokens ?? 0), 0),
  };
}

function same(a: Counts, b: Counts): boolean {
  return a.prompt === b.prompt && a.completion === b.completion;
}

function sameUsage({ usage: a }: TapTiming, { usage: b }: TapTiming): boolean {
  if (a === null || b === null) return a === b;
  return a.promptTokens === b.promptTokens && a.completionTokens === b.completionTokens;
}

function byId(requests: readonly TapTiming[]): ReadonlyMap<string, readonly TapTiming[]> {
  return Map.groupBy(requests, ({ requestId }) => requestId);
}

function named(requests: readonly TapTiming[]): string {
  const ids = [...new Set(requests.map(({ requestId }) => requestId))];
  const rest = ids.length - namedMax;
  return `${ids.slice(0, namedMax).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
