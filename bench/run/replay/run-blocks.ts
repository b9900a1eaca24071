import { halfWidth } from "../../statistics/interval.ts";
import type { InterimAnalyses } from "../../statistics/group-sequential.ts";
import { exitCodes } from "../../exit-codes.ts";
import { blocksMin, interimAnalyses } from "../../analysis/replay/interim-analyses.ts";
import { marginMs, parseMargin } from "../../statistics/margin.ts";
import { readRun } from "../../store/read-run.ts";
import type { ReplayPlan, ReplaySetting } from "../../store/replay-plan.ts";
import type { RunOutcome } from "../run-outcome.ts";
import { blockOrder } from "../../statistics/block-order.ts";
import { failuresInARow } from "../../analysis/replay/failed-requests.ts";
import { compareReplay } from "../../analysis/replay/comparison.ts";
import { runLeg, warmUp, type Leg, type ReplayParts } from "./leg.ts";
import { readLegs, type LegEvidence } from "../../evidence/leg-evidence.ts";

/** Every setting's blocks, one after the other, in each all arms there and back; with a deadline a block of each by turns. */
export async function runBlocks(parts: ReplayParts): Promise<RunOutcome> {
  const { deadlineNs, plan } = parts;
  if (deadlineNs !== undefined) return runRounds(parts, deadlineNs);
  for (const setting of plan.settings) {
    parts.watcher?.settingStarted?.(setting);
    await warmUp(parts, setting);
    const end = await runSetting(parts, setting);
    if (end.reason !== "complete") return end;
  }
  return { reason: "complete" };
}

async function runSetting(parts: ReplayParts, setting: ReplaySetting): Promise<RunOutcome> {
  const { plan, stop, tell } = parts;
  const looks = interimAnalyses(plan);
  const legs: LegEvidence[] = [];
  for (let block = 0; block < plan.blocks; block += 1) {
    const end = await runBlock(parts, { setting, block, legs });
    if (end !== null) return end;
    if (stop.asked.aborted) return { reason: "interrupted" };
    if (plan.until !== null && looks.at.includes(block + 1) && isNarrow(plan, legs, looks)) {
      tell(`${setting.key}: ±${plan.until.replace("±", "")} reached after ${block + 1} blocks`);
      break;
    }
  }
  return { reason: "complete" };
}

/** A block of every setting by turns, so that all have as many when the time is over. What was measured has no say in it. */
async function runRounds(parts: ReplayParts, deadlineNs: number): Promise<RunOutcome> {
  const { plan, stop, clock } = parts;
  for (const setting of plan.settings) await warmUp(parts, setting);
  const startedNs = clock.nowNs();
  let longestNs = 0;
  for (let block = 0; block < plan.blocks; block += 1) {
    const begunNs = clock.nowNs();
    for (const setting of plan.settings) {
      const end = await runBlock(parts, { setting, block, legs: [] });
      if (end !== null) return end;
      if (stop.asked.aborted) return { reason: "interrupted" };
    }
    const nowNs = clock.nowNs();
    longestNs = Math.max(longestNs, nowNs - begunNs);
    // Too few give no interval worth printing: those may go a little past the deadline.
    const graceNs = block + 1 < blocksMin ? graceShare * (deadlineNs - startedNs) : 0;
    if (nowNs + longestNs > deadlineNs + graceNs) break;
  }
  return { reason: "complete" };
}

/** Of the time, by which it may become longer. */
const graceShare = 0.25;

interface Block {
  readonly setting: ReplaySetting;
  readonly block: number;
  /** Gets what was measured. */
  readonly legs: LegEvidence[];
}

/** All arms there and back; null when the next block may follow. */
async function runBlock(parts: ReplayParts, { setting, block, legs }: Block): Promise<RunOutcome | null> {
  const { plan, stop, stack, tell, watcher } = parts;
  for (const [position, arm] of blockOrder(plan.arms, block).entries()) {
    if (stop.asked.aborted) return { reason: "interrupted" };
    const turn = { setting, block, arm };
    watcher?.turnStarted?.(turn);
    const evidence = await measured(parts, { ...turn, position });
    legs.push(...evidence);
    if (watcher === undefined) tell(progressText(parts, evidence));
    else
      watcher.turnEnded?.(turn, { text: progressText(parts, evidence), failedRequests: failedIn(evidence) });
    const death = stack.death(arm.arm);
    const given = death === null ? failuresInARow(evidence, parts.limits.failures) : null;
    if (given !== null) {
      const message = `${given}\nRepair that arm, then start the replay again: one cannot be gone on with.`;
      return { reason: "failed", message, exitCode: exitCodes.stoppedResumable };
    }
    if (death !== null) return { reason: "failed", message: `The ${death.part} ended: ${death.message}` };
  }
  return null;
}

async function measured(parts: ReplayParts, leg: Leg): Promise<readonly LegEvidence[]> {
  const place = await runLeg(parts, leg);
  return readLegs(await readRun(parts.run.path), parts.plan, place);
}

/** Half-width of the end-to-end difference: of every arm that is compared, without any of the baseline again, and so on. */
function isNarrow(plan: ReplayPlan, legs: readonly LegEvidence[], { confidence }: InterimAnalyses): boolean {
  const target = parseMargin(plan.until ?? "");
  const seen = compareReplay(legs, plan, { confidence, margin: null }).filter(({ blocks }) => blocks > 0);
  const asked = (["compared", "again", "placebo"] as const).find((part) =>
    seen.some(({ arm }) => arm.part === part),
  );
  if (target === null || asked === undefined) return false;
  return seen
    .filter(({ arm }) => arm.part === asked)
    .every(({ metrics: { e2e } }) => {
      const limitMs = marginMs(target, e2e.baselineMean);
      return e2e.interval !== null && limitMs !== null && halfWidth(e2e.interval) <= limitMs;
    });
}

function progressText({ plan }: ReplayParts, evidence: readonly LegEvidence[]): string {
  return evidence
    .map(({ setting, arm, block, samples, seconds }) => {
      const failed = failedAmong(samples);
      const requests = `${samples.length} requests${failed > 0 ? `, ${failed} of them failed` : ""}`;
      return `${setting.key}: block ${block + 1} of ${plan.blocks}, ${arm.label}: ${requests}, ${seconds.toFixed(1)} s`;
    })
    .join("\n");
}

function failedIn(evidence: readonly LegEvidence[]): number {
  return evidence.reduce((sum, { samples }) => sum + failedAmong(samples), 0);
}

function failedAmong(samples: LegEvidence["samples"]): number {
  return samples.filter(({ outcome }) => outcome !== "completed").length;
}
