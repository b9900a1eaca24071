import type { SeenCell, StretchEvidence } from "../evidence/cell-evidence.ts";
import type { EngineCounts } from "../evidence/engine-page.ts";
import { get, type JsonValue } from "../evidence/json-value.ts";
import { passedOf } from "../evidence/run-facts.ts";
import { cameInOnePiece, type Seen } from "../evidence/taps.ts";
import { bootstrapped, type Placed } from "../numbers/draws.ts";
import { allPassChance, mean, quotient, total, totalKnown, wilson } from "../numbers/samples.ts";
import type { EpisodeRecord } from "../../store/record.ts";
import { engineBeside } from "./beside.ts";
import { NotCovered, type Expected } from "./figure.ts";
import { fidelityOf } from "./fidelity.ts";
import { overTimeOf } from "./over-time.ts";
import { meanOver, once, spreadOf } from "./spread.ts";
import { ttftGroupsOf } from "./ttft-groups.ts";

/** Identity of a task. */
export function taskOf({ domain, taskId }: EpisodeRecord): string {
  return `${domain}\n${taskId}`;
}

/** What the summary of a cell has to say. Pure. */
export function cellFigures(
  cell: SeenCell,
  simulated: boolean,
): { readonly [name: string]: Expected | undefined } {
  const { facts, seconds, whole, measured, outer, used } = cell;
  const { planned, episodes } = facts;
  const answered = outer.filter((request) => request.answered);
  const engine = engineOf(
    used.map(({ agentEngine }) => agentEngine),
    cell,
  );
  const rates = ratesOf(cell);
  const latency = (of: (request: Seen) => number | null) => spreadOf(placedOf(answered, of));
  const { episodeIds, ...identity } = planned;
  const beside = engineBeside(cell);
  return {
    v: 1,
    ...identity,
    simulated,
    verdict: new NotCovered(verdictReason),
    reasons: new NotCovered(verdictReason),
    episodes: episodeCounts(episodes, episodeIds.length),
    ...outcomes(episodes, cell.failing),
    segments: cell.stretches.map(stretchFigures),
    seconds,
    rates: {
      episodesPerMinute: once(rates.episodesPerMinute, whole.length),
      trajectoriesPerHour: once(quotient(whole.length * 3600, seconds), whole.length),
      requestsPerSecond: once(rates.requestsPerSecond, answered.length),
      inputTokensPerSecond: once(rates.inputTokensPerSecond, answered.length),
      outputTokensPerSecond: once(rates.outputTokensPerSecond, answered.length),
    },
    inFlight: inFlight(cell),
    ttftMs: latency(({ ttftMs }) => ttftMs),
    itlMs: latency(({ itlMs }) => itlMs),
    e2eMs: latency(({ e2eMs }) => e2eMs),
    episodeSeconds: spreadOf(whole.map((episode) => ({ value: lengthOf(episode), unit: episode.episodeId }))),
    ttftGroups: ttftGroupsOf(used.flatMap(({ seen }) => seen)),
    overTime: overTimeOf(used),
    agentEngine:
      engine === null
        ? null
        : engineFigures(
            used.map(({ agentEngine }) => agentEngine),
            cell,
          ),
    userEngine: engineFigures(
      used.map(({ userEngine }) => userEngine),
      cell,
    ),
    ...(beside && { engineLatencies: beside }),
    agentEngineIdentity: identityOf(used),
    outer: tokenFigures(outer),
    inner: tokenFigures(cell.inner),
    tokenCheck: new NotCovered("words about what differs; the sums that it compares are recomputed"),
    ...fidelityOf(used),
    ...sentAgainOf(used),
    waste: wasteFigures(cell),
    sessionMs: sessionFigures(measured),
    ...leftoversOf(cell.stretches),
    pressure: used.flatMap(({ facts: said }) => pressureIn(said)),
  };
}

/** What a cell did in its seconds; null without them. */
export function ratesOf(cell: SeenCell) {
  const { seconds, whole, outer, used } = cell;
  const engine = engineOf(
    used.map(({ agentEngine }) => agentEngine),
    cell,
  );
  return {
    episodesPerMinute: quotient(whole.length * 60, seconds),
    requestsPerSecond: quotient(outer.filter((request) => request.answered).length, seconds),
    inputTokensPerSecond: engine === null ? null : quotient(engine.promptTokens, seconds),
    outputTokensPerSecond: engine === null ? null : quotient(engine.completionTokens, seconds),
  };
}

