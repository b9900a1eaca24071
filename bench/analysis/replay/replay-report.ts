import { engineLatencies, type Beside } from "../cell/engine-latencies.ts";
import { recordedFailureLimits } from "../../config/failure-limits.ts";
import { loadMetrics, steadySamples } from "../../load/latency.ts";
import { summarize, type Distribution } from "../../statistics/distribution.ts";
import { meanOrNull } from "../estimates/paired-means.ts";
import type { StoredRun } from "../../store/read-run.ts";
import type { ReplayArm, ReplayPlan, ReplaySetting } from "../../store/replay-plan.ts";
import {
  compareReplay,
  completeBlocks,
  type ArmComparison,
  type ComparisonOptions,
  type ReplayDifference,
} from "./comparison.ts";
import type { LegEvidence } from "../../evidence/leg-evidence.ts";
import { judgeReplay, replayFidelity, type ReplayVerdict } from "./replay-verdict.ts";
import { interimAnalyses } from "./interim-analyses.ts";

/** What a replay found: everything that its tables print. Built from the run directory alone. */
export interface ReplayReport extends ReplayVerdict {
  readonly v: 1;
  readonly kind: "replay";
  readonly runId: string;
  readonly experiment: string;
  readonly createdAt: string;
  readonly simulated: boolean;
  readonly machine: string;
  readonly plan: ReplayPlan;
  /** Of every interval. Lower than 1 - 0.05 only where a replay looked more than once: then all looks hold together. */
  readonly confidence: number;
  readonly looks: number;
  readonly arms: readonly ArmRow[];
  readonly comparisons: readonly ArmComparison[];
  /** What the two sides of each arm differ in, by cell; absent where nothing was compared. */
  readonly fidelity?: ReturnType<typeof replayFidelity>;
  readonly blockSeconds: Readonly<Record<string, number | null>>;
  /** What each compared arm costs beyond what any proxy does; absent without a null proxy. */
  readonly aboveProxy?: readonly AboveProxy[];
  /** The engine's own latencies beside those of the tap in front of it; absent where the engine has none. */
  readonly engineLatencies?: readonly ArmEngineLatencies[];
}

/** Over all turns of an arm in a setting. */
export interface ArmEngineLatencies {
  readonly setting: string;
  readonly arm: string;
  readonly latencies: readonly Beside[];
}

/** An arm against the null proxy instead of the baseline, over the same blocks. */
interface AboveProxy {
  readonly setting: string;
  readonly arm: string;
  readonly proxy: string;
  readonly ttft: ReplayDifference;
  readonly e2e: ReplayDifference;
}

/** One arm in one setting, over all its turns; milliseconds. */
export interface ArmRow {
  readonly setting: ReplaySetting;
  readonly arm: ReplayArm;
  readonly requests: number;
  readonly failed: number;
  readonly ttftMs: Distribution;
  readonly ttftIntendedMs: Distribution;
  readonly itlMs: Distribution;
  readonly e2eMs: Distribution;
  readonly latenessMs: Distribution;
  readonly promptTokensMean: number | null;
  /** null where the server does not tell. */
  readonly cachedTokensMean: number | null;
  /** Opening and exporting a session; null for an arm without. */
  readonly sessionOpenMs: number | null;
  readonly sessionExportMs: number | null;
  /** Between the taps, mean; null: not tapped or not joined. */
  readonly pathMs: number | null;
  readonly joined: { readonly samples: number; readonly requests: number };
}

