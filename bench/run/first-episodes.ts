import { join } from "node:path";
import { secondsBetween } from "../measure/clock.ts";
import type { PlannedEpisode } from "../plan/run-plan.ts";
import { nameOf, notChecked } from "../preflight/check.ts";
import { episodeCheckOf, episodeFinding } from "../preflight/checks/episode.ts";
import { addCheck, latestEvidence } from "../preflight/preflight.ts";
import type { RunningArm } from "../stack/stack.ts";
import type { Finding, PreflightRecord } from "../store/preflight-record.ts";
import { EvidenceLines } from "./evidence-lines.ts";
import type { PlannedCellRun } from "./remaining-work.ts";
import { playEpisode, type PlayParts } from "./attempt.ts";

/** What the check uses. */
export interface FirstEpisodes extends PlayParts {
  /** Folder with `evidence/`, where what the taps see of these episodes is kept: in no cell. */
  readonly directory: string;
  /** By name of an arm; an arm without one is not asked. */
  readonly first: ReadonlyMap<string, PlannedEpisode>;
  /** `limits.failures` of the run that follows; 0 where none follows. */
  readonly failuresMax: number;
  /** Ends the wait for an episode. */
  readonly signal: AbortSignal;
  readonly phase?: (text: string) => void;
}

/**
 * Plays the first planned episode of every arm, with the agent that is going to play the others, and adds what came of it to the
 * record of the preflight, which was before the agent's start.
 */
export async function checkFirstEpisodes(parts: FirstEpisodes): Promise<PreflightRecord> {
  const { clock, directory, tell } = parts;
  const startedNs = clock.nowNs();
  const findings: Finding[] = [];
  for (const arm of parts.stack.arms) {
    parts.phase?.(`preflight: a first episode in ${nameOf(arm)}`);
    findings.push(...(await playIn(arm, parts)));
  }
  for (const { on, status, what, change } of findings)
    tell(
      `preflight episode: ${status === "ok" ? "" : `${status}: `}${on}: ${what}${change === null ? "" : `. ${change}`}`,
    );
  const seconds = secondsBetween(startedNs, clock.nowNs());
  return addCheck(directory, { check: episodeCheckOf(findings), seconds });
}

/** The check was left out by name: the record says so. */
export function leaveOutEpisodes(directory: string): Promise<PreflightRecord> {
  return addCheck(directory, { check: episodeCheckOf(null), seconds: 0 });
}

/** The first episode that is left to do of each arm. */
export function firstEpisodes(cells: readonly PlannedCellRun[]): ReadonlyMap<string, PlannedEpisode> {
  const first = new Map<string, PlannedEpisode>();
  for (const { cell, remaining } of cells) {
    const [episode] = remaining;
    if (episode !== undefined && !first.has(cell.arm.name)) first.set(cell.arm.name, episode);
  }
  return first;
}

async function playIn(arm: RunningArm, parts: FirstEpisodes): Promise<readonly Finding[]> {
  const { stack, clock, first, failuresMax, signal } = parts;
  const { name } = arm.spec;
  const planned = first.get(name);
  if (planned === undefined || signal.aborted) return [];
  const death = stack.death(name);
  if (death !== null) return [notChecked(nameOf(arm), `the ${death.part} ended: ${death.message}`)];
  const folder = join(await latestEvidence(parts.directory), `episode-${name}`);
  const evidence = new EvidenceLines(folder);
  await stack.tap.openSegment(folder, true);
  const startedNs = clock.nowNs();
  try {
    const attemptKey = `preflight-${planned.episodeId}-${String(startedNs).slice(-9)}`;
    const { result, usage } = await playEpisode(
      parts,
      { arm, signal, logToolCall: () => undefined, evidence },
      { planned, attemptKey },
    );
    const seconds = secondsBetween(startedNs, clock.nowNs());
    const { requests } = usage.total();
    const { taskId } = planned.task;
    return [episodeFinding(nameOf(arm), { result, taskId, requests, seconds, failuresMax })];
  } finally {
    await stack.tap.closeSegment();
  }
}
