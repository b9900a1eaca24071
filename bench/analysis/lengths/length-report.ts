import { z } from "zod";
import type { Experiment } from "../../config/experiment.ts";
import { byVariant } from "../../store/place.ts";
import type { EpisodeRecord } from "../../store/record.ts";
import { isFailing } from "../cell/failures.ts";
import { counted, estimateSchema, ratio, sumKnown, type Estimate } from "../estimates/estimate.ts";
import { summarizeClustered } from "../estimates/latency.ts";
import { differenceOf, differenceSchema, episodeValue, pairUp } from "../estimates/paired-difference.ts";
import { passRate, taskKey } from "../estimates/pass-rate.ts";
import type { MeasuredCell } from "../measured-cell.ts";
import { compareAt } from "../overhead/overhead.ts";

/** The axis that says how long the prompt of a task is, in tokens. */
export const lengthAxis = "length";

/** The cells of an arm at a load, and of them the tasks with prompts of one length. */
const lengthRowSchema = z.object({
  load: z.string(),
  arm: z.string(),
  /** Configuration of the agent's engine; absent where the experiment has no `sweep.variants`. */
  variant: z.string().optional(),
  length: z.number(),
  episodes: z.number().int(),
  /** Share of judged episodes that passed. */
  passed: estimateSchema,
  /** Outer tap, request head to first token, milliseconds. */
  ttftMs: z.object({ p50: estimateSchema, p95: estimateSchema }),
  /** Prompt tokens that did not come from the cache, per second of TTFT; the median request. */
  prefillTokensPerSecond: estimateSchema,
  /** Of all prompt tokens; null where a request does not say. */
  cachedShare: z.number().nullable(),
  /** Requests by what their usage says of the prompt, against the length that it was built to have. */
  promptTokens: z.object({
    equal: z.number().int(),
    fewer: z.number().int(),
    more: z.number().int(),
    notTold: z.number().int(),
  }),
});
export type LengthRow = z.infer<typeof lengthRowSchema>;

/** An arm against the baseline at one load, for the tasks of one length, paired by task, trial and repetition. */
const lengthDifferenceSchema = z.object({
  load: z.string(),
  baseline: z.string(),
  arm: z.string(),
  variant: z.string().optional(),
  length: z.number(),
  /** Why there are no numbers; null where there are. */
  refused: z.string().nullable(),
  /** Why the first token's path has none although whole requests have; absent where it can be compared. */
  firstTokenRefused: z.string().optional(),
  /** Milliseconds that the arm adds between the taps: of one request, so what the engine did in two cells is not in it. */
  pathMs: z.object({ firstToken: differenceSchema, whole: differenceSchema }),
  /** Of the whole way to the first token, in two cells. */
  ttftMs: differenceSchema,
  /** Why it says nothing of the arm: one of them found more of its prompts in the cache. Absent where both found the same. */
  ttftRefused: z.string().optional(),
  /** Of the reward. */
  reward: differenceSchema,
});
export type LengthDifference = z.infer<typeof lengthDifferenceSchema>;

export const lengthReportSchema = z.object({
  rows: z.array(lengthRowSchema),
  differences: z.array(lengthDifferenceSchema),
});
export type LengthReport = z.infer<typeof lengthReportSchema>;

interface LengthOptions {
  readonly compare: Experiment["compare"];
  /** All that finished: those of a segment without an end have a reward and their tokens, and give no speed. */
  readonly episodes: readonly EpisodeRecord[];
}

/** null where tasks have no length. Pure. */
export function lengthReport(cells: readonly MeasuredCell[], options: LengthOptions): LengthReport | null {
  const groups = byVariant(cells, ({ summary }) => summary.variant).map(({ variant, items }) => {
    const own = reportIn(items, options);
    const named = <Of extends object>(one: Of) => (variant === undefined ? one : { ...one, variant });
    return { rows: own.rows.map(named), differences: own.differences.map(named) };
  });
  const rows = groups.flatMap((group) => group.rows);
  return rows.length === 0 ? null : { rows, differences: groups.flatMap((group) => group.differences) };
}

function reportIn(cells: readonly MeasuredCell[], { compare, episodes }: LengthOptions): LengthReport {
  const ids = new Set(cells.map(({ summary }) => summary.cellId));
  const found = episodes.flatMap((one) => (ids.has(one.cellId) ? (lengthOf(one) ?? []) : []));
  const lengths = [...new Set(found)].toSorted((a, b) => a - b);
  const groups = [
    ...Map.groupBy(cells, ({ summary: { load, arm } }) => JSON.stringify([load, arm])).values(),
  ];
  const baseline = cells.find(({ summary }) => summary.armKind === "raw")?.summary.arm;
  const against = (own: readonly MeasuredCell[], name: string) =>
    lengths.flatMap((length) => differenceAt(own, { cells, baseline: name, length, compare }) ?? []);
  return {
    rows: groups.flatMap((own) =>
      lengths.flatMap((length) => rowOf(own, { length, finished: episodes }) ?? []),
    ),
    differences: baseline === undefined ? [] : groups.flatMap((own) => against(own, baseline)),
  };
}

function lengthOf({ axes }: EpisodeRecord): number | null {
  const length = axes?.[lengthAxis];
  return typeof length === "number" ? length : null;
}

/** The cells as if they had only the tasks of this length. */
function ofLength(cells: readonly MeasuredCell[], length: number): readonly MeasuredCell[] {
  return cells.map((cell) => ({
    ...cell,
    episodes: cell.episodes.filter((episode) => lengthOf(episode) === length),
  }));
}