const verdictReason =
  "a rule over words, not a figure; what it is decided from is recomputed where it is a figure";

export function lengthOf({ startedNs, endedNs }: EpisodeRecord): number {
  return (endedNs - startedNs) / 1e9;
}

export function placedOf(requests: readonly Seen[], of: (request: Seen) => number | null): readonly Placed[] {
  return requests.flatMap((request) => {
    const value = of(request);
    return value === null ? [] : [{ value, unit: request.unit }];
  });
}

function episodeCounts(episodes: readonly EpisodeRecord[], planned: number): Expected {
  const judged = episodes.filter(({ reward }) => reward !== null);
  const [failures, agentErrors] = [groups(episodes, true), groups(episodes, false)];
  return {
    planned,
    finished: episodes.length,
    byStatus: counts(episodes.map(({ status }) => status)),
    byFailureClass: counts(episodes.flatMap(({ failure }) => failure?.class ?? [])),
    byTermination: counts(episodes.flatMap(({ termination }) => termination ?? [])),
    byLabel: counts(episodes.flatMap(({ labels }) => labels)),
    judged: judged.length,
    passed: judged.filter((episode) => passedOf(episode) === true).length,
    unjudged: episodes.filter(({ reward, status }) => reward === null && status !== "failed").length,
    ...(failures.length > 0 && { failures }),
    ...(agentErrors.length > 0 && { agentErrors }),
  };
}

function counts(words: readonly string[]): Expected {
  return Object.fromEntries(
    [...Map.groupBy(words, (word) => word)].map(([word, { length }]) => [word, length]),
  );
}

/** By class of the failed part; of agents that gave up, where it is known why. */
function groups(episodes: readonly EpisodeRecord[], failed: boolean): readonly Expected[] {
  const found = episodes.flatMap((episode) => {
    const { failure, termination, terminationDetail, episodeId } = episode;
    if (failed) return failure === null ? [] : [{ name: failure.class, said: failure.message, episodeId }];
    const given = failure === null && termination === "agent_error" && terminationDetail;
    return given ? [{ name: "agent_error", said: given, episodeId }] : [];
  });
  return [...Map.groupBy(found, ({ name }) => name)]
    .map(([name, members]) => ({ name, members }))
    .sort((a, b) => b.members.length - a.members.length)
    .map(({ name, members }) => ({
      class: name,
      count: members.length,
      message: new NotCovered("text of the failed part, shortened"),
      episodeId: members[0]?.episodeId ?? null,
    }));
}

/** Pass rate, pass^k and mean reward; none in a failing cell. */
function outcomes(
  episodes: readonly EpisodeRecord[],
  failing: boolean,
): { readonly [name: string]: Expected } {
  const judged = judgedIn(episodes);
  if (failing)
    return { passRate: once(null, judged.length), passHatK: [], meanReward: once(null, judged.length) };
  return {
    passRate: passRateOf(judged),
    passHatK: allPass(judged),
    meanReward: meanOver(judged.map(({ reward, unit }) => ({ value: reward, unit }))),
  };
}

function judgedIn(episodes: readonly EpisodeRecord[]) {
  return episodes.flatMap((episode) => {
    const passed = passedOf(episode);
    return passed === null
      ? []
      : [{ value: passed ? 1 : 0, unit: taskOf(episode), reward: episode.reward ?? 0 }];
  });
}

/** Of a part of a cell's episodes; who is left over in a failing cell is no sample of its tasks. */
export function passRateOver(episodes: readonly EpisodeRecord[], failing: boolean): Expected {
  const judged = judgedIn(episodes);
  return failing ? once(null, judged.length) : passRateOf(judged);
}

function passRateOf(judged: readonly Placed[]): Expected {
  const share = mean(judged.map(({ value }) => value));
  if (share === null) return once(null, 0);
  const own = wilson(share, judged.length);
  const severalTrials = new Set(judged.map(({ unit }) => unit)).size < judged.length;
  const { low, high } = severalTrials ? bootstrapped(judged, "mean") : { low: null, high: null };
  return {
    value: share,
    count: judged.length,
    low: Math.min(own.low, low ?? own.low),
    high: Math.max(own.high, Math.min(1, high ?? own.high)),
  };
}

