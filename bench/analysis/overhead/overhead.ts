import { z } from "zod";
import type { Experiment } from "../../config/experiment.ts";
import { marginMs, parseMargin } from "../../statistics/margin.ts";
import type { CellSummary } from "../cell/cell-summary.ts";
import { compareLive, liveSchema, unitSecondsOf } from "./live-comparison.ts";
import { differenceOf, differenceSchema, episodeValue, pairUp } from "../estimates/paired-difference.ts";
import { meanOrNull } from "../estimates/paired-means.ts";
import type { MeasuredCell } from "../measured-cell.ts";
import { byVariant } from "../../store/place.ts";
import { whyCallsMayDiffer, whyFirstTokensDiffer } from "../../evidence/inner-endpoint.ts";
import type { JoinedPath, PathSample } from "../../evidence/path-samples.ts";

const pathSchema = z.object({
  requests: z.number().int(),
  joined: z.number().int(),
  unmatched: z.number().int(),
  retried: z.number().int(),
  /** `simulated` when a cell's tokens reached the agent all at once: its time to first token is none. */
  streaming: z.enum(["true", "simulated", "none"]),
  /** Mean milliseconds between the taps over all requests, joined or not; null where the taps saw different sets. */
  meanMs: z.number().nullable(),
});

/** One arm against the baseline arm at one load. */
export const overheadSchema = z.object({
  load: z.string(),
  /** Configuration of the agent's engine; absent where the experiment has no `sweep.variants`. */
  variant: z.string().optional(),
  baseline: z.string(),
  arm: z.string(),
  /** Cells that it rests on, with their verdicts. */
  cells: z.array(z.object({ cellId: z.string(), verdict: z.string() })),
  /** Why there are no numbers; null when there are. */
  refused: z.string().nullable(),
  baselinePath: pathSchema,
  armPath: pathSchema,
  /** Why first byte and first token have no numbers although whole requests do; absent where they can be compared. */
  firstTokenRefused: z.string().optional(),
  /** Why differences of calls, tokens and rewards may be the engine's own; absent where nothing says so. */
  callsMayDiffer: z.string().optional(),
  /** Milliseconds per request between the taps, arm minus baseline: the taps' own cost cancels. */
  pathMs: z.object({
    firstByte: differenceSchema,
    firstToken: differenceSchema,
    whole: differenceSchema,
  }),
  /**
   * The same against the null proxy of the run instead of the baseline: what the arm costs beyond what any proxy does. Absent where the
   * run has no null proxy, for the null proxy itself, and where one of the two could not be compared with the baseline.
   */
  aboveProxy: z
    .object({ proxy: z.string(), firstToken: differenceSchema, whole: differenceSchema })
    .optional(),
  /** Per episode, paired by task, trial and repetition. */
  live: liveSchema,
});
export type Overhead = z.infer<typeof overheadSchema>;

/** Every other arm against the first raw arm, load by load, in each variant. Without a raw arm there is nothing to compare with. */
export function compareArms(
  cells: readonly MeasuredCell[],
  compare: Experiment["compare"],
): readonly Overhead[] {
  return byVariant(cells, ({ summary }) => summary.variant).flatMap(({ variant, items }) =>
    compareIn(items, compare).map((overhead) =>
      variant === undefined ? overhead : { ...overhead, variant },
    ),
  );
}

