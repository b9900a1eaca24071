import type { EpisodeRecord } from "../../store/record.ts";
import type { SeenCell } from "../evidence/cell-evidence.ts";
import { differenceFigures, ofEpisode } from "./differences.ts";
import { taskOf } from "./cell.ts";
import { NotCovered, type Expected } from "./figure.ts";
import { spentIn, type EpisodeTime } from "./spent.ts";

const notById = new NotCovered(
  "requests that no id joins: the report joins them by times and tokens, which is not done twice",
);

interface Known {
  readonly episode: EpisodeRecord;
  readonly spent: EpisodeTime;
}

/** Exchanges with the user, and what the difference in an episode's length is made of: of pairs whose calls were all seen at both taps. */
export function shareFigures(
  baseline: readonly SeenCell[],
  arm: readonly SeenCell[],
): { readonly turns: Expected; readonly shares: Expected; readonly unsplit: Expected } {
  const [before, after] = [knownIn(baseline), knownIn(arm)];
  if (before === null || after === null) return { turns: notById, shares: notById, unsplit: notById };
  const key = ({ episode }: Known) => JSON.stringify([taskOf(episode), episode.trial, episode.repetition]);
  const bases = new Map(before.map((one) => [key(one), one]));
  const pairs = after.flatMap((one) => {
    const base = bases.get(key(one));
    return base === undefined ? [] : [{ base, target: one }];
  });
  const isSplit = ({ spent }: Known) => spent.parts.callUnsplit === 0;
  const split = pairs.filter(({ base, target }) => isSplit(base) && isSplit(target));
  const named = split.map(({ base, target }) => ({ episode: target.episode, of: sharesOf(base, target) }));
  const nothing = named.map(({ episode }) => ofEpisode(episode, 0));
  const share = (name: keyof ReturnType<typeof sharesOf>) =>
    differenceFigures(
      nothing,
      named.map(({ episode, of }) => ofEpisode(episode, of[name])),
      true,
    );
  const turns = (known: readonly Known[]) =>
    known.map(({ episode, spent }) => ofEpisode(episode, spent.turns));
  return {
    turns: differenceFigures(turns(before), turns(after), false),
    shares: {
      path: share("path"),
      engine: share("engine"),
      behaviour: share("behaviour"),
      user: share("user"),
      harness: share("harness"),
    },
    unsplit: pairs.length - split.length,
  };
}

function knownIn(cells: readonly SeenCell[]): readonly Known[] | null {
  const all: Known[] = [];
  for (const cell of cells) {
    const found = spentIn(cell);
    if (found === null) return null;
    for (const episode of cell.whole) {
      const spent = found.get(episode.episodeId);
      if (spent !== undefined) all.push({ episode, spent });
    }
  }
  return all;
}

/** Seconds. A product of number and time each changes by the one at the mean of the other, both ways. */
function sharesOf(base: Known, target: Known) {
  const [a, b] = [timesOf(base.spent), timesOf(target.spent)];
  const path = apart([a.calls, a.path], [b.calls, b.path]);
  const engine = apart([a.calls, a.engine], [b.calls, b.engine]);
  const [before, after] = [base.episode.completionTokens ?? 0, target.episode.completionTokens ?? 0];
  const known = before * after * a.calls * b.calls * a.decode * b.decode !== 0;
  const decode = known
    ? apart([before / a.calls, a.decode / a.calls], [after / b.calls, b.decode / b.calls]).ofNumber
    : 0;
  const tokens = ((a.calls + b.calls) / 2) * decode;
  return {
    path: path.ofEach,
    engine: engine.ofEach - tokens,
    behaviour: path.ofNumber + engine.ofNumber + tokens + b.agent - a.agent,
    user: b.user - a.user,
    harness: b.harness - a.harness,
  };
}

function timesOf({ parts, calls, sessionNs, unexplainedNs }: EpisodeTime) {
  const seconds = (...ns: readonly number[]) => ns.reduce((sum, one) => sum + one, 0) / 1e9;
  return {
    calls,
    path: seconds(parts.path),
    engine: seconds(parts.firstToken, parts.decode, parts.engineUnsplit),
    decode: seconds(parts.decode),
    agent: seconds(parts.agentBefore, parts.agentBetween, parts.agentAfter, parts.tool),
    user: seconds(parts.user, parts.userBetween),
    harness: seconds(sessionNs, unexplainedNs),
  };
}

type Counted = readonly [count: number, whole: number];

/** Without any the time of each is taken to be the other's. */
function apart([countA, wholeA]: Counted, [countB, wholeB]: Counted) {
  const [ofA, ofB] = [countA === 0 ? null : wholeA / countA, countB === 0 ? null : wholeB / countB];
  const [a, b] = [ofA ?? ofB ?? 0, ofB ?? ofA ?? 0];
  return { ofEach: ((countA + countB) * (b - a)) / 2, ofNumber: ((a + b) * (countB - countA)) / 2 };
}