function rowOf(
  cells: readonly MeasuredCell[],
  { length, finished }: { readonly length: number; readonly finished: readonly EpisodeRecord[] },
): LengthRow | null {
  const ids = new Set(cells.map(({ summary }) => summary.cellId));
  const episodes = finished.filter((one) => ids.has(one.cellId) && lengthOf(one) === length);
  const [first] = cells;
  if (first === undefined || episodes.length === 0) return null;
  const { load, arm } = first.summary;
  const failing = cells.some(({ summary }) => isFailing(summary));
  const passed = passRate(episodes);
  const requests = ofLength(cells, length).flatMap(requestsOf);
  const ttft = summarizeClustered(requests.map(({ task, ttftMs }) => ({ value: ttftMs, cluster: task })));
  return {
    load,
    arm,
    length,
    episodes: episodes.length,
    passed: failing ? counted(null, passed.count) : passed,
    ttftMs: { p50: ttft.p50, p95: ttft.p95 },
    prefillTokensPerSecond: prefillOf(requests),
    cachedShare: cachedShareOf(episodes),
    promptTokens: tokensOf(episodes, length),
  };
}

interface LongRequest {
  readonly task: string;
  readonly ttftMs: number;
  /** null where the server does not tell what came from its cache. */
  readonly prefilled: number | null;
}

/** Of episodes that are one request: of more, nobody knows which of them has the length. */
function requestsOf({ episodes, latencies }: MeasuredCell): readonly LongRequest[] {
  return episodes.flatMap((episode): LongRequest[] => {
    const { episodeId, requests, promptTokens, cachedTokens } = episode;
    const [ttftMs, ...others] = latencies.get(episodeId)?.ttft ?? [];
    if (ttftMs === undefined || others.length > 0 || requests !== 1) return [];
    const prefilled = promptTokens === null || cachedTokens === null ? null : promptTokens - cachedTokens;
    return [{ task: taskKey(episode), ttftMs, prefilled }];
  });
}

function prefillOf(requests: readonly LongRequest[]): Estimate {
  return summarizeClustered(
    requests.flatMap(({ task, ttftMs, prefilled }) =>
      prefilled === null || ttftMs <= 0 ? [] : [{ value: prefilled / (ttftMs / 1000), cluster: task }],
    ),
  ).p50;
}

function cachedShareOf(episodes: readonly EpisodeRecord[]): number | null {
  const answered = episodes.filter(({ status, requests }) => status !== "failed" && requests > 0);
  return ratio(
    sumKnown(answered.map(({ cachedTokens }) => cachedTokens)),
    sumKnown(answered.map(({ promptTokens }) => promptTokens)),
  );
}

function tokensOf(episodes: readonly EpisodeRecord[], length: number): LengthRow["promptTokens"] {
  const single = episodes.filter(({ requests, status }) => requests === 1 && status !== "failed");
  const count = (holds: (tokens: number) => boolean) =>
    single.filter(({ promptTokens }) => promptTokens !== null && holds(promptTokens)).length;
  return {
    equal: count((tokens) => tokens === length),
    fewer: count((tokens) => tokens < length),
    more: count((tokens) => tokens > length),
    notTold: single.filter(({ promptTokens }) => promptTokens === null).length,
  };
}

function differenceAt(
  own: readonly MeasuredCell[],
  {
    cells,
    baseline,
    length,
    compare,
  }: {
    readonly cells: readonly MeasuredCell[];
    readonly baseline: string;
    readonly length: number;
    readonly compare: Experiment["compare"];
  },
): LengthDifference | null {
  const summary = own[0]?.summary;
  if (summary === undefined || summary.arm === baseline) return null;
  const { load, arm } = summary;
  const raw = cells.filter((cell) => cell.summary.arm === baseline && cell.summary.load === load);
  const [before, after] = [ofLength(raw, length), ofLength(own, length)];
  if (after.every(({ episodes }) => episodes.length === 0)) return null;
  const compared = compareAt({ load, baseline, arm, compare }, before, after);
  const used = compared.refused === null;
  const cached = cacheApart(before, after);
  return {
    load,
    baseline,
    arm,
    length,
    refused: compared.refused,
    ...(compared.firstTokenRefused !== undefined && { firstTokenRefused: compared.firstTokenRefused }),
    pathMs: { firstToken: compared.pathMs.firstToken, whole: compared.pathMs.whole },
    ttftMs: differenceOf(used ? pairUp(ttftValues(before), ttftValues(after)) : [], { kind: "time" }),
    ...(cached !== null && { ttftRefused: cached }),
    reward: compared.live.reward,
  };
}

/** Shares of prompts from the cache that differ by more than this make TTFT that of the cache, in a part that nobody knows. */
const cachedShareApart = 0.02;

function cacheApart(before: readonly MeasuredCell[], after: readonly MeasuredCell[]): string | null {
  const shareOf = (cells: readonly MeasuredCell[]) =>
    cachedShareOf(cells.flatMap(({ episodes }) => episodes));
  const [raw, arm] = [shareOf(before), shareOf(after)];
  if (raw === null || arm === null || Math.abs(raw - arm) <= cachedShareApart) return null;
  const text = (share: number) => `${(share * 100).toFixed(1)} %`;
  return `raw found ${text(raw)} of its prompts in the prefix cache, the arm ${text(arm)}`;
}

function ttftValues(cells: readonly MeasuredCell[]) {
  return cells.flatMap(({ episodes, latencies }) =>
    episodes.flatMap((episode) => {
      const [ttft, ...others] = latencies.get(episode.episodeId)?.ttft ?? [];
      return ttft === undefined || others.length > 0 ? [] : [episodeValue(episode, ttft)];
    }),
  );
}