function compareIn(cells: readonly MeasuredCell[], compare: Experiment["compare"]): readonly Overhead[] {
  const baseline = cells.find(({ summary }) => summary.armKind === "raw")?.summary.arm;
  if (baseline === undefined) return [];
  const loads = [...new Set(cells.map(({ summary }) => summary.load))];
  const arms = [...new Set(cells.map(({ summary }) => summary.arm))].filter((arm) => arm !== baseline);
  const cellsOf = (arm: string, load: string) =>
    cells.filter(({ summary }) => summary.arm === arm && summary.load === load);
  const proxy = cells.find(({ summary }) => summary.armKind === "null-proxy")?.summary.arm;
  const against = (from: string, arm: string, load: string) =>
    compareAt({ load, baseline: from, arm, compare }, cellsOf(from, load), cellsOf(arm, load));
  return loads.flatMap((load) => {
    const compared = arms.map((arm) => against(baseline, arm, load));
    const usable = (name: string | undefined) =>
      compared.some(({ arm, refused }) => arm === name && refused === null);
    return compared.map((overhead) => {
      const { arm } = overhead;
      if (proxy === undefined || arm === proxy || !usable(proxy) || !usable(arm)) return overhead;
      const { refused, pathMs } = against(proxy, arm, load);
      if (refused !== null) return overhead;
      return { ...overhead, aboveProxy: { proxy, firstToken: pathMs.firstToken, whole: pathMs.whole } };
    });
  });
}

/** One arm against another in these cells. */
export function compareAt(
  { compare, ...names }: ArmNames & { readonly compare: Experiment["compare"] },
  baseline: readonly MeasuredCell[],
  arm: readonly MeasuredCell[],
): Overhead {
  const refused = refusal(baseline, arm);
  const [baselineUsed, armUsed] = refused === null ? [baseline, arm] : [[], []];
  const unitSeconds = unitSecondsOf(
    [...baselineUsed, ...armUsed].map(({ summary: { seconds }, episodes }) => {
      return { seconds, episodes: episodes.length };
    }),
  );
  const margin = requestMargin(compare, baselineUsed);
  // The first token of a simulated stream is its last one.
  const streamed = [...baseline, ...arm].every(
    ({ armFacts, path }) => armFacts?.streaming !== "simulated" && path.streaming !== "simulated",
  );
  const firstTokenRefused = whyFirstTokensDiffer(endpointsOf(baselineUsed), endpointsOf(armUsed));
  const callsMayDiffer = whyCallsMayDiffer(askedOf(baselineUsed), askedOf(armUsed));
  const path = (of: (sample: PathSample) => number | null) =>
    differenceOf(pairUp(pathMeans(baselineUsed, of), pathMeans(armUsed, of)), {
      kind: "path",
      margin: () => margin,
      unitSeconds,
    });
  return {
    ...names,
    cells: [...baseline, ...arm].map(({ summary: { cellId, verdict } }) => ({ cellId, verdict })),
    refused,
    baselinePath: pathCounts(baseline),
    armPath: pathCounts(arm),
    ...(firstTokenRefused !== null && { firstTokenRefused }),
    ...(callsMayDiffer !== null && { callsMayDiffer }),
    pathMs: {
      firstByte: path(({ firstByteMs }) => (firstTokenRefused === null ? firstByteMs : null)),
      firstToken: path(({ firstTokenMs }) => (streamed && firstTokenRefused === null ? firstTokenMs : null)),
      whole: path(({ wholeMs }) => wholeMs),
    },
    live: compareLive(baselineUsed, armUsed, { compare, unitSeconds }),
  };
}

function endpointsOf(cells: readonly MeasuredCell[]): readonly string[] {
  return cells.flatMap(({ path }) => path.endpoints);
}

function askedOf(cells: readonly MeasuredCell[]) {
  const sum = (of: (path: JoinedPath) => number) => cells.reduce((total, { path }) => total + of(path), 0);
  return { joined: sum(({ samples }) => samples.length), unstreamed: sum(({ unstreamed }) => unstreamed) };
}

interface ArmNames {
  readonly load: string;
  readonly baseline: string;
  readonly arm: string;
}

/** A share of a request's time is of the baseline's mean time to the end of the answer. */
function requestMargin(compare: Experiment["compare"], baseline: readonly MeasuredCell[]): number | null {
  const margin = parseMargin(compare?.margin ?? "");
  const means = baseline.flatMap(({ summary }) => summary.e2eMs.mean.value ?? []);
  return margin === null ? null : marginMs(margin, meanOrNull(means));
}

const refusing: ReadonlySet<string> = new Set([
  "engine-died",
  "engine-restarted",
  "different-engines",
  "failing",
]);