/** pass^k: of the ways to choose k of a task's trials, the share in which all passed; mean over tasks with k trials. */
function allPass(judged: readonly Placed[]): readonly Expected[] {
  const tasks = [...Map.groupBy(judged, ({ unit }) => unit).values()].map((trials) => {
    return { trials: trials.length, passes: total(trials.map(({ value }) => value)) };
  });
  const most = tasks.reduce((longest, { trials }) => Math.max(longest, trials), 0);
  return Array.from({ length: most }, (_, index) => {
    const k = index + 1;
    const chances = tasks
      .filter(({ trials }) => trials >= k)
      .map(({ trials, passes }) => allPassChance(passes, trials, k));
    const value = mean(chances) ?? 0;
    return { k, value, tasks: chances.length, ...wilson(Math.min(1, value), chances.length) };
  });
}

function stretchFigures({ stretch, excluded, seconds, episodes }: StretchEvidence): Expected {
  const { segmentId, ended } = stretch;
  return { segmentId, used: excluded === null, excluded, episodes, seconds, drained: ended?.drained ?? null };
}

/** Episodes by the sum of their lengths; requests by the time that they were open within each stretch. */
function inFlight({ measured, used, seconds }: SeenCell): Expected {
  let [open, stays, arrivals] = [0, 0, 0];
  for (const { seen, stretch } of used) {
    const [from, to] = [stretch.startedNs, stretch.ended?.endedNs ?? stretch.startedNs];
    const own = seen.filter(({ hop }) => hop === "outer");
    const arrived = own.filter(({ startedNs }) => startedNs >= from && startedNs < to);
    if (arrived.length === 0) continue;
    arrivals += arrived.length;
    stays += total(arrived.map(({ startedNs, endedNs }) => endedNs - startedNs)) / 1e9;
    open +=
      total(own.map((one) => Math.max(0, Math.min(one.endedNs, to) - Math.max(one.startedNs, from)))) / 1e9;
  }
  return {
    episodes: quotient(total(measured.map(lengthOf)), seconds),
    requests: quotient(open, seconds),
    discrepancy: arrivals === 0 || stays === 0 ? null : open / stays - 1,
  };
}

/** The sums over all used stretches; null where one of them has no pair of pages. */
export function engineOf(pages: readonly (EngineCounts | null)[], cell: SeenCell) {
  const known = pages.filter((page) => page !== null);
  if (known.length === 0 || known.length < pages.length) return null;
  const sum = (of: (page: EngineCounts) => number | null) => totalKnown(known.map(of));
  const [promptTokens, completionTokens, cachedTokens] = [
    sum((page) => page.promptTokens),
    sum((page) => page.completionTokens),
    sum((page) => page.cachedTokens),
  ];
  const average = (of: (page: EngineCounts) => EngineCounts["queue"]) =>
    quotient(
      sum((page) => of(page).seconds),
      sum((page) => of(page).count),
    );
  return {
    engine: known[0]?.engine ?? null,
    seconds: cell.seconds ?? 0,
    requests: sum((page) => page.requests),
    promptTokens,
    completionTokens,
    cachedTokens,
    cacheHitRate: quotient(cachedTokens, promptTokens),
    inputTokensPerSecond: quotient(promptTokens, cell.seconds),
    outputTokensPerSecond: quotient(completionTokens, cell.seconds),
    queueSecondsMean: average((page) => page.queue),
    ttftSecondsMean: average((page) => page.ttft),
    e2eSecondsMean: average((page) => page.e2e),
  };
}

function engineFigures(pages: readonly (EngineCounts | null)[], cell: SeenCell): Expected {
  const rare = new NotCovered("rare events of the engine, which it counts under names of each version");
  const own = engineOf(pages, cell);
  return own === null
    ? null
    : { ...own, aborted: rare, retractions: rare, problems: new NotCovered("words") };
}

function identityOf(used: readonly StretchEvidence[]): Expected {
  const names = new Set(used.map(({ facts }) => get(get(facts, "engineIdentity"), "agent")));
  const known = [...names].filter((name) => typeof name === "string");
  return known.length === 0 || known.length < names.size ? null : known.join(" and then ");
}

