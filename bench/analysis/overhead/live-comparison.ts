import { z } from "zod";
import type { Experiment } from "../../config/experiment.ts";
import { marginMs, parseMargin } from "../../statistics/margin.ts";
import type { EpisodeRecord } from "../../store/record.ts";
import { totalOf, type EpisodeLedger, type PartTimes } from "../ledger/episode-ledger.ts";
import {
  differenceOf,
  differenceSchema,
  episodeValue,
  pairUp,
  type Difference,
  type DifferenceOptions,
} from "../estimates/paired-difference.ts";
import { meanOrNull } from "../estimates/paired-means.ts";

/**
 * Per episode, paired by task, trial and repetition. The five shares of the time add up to `seconds`, pair by pair:
 * - path: what lies between the taps, per model call, at the mean number of calls of the two arms;
 * - engine: time at the engine per model call, at the mean number of calls, less what other token counts explain;
 * - behaviour: more or fewer calls, more or fewer tokens per call, the agent's own time and its tools;
 * - user: the simulated user's model calls and what lies between them;
 * - harness: session calls, set-up and evaluation.
 */
export const liveSchema = z.object({
  reward: differenceSchema,
  seconds: differenceSchema,
  requests: differenceSchema,
  /** Exchanges with the user. */
  turns: differenceSchema,
  promptTokens: differenceSchema,
  completionTokens: differenceSchema,
  shares: z.object({
    path: differenceSchema,
    engine: differenceSchema,
    behaviour: differenceSchema,
    user: differenceSchema,
    harness: differenceSchema,
  }),
  /** Pairs without a split: in one of the arms a call was not seen at the inner tap. */
  unsplit: z.number().int(),
});
export type LiveComparison = z.infer<typeof liveSchema>;

/** A cell as the live comparison needs it. */
interface LiveCell {
  readonly episodes: readonly EpisodeRecord[];
  readonly ledgers: ReadonlyMap<string, EpisodeLedger>;
}

interface LiveOptions {
  readonly compare: Experiment["compare"];
  readonly unitSeconds: (unit: Difference["unit"]) => number | null;
}

export function compareLive(
  baseline: readonly LiveCell[],
  arm: readonly LiveCell[],
  { compare, unitSeconds }: LiveOptions,
): LiveComparison {
  const pairsOf = <Value>(of: (episode: EpisodeRecord, cell: LiveCell) => Value | null) =>
    pairUp(valuesOf(baseline, of), valuesOf(arm, of));
  const tokenShare = (compare?.tokenMarginPercent ?? 0) / 100;
  const tokenMargin = (mean: number) => (tokenShare > 0 ? tokenShare * mean : null);
  const count = (of: (episode: EpisodeRecord, cell: LiveCell) => number | null) =>
    differenceOf(
      pairsOf((episode, cell) => (episode.status === "failed" ? null : of(episode, cell))),
      { kind: "counts", margin: tokenMargin, unitSeconds },
    );
  const time: DifferenceOptions = { kind: "time", margin: episodeMargin(compare), unitSeconds };
  const spans = pairsOf((episode, { ledgers }) => spentOf(episode, ledgers.get(episode.episodeId)));
  const split = spans.filter(({ base, target }) => base.split && target.split);
  const share = (of: (shares: Shares) => number) =>
    differenceOf(
      split.map(({ task, repetition, base, target }) => {
        return { task, repetition, base: 0, target: of(sharesOf(base, target)) };
      }),
      { ...time, margin: () => null },
    );
  return {
    reward: differenceOf(
      pairsOf(({ reward }) => reward),
      { kind: "counts", margin: () => compare?.rewardMargin ?? null, unitSeconds },
    ),
    seconds: differenceOf(
      pairsOf(({ startedNs, endedNs, status }) => (status === "failed" ? null : (endedNs - startedNs) / 1e9)),
      time,
    ),
    requests: count(({ requests }) => requests),
    turns: count(({ episodeId }, { ledgers }) => ledgers.get(episodeId)?.turns.length ?? null),
    promptTokens: count(({ promptTokens }) => promptTokens),
    completionTokens: count(({ completionTokens }) => completionTokens),
    shares: {
      path: share(({ path }) => path),
      engine: share(({ engine }) => engine),
      behaviour: share(({ behaviour }) => behaviour),
      user: share(({ user }) => user),
      harness: share(({ harness }) => harness),
    },
    unsplit: spans.length - split.length,
  };
}

