import { join } from "node:path";
import type { RunEnd } from "../../run/run-life.ts";
import { liveRun, type LiveRun } from "../../run/run-life.ts";
import { newRun } from "../../run/open-run.ts";
import type { RunOutcome } from "../../run/run-outcome.ts";
import { systemClock } from "../../measure/clock.ts";
import { checkResumable } from "../../store/resume-check.ts";
import { RunDirectory } from "../../store/run-directory.ts";
import type { RunRecord } from "../../store/record.ts";
import type { RunJson } from "../../store/run-json.ts";
import { RunUnreadableError } from "../../errors.ts";
import { feedbackFiles, type FeedbackSummary, type StepLine } from "../files/step-line.ts";
import { servingOfRun } from "../serving/serving-places.ts";
import { summarise } from "../summary/summarise.ts";
import { feedbackHashes, feedbackRunJson, withJudging, type PlannedFeedback } from "./identity.ts";
import { endsAsAsked } from "./interruption.ts";
import { trainPreference, type TrainedPreference } from "./preference-run.ts";
import { checkGateway, checkTrainer, gatewayToken, headersOf } from "./servers.ts";
import { startParts, stopParts, type PartsOrder } from "./start-parts.ts";

export interface FeedbackOrder<Report> extends Omit<PartsOrder, "settings"> {
  readonly planned: PlannedFeedback;
  /** Folder of run directories. */
  readonly outputDirectory: string;
  /** Run directory to go on with; null starts a new run. */
  readonly resume: string | null;
  readonly argv: readonly string[];
  /** Who answers the prompts of batches. */
  readonly agent: RunJson["agent"];
  /** Called with the run directory as soon as it exists. */
  readonly opened: (directory: string) => void;
  /** Told of each step whose line is on the disk; `earlier`: another driver has written it. */
  readonly stepFinished: (line: StepLine, earlier: boolean) => void;
  readonly report: (directory: string) => Promise<Report>;
}

/**
 * A whole run of the preference loop, or the rest of one.
 * @throws {ConfigError} @throws {StartError} before there is a run directory, for what is wrong with the settings and the servers
 */
export async function executeFeedback<Report>(order: FeedbackOrder<Report>): Promise<RunEnd<Report>> {
  const simulated = await checkBefore(order);
  const { run, records } = await openRun(order, simulated);
  order.opened(run.path);
  return await liveRun(
    { run, plannedEpisodes: 0, plannedCells: 0, resumed: order.resume !== null },
    {
      experiment: null,
      environment: order.environment,
      stop: order.stop,
      tell: order.tell,
      phase: order.phase,
    },
    { measure: (live) => measure(live, order, records), report: order.report },
  );
}

/** Everything that can be found out without starting anything. Returns whether the trainer is a simulator. */
async function checkBefore<Report>({ planned, environment }: FeedbackOrder<Report>): Promise<boolean> {
  const { settings } = planned;
  const headers = headersOf(settings, environment);
  gatewayToken(settings, environment);
  const { claas_url: url, openclaw_url: openclaw } = settings;
  const simulated = url === null || (await checkTrainer(url, headers)).simulated;
  if (openclaw !== null && openclaw !== "embedded") await checkGateway(openclaw);
  return simulated;
}

interface Opened {
  readonly run: RunDirectory;
  /** What earlier drivers recorded. */
  readonly records: readonly RunRecord[];
}

async function openRun<Report>(order: FeedbackOrder<Report>, simulated: boolean): Promise<Opened> {
  const { planned, resume } = order;
  if (resume === null) {
    const identity = await feedbackRunJson(planned, { ...order, simulated });
    return { run: await newRun(order.outputDirectory, identity), records: [] };
  }
  const { run, stored } = await RunDirectory.resume(resume, { pid: process.pid });
  try {
    if (stored.identity.feedback === undefined)
      throw new RunUnreadableError(
        `${stored.identity.runId} is no run of the preference loop. \`tollgate resume\` goes on with it as what it is.`,
      );
    const { settings, preferenceFiles, file } = planned;
    const resolved = { ...settings, preference_files: preferenceFiles, file };
    checkResumable(
      { ...stored.identity, hashes: withJudging(stored.identity.hashes, stored.identity.feedback) },
      { hashes: withJudging(feedbackHashes(planned), settings), cells: [], resolved },
    );
    return { run, records: stored.records };
  } catch (error) {
    await run[Symbol.asyncDispose]();
    throw error;
  }
}

async function measure<Report>(
  live: LiveRun,
  order: FeedbackOrder<Report>,
  records: readonly RunRecord[],
): Promise<RunOutcome> {
  const stoppable = new AsyncDisposableStack();
  const { planned } = order;
  let isStarted = false;
  try {
    const parts = await startParts(live, { ...order, settings: planned.settings }, stoppable);
    isStarted = true;
    const recorded = new Set(
      records.flatMap((record) =>
        record.type === "feedback-step" ? [`${record.preference}/${record.step}`] : [],
      ),
    );
    const trained: TrainedPreference[] = [];
    for (const preference of planned.preferences) {
      trained.push(
        await trainPreference(parts, preference, async (line) => {
          const earlier = recorded.has(`${line.preference}/${line.step}`);
          if (!earlier) await live.run.append(recordOf(line));
          order.stepFinished(line, earlier);
        }),
      );
    }
    await writeSummary(live.run, planned, trained);
    return { reason: "complete" };
  } catch (error) {
    if (!endsAsAsked(error, { ...order, isStarted })) throw error;
    return { reason: "interrupted" };
  } finally {
    await stopParts(stoppable, order.tell);
  }
}

function recordOf(line: StepLine): Extract<RunRecord, { readonly type: "feedback-step" }> {
  return {
    v: 1,
    type: "feedback-step",
    at: systemClock.wallIso(),
    preference: line.preference,
    step: line.step,
    seconds: line.timing_s,
    updates: line.sub_step_count,
    failedSamples: line.samples.filter(({ failure }) => failure !== null).length,
    missing: line.missing.length,
  };
}

/** From all steps, those of earlier drivers included. */
async function writeSummary(
  run: RunDirectory,
  { settings }: PlannedFeedback,
  trained: readonly TrainedPreference[],
): Promise<FeedbackSummary> {
  const measured = await Promise.all(
    trained.map(async ({ preference, loraId, baseline, steps }) => ({
      preference: preference.name,
      loraId,
      baseline,
      steps,
      serving: settings.serving === null ? null : await servingOfRun(run.path, preference.name),
    })),
  );
  const summary = summarise(measured, settings.thresholds);
  await run.writeFile(join(run.path, feedbackFiles.summary), `${JSON.stringify(summary, null, 2)}\n`);
  return summary;
}