/** Pure. */
export function buildReplayReport(
  run: Pick<StoredRun, "identity" | "records">,
  plan: ReplayPlan,
  legs: readonly LegEvidence[],
): ReplayReport {
  const { identity, records } = run;
  const looks = interimAnalyses(plan);
  const options = { confidence: looks.confidence, margin: plan.margin };
  const comparisons = compareReplay(legs, plan, options);
  const above = aboveProxy(legs, plan, options);
  const besides = besideTaps(legs, plan);
  const { failedShare: failedShareMax } = recordedFailureLimits(identity.resolved);
  const ended = records.findLast((record) => record.type === "run-ended");
  const interrupted = ended?.type === "run-ended" && ended.reason !== "complete";
  return {
    v: 1,
    kind: "replay",
    runId: identity.runId,
    experiment: identity.experiment,
    createdAt: identity.createdAt,
    simulated: identity.simulated,
    machine: `${identity.host.cpuCount} x ${identity.host.cpuModel}`,
    plan,
    confidence: looks.confidence,
    looks: looks.at.length,
    ...judgeReplay({ legs, comparisons, interrupted, failedShareMax }),
    arms: plan.settings.flatMap((setting) => plan.arms.map((arm) => armRow(setting, arm, legs))),
    comparisons,
    ...(legs.some(({ fidelity }) => fidelity !== null) ? { fidelity: replayFidelity(legs) } : {}),
    blockSeconds: Object.fromEntries(
      plan.settings.map((setting) => [setting.key, blockSeconds(completeBlocks(legs, setting, plan.arms))]),
    ),
    ...(above.length > 0 && { aboveProxy: above }),
    ...(besides.length > 0 && { engineLatencies: besides }),
  };
}

function besideTaps(
  legs: readonly LegEvidence[],
  { arms, settings }: Pick<ReplayPlan, "arms" | "settings">,
): readonly ArmEngineLatencies[] {
  return settings.flatMap(({ key }) =>
    arms.flatMap(({ label }) => {
      const own = legs.filter(({ setting, arm }) => setting.key === key && arm.label === label);
      const latencies = engineLatencies(
        own.map(({ engine }) => engine),
        own.flatMap(({ timings }) => timings),
      );
      return latencies.length === 0 ? [] : [{ setting: key, arm: label, latencies }];
    }),
  );
}

function aboveProxy(
  legs: readonly LegEvidence[],
  { arms, settings }: Pick<ReplayPlan, "arms" | "settings">,
  { confidence }: ComparisonOptions,
): readonly AboveProxy[] {
  const proxy = arms.find(({ part }) => part === "placebo");
  const compared = arms.filter(({ part }) => part === "compared");
  if (proxy === undefined) return [];
  const chosen = [proxy, ...compared];
  const own = legs.filter(({ arm }) => chosen.some(({ label }) => label === arm.label));
  const found = compareReplay(own, { arms: chosen, settings }, { confidence, margin: null });
  return found.flatMap(({ setting, arm, metrics, altered }) =>
    altered === undefined
      ? [{ setting: setting.key, arm: arm.label, proxy: proxy.label, ttft: metrics.ttft, e2e: metrics.e2e }]
      : [],
  );
}

function blockSeconds(blocks: readonly (readonly LegEvidence[])[]): number | null {
  return meanOrNull(blocks.map((block) => block.reduce((sum, { seconds }) => sum + seconds, 0)));
}

function armRow(setting: ReplaySetting, arm: ReplayArm, legs: readonly LegEvidence[]): ArmRow {
  const own = legs.filter((leg) => leg.setting.key === setting.key && leg.arm.label === arm.label);
  const samples = own.flatMap(({ samples, load }) => steadySamples(samples, load.steady));
  const answered = samples.filter(({ outcome }) => outcome === "completed");
  const over = (metric: keyof typeof loadMetrics) =>
    summarize(answered.flatMap((sample) => loadMetrics[metric](sample) ?? []));
  const usages = answered.flatMap(({ usage }) => usage ?? []);
  const paths = own.flatMap(({ path }) => path.samples);
  return {
    setting,
    arm,
    requests: samples.length,
    failed: samples.length - answered.length,
    ttftMs: over("ttft"),
    ttftIntendedMs: over("ttftIntended"),
    itlMs: over("itl"),
    e2eMs: over("e2e"),
    latenessMs: over("lateness"),
    promptTokensMean: meanOrNull(usages.map(({ promptTokens }) => promptTokens)),
    cachedTokensMean: meanOrNull(usages.flatMap(({ cachedTokens }) => cachedTokens ?? [])),
    sessionOpenMs: meanOrNull(own.flatMap(({ load }) => load.openMs.flatMap((ms) => ms ?? []))),
    sessionExportMs: meanOrNull(own.flatMap(({ load }) => load.closeMs.flatMap((ms) => ms ?? []))),
    pathMs: meanOrNull(paths.map(({ wholeMs }) => wholeMs)),
    joined: { samples: paths.length, requests: own.reduce((sum, { path }) => sum + path.requests, 0) },
  };
}