function valuesOf<Value>(
  cells: readonly LiveCell[],
  of: (episode: EpisodeRecord, cell: LiveCell) => Value | null,
) {
  return cells.flatMap((cell) =>
    cell.episodes.flatMap((episode) => {
      const value = of(episode, cell);
      return value === null ? [] : [episodeValue(episode, value)];
    }),
  );
}

/** Seconds in, seconds out: a share is of the baseline's mean seconds per episode. */
function episodeMargin(compare: Experiment["compare"]): (baselineSeconds: number) => number | null {
  const margin = parseMargin(compare?.episodeMargin ?? "");
  return (baselineSeconds) => {
    const ms = margin === null ? null : marginMs(margin, baselineSeconds * 1000);
    return ms === null ? null : ms / 1000;
  };
}

/** How an episode spent its time, in seconds. */
export interface Spent {
  readonly calls: number;
  readonly path: number;
  readonly engine: number;
  /** Of `engine`: after the first token. */
  readonly decode: number;
  readonly agent: number;
  readonly user: number;
  readonly harness: number;
  readonly completionTokens: number | null;
  /** Whether every call was seen at both taps. */
  readonly split: boolean;
}

function spentOf(episode: EpisodeRecord, ledger: EpisodeLedger | undefined): Spent | null {
  if (ledger === undefined || episode.status === "failed") return null;
  const total: PartTimes = totalOf(ledger);
  return {
    calls: ledger.agentCalls,
    path: total.path / 1e9,
    engine: (total.firstToken + total.decode + total.engineUnsplit) / 1e9,
    decode: total.decode / 1e9,
    agent: (total.agentBefore + total.agentBetween + total.agentAfter + total.tool) / 1e9,
    user: (total.user + total.userBetween) / 1e9,
    harness: (ledger.sessionNs + ledger.unexplainedNs) / 1e9,
    completionTokens: episode.completionTokens,
    split: total.callUnsplit === 0,
  };
}

export interface Shares {
  readonly path: number;
  readonly engine: number;
  readonly behaviour: number;
  readonly user: number;
  readonly harness: number;
}

/**
 * A product changes by (mean of one factor) x (change of the other), both ways, and nothing is left over. So calls x
 * time per call is split into time per call and calls, and decode per call into time per token and tokens per call.
 */
export function sharesOf(base: Spent, target: Spent): Shares {
  const calls = product({ count: base.calls, whole: base.path }, { count: target.calls, whole: target.path });
  const engine = product(
    { count: base.calls, whole: base.engine },
    { count: target.calls, whole: target.engine },
  );
  const tokens = tokenShare(base, target);
  return {
    path: calls.perCount,
    engine: engine.perCount - tokens,
    behaviour: calls.counts + engine.counts + tokens + (target.agent - base.agent),
    user: target.user - base.user,
    harness: target.harness - base.harness,
  };
}

interface Product {
  readonly count: number;
  readonly whole: number;
}

/** Without a call there is no time per call: it is taken to be the other arm's, so that all of it is the count's. */
function product(base: Product, target: Product): { readonly perCount: number; readonly counts: number } {
  const rate = ({ count, whole }: Product) => (count === 0 ? null : whole / count);
  const [before, after] = [rate(base) ?? rate(target) ?? 0, rate(target) ?? rate(base) ?? 0];
  return {
    perCount: ((base.count + target.count) / 2) * (after - before),
    counts: ((before + after) / 2) * (target.count - base.count),
  };
}

/** Time of more or fewer tokens per call, at the mean number of calls; 0 where tokens or decode time are not known. */
function tokenShare(base: Spent, target: Spent): number {
  if (!base.completionTokens || !target.completionTokens || !base.calls || !target.calls) return 0;
  if (base.decode === 0 || target.decode === 0) return 0;
  const perCall = product(
    { count: base.completionTokens / base.calls, whole: base.decode / base.calls },
    { count: target.completionTokens / target.calls, whole: target.decode / target.calls },
  );
  return ((base.calls + target.calls) / 2) * perCall.counts;
}

/** Mean seconds that one more unit of each kind would run, from what the cells took. */
export function unitSecondsOf(
  cells: readonly { readonly seconds: number | null; readonly episodes: number }[],
) {
  const known = cells.flatMap(({ seconds, episodes }) => (seconds === null ? [] : [{ seconds, episodes }]));
  const perCell = meanOrNull(known.map(({ seconds }) => seconds));
  const perEpisode = meanOrNull(known.map(({ seconds, episodes }) => seconds / Math.max(1, episodes)));
  return (unit: Difference["unit"]): number | null => {
    const one = unit === "cell pairs" ? perCell : perEpisode;
    return one === null ? null : 2 * one;
  };
}