/** An overhead exists only between two ways to one engine process that ran through. */
function refusal(baseline: readonly MeasuredCell[], arm: readonly MeasuredCell[]): string | null {
  const all = [...baseline, ...arm];
  if (baseline.length === 0 || arm.length === 0) return "one of the arms has no cell at this load";
  const unusable = all.find(({ summary }) => summary.seconds === null);
  if (unusable !== undefined) return `cell ${unusable.summary.cellId} has no segment that ran to its end`;
  const broken = all.find(({ summary }) => refusing.has(summary.verdict));
  if (broken !== undefined) return `cell ${broken.summary.cellId} is ${broken.summary.verdict}`;
  const altered = all
    .flatMap(({ summary }) => summary.reasons)
    .find(({ verdict }) => verdict === "request-altered" || verdict === "answer-altered");
  if (altered !== undefined) return `not comparable: ${altered.verdict}: ${altered.detail}`;
  const elsewhere = all.find(({ armFacts }) => armFacts?.sameEngine === false);
  if (elsewhere !== undefined)
    return `different engines: the preflight saw that requests of arm ${elsewhere.summary.arm} do not reach the engine of the baseline`;
  if (hadOtherEngines(all)) return "different engines: the arms did not reach the same engine process";
  const unknown = all.find(({ summary }) => !reachedOurEngine(summary));
  if (unknown === undefined) return null;
  return `different engines? nothing shows that cell ${unknown.summary.cellId} reached the engine of the baseline`;
}

/** Between repetitions of a variant its engine may have been another process; two arms of one repetition share theirs. */
function hadOtherEngines(cells: readonly MeasuredCell[]): boolean {
  const together = Map.groupBy(cells, ({ summary }) =>
    summary.variant === undefined ? null : summary.repetition,
  );
  return [...together.values()].some((own) => {
    const identities = own.map(({ summary }) => summary.agentEngineIdentity).filter((id) => id !== null);
    return new Set(identities).size > 1;
  });
}

/** Its requests passed the tap in front of the engine, or moved the engine's counters by exactly their tokens. */
function reachedOurEngine({ inner, tokenCheck }: CellSummary): boolean {
  return inner.answered > 0 || tokenCheck.status === "exact";
}

/** One value per episode: the mean over its requests, so that long episodes do not count more. */
function pathMeans(cells: readonly MeasuredCell[], of: (sample: PathSample) => number | null) {
  return cells.flatMap(({ path, episodes }) => {
    const samples = Map.groupBy(path.samples, ({ episodeId }) => episodeId);
    return episodes.flatMap((episode) => {
      const values = (samples.get(episode.episodeId) ?? []).flatMap((sample) => of(sample) ?? []);
      const mean = meanOrNull(values);
      return mean === null ? [] : [episodeValue(episode, mean)];
    });
  });
}

function pathCounts(cells: readonly MeasuredCell[]): Overhead["baselinePath"] {
  const sum = (of: (path: JoinedPath) => number) => cells.reduce((total, { path }) => total + of(path), 0);
  return {
    requests: sum(({ requests }) => requests),
    joined: sum(({ samples }) => samples.length),
    unmatched: sum(({ unmatched }) => unmatched),
    retried: sum(({ retried }) => retried),
    streaming: streamingOf(cells),
    meanMs: meanOverAll(cells),
  };
}

/** In the words of `report.json`. */
function streamingOf(cells: readonly MeasuredCell[]): Overhead["baselinePath"]["streaming"] {
  const found = new Set(cells.map(({ path }) => path.streaming));
  if (found.has("simulated")) return "simulated";
  return found.has("real") ? "true" : "none";
}

function meanOverAll(cells: readonly MeasuredCell[]): number | null {
  let [ms, requests] = [0, 0];
  for (const { path } of cells) {
    if ("refused" in path.mean) return null;
    ms += path.mean.wholeMs * path.mean.requests;
    requests += path.mean.requests;
  }
  return requests === 0 ? null : ms / requests;
}
