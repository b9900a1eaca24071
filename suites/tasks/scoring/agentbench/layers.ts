import type { ExpectedMetrics } from "../../contract/task.ts";
import { planningRatio } from "../calls/facts.ts";
import type { Observation, TaskFinding, TaskJudgement } from "../../contract/observation.ts";

/** A layer of AgentBench's score, 0..100; null: it is missing. */
export interface LayerScore {
  readonly score: number | null;
  /** Where the points came from; null: a part that is missing and was not counted. */
  readonly points: Readonly<Record<string, number | null>>;
  /** Why a part is missing, by its name. */
  readonly missing: Readonly<Record<string, string>>;
}

/** LayerScore 0: what validators earned of what they could have earned. */
export function structureLayer({ findings, judgements, unjudged }: Observation): LayerScore {
  const judged = findings.map((finding) => ({ finding, points: pointsOf(finding, judgements[finding.at]) }));
  const counted = judged.flatMap(({ points }) => (points === null ? [] : [points]));
  const earned = counted.reduce((sum, points) => sum + points.earned, 0);
  const possible = counted.reduce((sum, points) => sum + points.possible, 0);
  const waiting = judged.filter(({ finding, points }) => points === null && finding.type === analysis);
  const missing = waiting.map(({ finding }) => [finding.at, unjudged[finding.at] ?? "no judge is named"]);
  return {
    score: possible === 0 ? null : (100 * earned) / possible,
    points: { earned, possible },
    missing: Object.fromEntries(missing) as Readonly<Record<string, string>>,
  };
}

const analysis = "response-contains-analysis";
const ANALYSIS_POINTS = 30;

/** Whether an answer has what was described only a judge can say. */
function pointsOf(finding: TaskFinding, judgement: TaskJudgement | undefined): TaskFinding["points"] {
  if (finding.type !== analysis) return finding.points;
  if (judgement === undefined) return null;
  return { earned: (ANALYSIS_POINTS * judgement.score) / 100, possible: ANALYSIS_POINTS };
}

/** What the original gives to a task that expects no metrics. */
const WITHOUT_METRICS = 50;

/** LayerScore 1: calls, planning and errors against what the task expects. */
export function metricsLayer({ turns, calls }: Observation, expected: ExpectedMetrics | null): LayerScore {
  if (expected === null) return { score: WITHOUT_METRICS, points: {}, missing: {} };
  const ratio = planningRatio(turns, calls);
  const failed = calls.filter(({ error }) => error).length;
  const parts = [
    { name: "toolCalls", possible: 40, value: calls.length, range: expected.toolCalls },
    { name: "planningRatio", possible: 30, value: ratio, range: expected.planningRatio },
  ].map(({ name, possible, value, range }) => ({
    name,
    possible,
    points: range === null || value === null ? null : possible * shareInRange(value, range),
  }));
  const errors = failed === 0 ? 30 : failed <= 2 ? 15 : 0;
  const counted = parts.filter(({ points }) => points !== null);
  const earned = counted.reduce((sum, { points }) => sum + (points ?? 0), errors);
  const possible = counted.reduce((sum, part) => sum + part.possible, 30);
  const lacksRatio = expected.planningRatio !== null && ratio === null;
  return {
    score: (100 * earned) / possible,
    points: { ...Object.fromEntries(parts.map(({ name, points }) => [name, points])), errors },
    missing: lacksRatio ? { planningRatio: "no tool was called, so no planning ends" } : {},
  };
}

/** All of the points in the range, half of them up to twice beyond it, none further out. */
function shareInRange(value: number, [min, max]: readonly [number, number]): number {
  if (value >= min && value <= max) return 1;
  return value >= min / 2 && value <= max * 2 ? 0.5 : 0;
}

/** LayerScore 3: what a judge says of the work. */
export function qualityLayer({ judgements, unjudged }: Observation): LayerScore {
  const judgement = judgements["layer3"];
  if (judgement === undefined) {
    return { score: null, points: {}, missing: { "": unjudged["layer3"] ?? "no judge is named" } };
  }
  return { score: judgement.score, points: judgement.parts, missing: {} };
}