function tokenFigures(requests: readonly Seen[]): Expected {
  const answered = requests.filter((request) => request.answered);
  const unfinished = requests.filter(({ whole, answered: complete }) => whole && !complete);
  const usages = [...answered, ...unfinished].flatMap(({ usage }) => usage ?? []);
  const withoutUsage = answered.filter(({ usage }) => usage === null).length;
  const withoutCachedTokens = usages.filter(({ cachedTokens }) => cachedTokens === null).length;
  const reported = {
    promptTokens: total(usages.map(({ promptTokens }) => promptTokens)),
    completionTokens: total(usages.map(({ completionTokens }) => completionTokens)),
    cachedTokens: total(usages.map(({ cachedTokens }) => cachedTokens ?? 0)),
  };
  const known = withoutUsage === 0;
  const pieces = answered.filter(cameInOnePiece).length;
  const told = answered.filter(({ usage, tokenChunks }) => usage !== null && tokenChunks !== undefined);
  const chunks = total(told.map(({ tokenChunks }) => tokenChunks ?? 0));
  const impossible = requests.flatMap(({ impossibleUsage }) => impossibleUsage ?? []);
  return {
    requests: requests.length,
    answered: answered.length,
    ...(unfinished.length > 0 && {
      incomplete: new NotCovered("kinds of answers that are not complete, by words"),
    }),
    ...(impossible.length > 0 && { impossibleUsage: { count: impossible.length, first: impossible[0] } }),
    ...(pieces > 0 && { cameAtOnce: pieces }),
    ...(chunks > 0 && {
      tokensPerChunk: total(told.map(({ usage }) => usage?.completionTokens ?? 0)) / chunks,
    }),
    withoutUsage,
    withoutCachedTokens,
    promptTokens: known ? reported.promptTokens : null,
    completionTokens: known ? reported.completionTokens : null,
    cachedTokens: known && withoutCachedTokens === 0 ? reported.cachedTokens : null,
    reported,
  };
}

function sentAgainOf(used: readonly StretchEvidence[]): { readonly [name: string]: Expected } {
  const again = used.flatMap(({ seen }) => seen.flatMap(({ sentAgain }) => sentAgain ?? []));
  return again[0] === undefined ? {} : { sentAgain: { requests: again.length, first: again[0].error } };
}

/** What attempts without a record asked for, in every stretch. */
function wasteFigures({ stretches, facts }: SeenCell): Expected {
  const lost = stretches
    .flatMap(({ seen }) => seen)
    .filter(
      ({ hop, attemptKey }) => hop === "outer" && attemptKey !== null && !facts.attempts.has(attemptKey),
    );
  return {
    attempts: new Set(lost.map(({ attemptKey }) => attemptKey)).size,
    requests: lost.length,
    promptTokens: total(lost.map(({ usage }) => usage?.promptTokens ?? 0)),
    completionTokens: total(lost.map(({ usage }) => usage?.completionTokens ?? 0)),
  };
}

function sessionFigures(episodes: readonly EpisodeRecord[]): Expected {
  const calls = episodes.flatMap(({ sessionMs, episodeId }) =>
    sessionMs === null ? [] : [{ sessionMs, episodeId }],
  );
  if (calls.length === 0) return null;
  const one = (name: "start" | "reward" | "export") =>
    meanOver(
      calls.flatMap(({ sessionMs, episodeId: unit }) => {
        const value = sessionMs[name];
        return value === null ? [] : [{ value, unit }];
      }),
    );
  return { start: one("start"), reward: one("reward"), export: one("export") };
}

function leftoversOf(stretches: readonly StretchEvidence[]): { readonly [name: string]: Expected } {
  const last = stretches.findLast(({ facts }) => facts !== null)?.facts;
  const leftovers = get(last, "gatewayLeftovers");
  return leftovers === null ? {} : { gatewayLeftovers: leftovers };
}

/** As segment.json has it; without how it was scheduled, which reports leave out. */
function pressureIn(facts: JsonValue): readonly Expected[] {
  const all = get(facts, "pressure");
  if (!Array.isArray(all)) return [];
  return all.map((one: JsonValue) => {
    const loopDelayMs = get(one, "loopDelayMs");
    return {
      process: get(one, "process"),
      eventLoopUtilization: get(one, "eventLoopUtilization"),
      ...(loopDelayMs !== null && { loopDelayMs }),
    };
  });
}
