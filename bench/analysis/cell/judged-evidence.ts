import type { SegmentEvidence } from "../../evidence/segment-evidence.ts";
import { hasPassed } from "../../store/passed.ts";
import { countBy } from "../../store/progress.ts";
import type { EpisodeRecord } from "../../store/record.ts";
import type { PlannedCell, RunJson } from "../../store/run-json.ts";
import { counted, ratio, type Estimate } from "../estimates/estimate.ts";
import { checkTokens, type TokenCheck } from "../tokens/token-check.ts";
import { tokenSums } from "../tokens/token-sums.ts";
import { cellFidelity, type CellFidelity } from "./cell-fidelity.ts";
import { engineReadings, type EngineReadings } from "./engine-readings.ts";
import { agentErrors, failureGroups, whyFailing } from "./failures.ts";
import { judgeCell } from "./judge-cell.ts";
import { segmentUse, type RunAgain, type SegmentUse } from "./segment-choice.ts";
import type { Verdict } from "./verdict.ts";

export interface CellEvidence extends RunAgain {
  readonly cell: PlannedCell;
  readonly simulated: boolean;
  /** What of the workload's data the run has. */
  readonly coverage?: RunJson["coverage"];
  /** The records that count (`finishedEpisodes`), of this cell. */
  readonly episodes: readonly EpisodeRecord[];
  /** Attempts with a record, replaced ones included: what others cost is waste. */
  readonly recordedAttempts: ReadonlySet<string>;
  readonly segments: readonly SegmentEvidence[];
}

/** What a comparison of runs asks of a cell. */
export interface RatedCell extends Pick<PlannedCell, "cellId" | "arm" | "load" | "repetition" | "variant"> {
  readonly verdict: Verdict;
  readonly rates: CellRates;
}

export interface CellRates {
  readonly episodesPerMinute: Estimate;
  readonly trajectoriesPerHour: Estimate;
  readonly requestsPerSecond: Estimate;
  readonly inputTokensPerSecond: Estimate;
  readonly outputTokensPerSecond: Estimate;
}

/** The verdict and the rates of a cell, without the latencies and curves that take most of the time of a summary. */
export function ratedCell(evidence: CellEvidence): RatedCell & { readonly segments: readonly SegmentUse[] } {
  const { cellId, arm, load, repetition, variant } = evidence.cell;
  const { judgement, rates, uses } = judgeEvidence(evidence);
  return {
    cellId,
    arm,
    load,
    repetition,
    ...(variant !== undefined && { variant }),
    verdict: judgement.verdict,
    rates,
    segments: uses,
  };
}

/** What of the evidence counts, and what that says of the cell. */
export function judgeEvidence(evidence: CellEvidence) {
  const { cell, episodes } = evidence;
  const uses = evidence.segments.map(({ segment }) => segmentUse(segment, episodes, evidence));
  const used = evidence.segments.filter((_, index) => uses[index]?.used === true);
  const timings = used.flatMap((segment) => segment.timings);
  const agentEngine = engineReadings(used.map((segment) => segment.agentEngine));
  const [outer, inner] = [tokenSums(timings, "outer"), tokenSums(timings, "inner")];
  const tokenCheck = tokenCheckOf(used, episodes);
  const fidelity = fidelityOf(used);
  const pressure = used.flatMap(({ facts }) => facts?.pressure ?? []);
  const measured = episodes.filter(({ segmentId }) =>
    used.some(({ segment }) => segment.segmentId === segmentId),
  );
  const counts = countEpisodes(cell, episodes);
  const seconds = secondsOf(uses);
  const failing = whyFailing(counts.finished, counts.failures ?? [], evidence.failedShareMax);
  const whole = measured.filter(isTrajectory);
  const judgement = judgeCell({
    ...counts,
    failing,
    segments: uses,
    agentEngine,
    tokenCheck,
    ...fidelity,
    pressure,
    stolenShares: used.map(({ facts }) => facts?.stolenShare),
    seconds,
    answered: outer.answered,
    innerRequests: inner.requests,
  });
  return {
    uses,
    used,
    timings,
    agentEngine,
    outer,
    inner,
    tokenCheck,
    fidelity,
    pressure,
    measured,
    counts,
    seconds,
    failing,
    whole,
    judgement,
    rates: ratesOf({ episodes: whole.length, answered: outer.answered, seconds, agentEngine }),
  };
}

function ratesOf(measured: {
  readonly episodes: number;
  readonly answered: number;
  readonly seconds: number | null;
  readonly agentEngine: EngineReadings | null;
}): CellRates {
  const { episodes, answered, seconds, agentEngine } = measured;
  return {
    episodesPerMinute: rate(episodes, seconds, 60),
    trajectoriesPerHour: rate(episodes, seconds, 3600),
    requestsPerSecond: rate(answered, seconds, 1),
    inputTokensPerSecond: counted(ratio(agentEngine?.promptTokens ?? null, seconds), answered),
    outputTokensPerSecond: counted(ratio(agentEngine?.completionTokens ?? null, seconds), answered),
  };
}

function rate(count: number, seconds: number | null, perSeconds: number): Estimate {
  return counted(ratio(count * perSeconds, seconds), count);
}

function fidelityOf(used: readonly SegmentEvidence[]): { readonly fidelity?: CellFidelity } {
  const fidelity = cellFidelity(used.map((segment) => segment.fidelity));
  return fidelity === null ? {} : { fidelity };
}

function tokenCheckOf(used: readonly SegmentEvidence[], episodes: readonly EpisodeRecord[]): TokenCheck {
  return checkTokens(
    used.map(({ segment, timings, agentEngine }) => ({
      timings,
      engine: agentEngine,
      episodes: episodes.filter(({ segmentId }) => segmentId === segment.segmentId),
    })),
  );
}

function countEpisodes(cell: PlannedCell, episodes: readonly EpisodeRecord[]) {
  const judged = episodes.filter(({ reward }) => reward !== null);
  const failures = [...failureGroups(episodes)];
  const errors = [...agentErrors(episodes)];
  return {
    planned: cell.episodeIds.length,
    finished: episodes.length,
    byStatus: countBy(episodes.map(({ status }) => status)),
    byFailureClass: countBy(episodes.flatMap(({ failure }) => (failure === null ? [] : [failure.class]))),
    byTermination: countBy(
      episodes.flatMap(({ termination }) => (termination === null ? [] : [termination])),
    ),
    byLabel: countBy(episodes.flatMap(({ labels }) => labels)),
    judged: judged.length,
    passed: judged.filter((episode) => hasPassed(episode) === true).length,
    unjudged: episodes.filter(({ reward, status }) => reward === null && status !== "failed").length,
    ...(failures.length > 0 && { failures }),
    ...(errors.length > 0 && { agentErrors: errors }),
  };
}

/** A failed episode leaves no trajectory that training could use. */
function isTrajectory({ status }: EpisodeRecord): boolean {
  return status !== "failed";
}

function secondsOf(uses: readonly SegmentUse[]): number | null {
  const used = uses.filter((use) => use.used);
  return used.length === 0 ? null : used.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
}
