import { basename, dirname, resolve } from "node:path";
import type { Command } from "commander";
import { findOpenClaw } from "../agent/openclaw/installation.ts";
import { recordedArguments } from "../config/recorded.ts";
import { loadSettings, recordedSettings, type LoadedSettings } from "../feedback/config/load-settings.ts";
import type { FeedbackSettings } from "../feedback/config/settings.ts";
import type { StepLine } from "../feedback/files/step-line.ts";
import { executeFeedback } from "../feedback/loop/feedback-run.ts";
import { chooseMetrics } from "../feedback/metrics/metrics.ts";
import { loadPreferences } from "../feedback/preferences/load-preferences.ts";
import type { FeedbackReport } from "../feedback/report/feedback-report.ts";
import { rebuildFeedbackReport } from "../feedback/report/rebuild.ts";
import { StatusLine } from "../run/status-line.ts";
import { parseLaw, readLaw } from "../simulator/trainer/law/law-file.ts";
import { resolveRun } from "../store/list-runs.ts";
import type { RunJson } from "../store/run-json.ts";
import { detachInto } from "./detached.ts";
import { type Loudness } from "./end-screen.ts";
import { feedbackEnd } from "./feedback-end.ts";
import { cacheDirectory, type Host } from "./host.ts";
import { quietScreen } from "./run-experiment.ts";
import { runToItsEnd } from "./run-to-its-end.ts";

interface FeedbackFlags extends Loudness {
  readonly out?: string;
  readonly resume?: string;
  readonly budget?: string;
  readonly detach?: boolean;
  readonly json?: boolean;
}

export function register(program: Command, host: Host): void {
  program
    .command("feedback <file> [settings...]")
    .description(
      "feed preferences back to a trainer step by step: does the model follow them, does it stay able, and what does serving cost meanwhile",
    )
    .option("--out <folder>", "folder of run directories (default: the file's output_dir, else runs)")
    .option("--resume <run>", "go on with a run (path, name or @last); nothing that was done is done again")
    .option("--budget <time>", "stop after this time with what is finished, e.g. 90m, 4h")
    .option("--json", "print the report as JSON")
    .option("-q, --quiet", "print nothing but the run directory, and say only what goes wrong")
    .option("--detach", "run in the background and survive the terminal; see status, attach, stop")
    .addHelpText("after", explanation)
    .action((file: string, settings: readonly string[], flags: FeedbackFlags) =>
      feedback([file, settings], flags, host),
    );
}

const explanation = `
FILE holds the settings, by the names of CLaaS' own evaluation; SETTINGS change some of them as on its command line:
num_steps=10 'preferences=[concise]' training.is_clip=7.0. \`feedback-laptop\` is shipped: a real OpenClaw and a simulated trainer.

Before anything starts, every setting, preference and address is checked. Then, for each preference: a fresh adapter, all
metrics, and steps of answers, updates and metrics, while load goes on beside the updates. Ctrl-C stops between two of
these; the run goes on there with --resume, or \`tollgate resume RUN\`, also after kill -9. See docs/feedback.md.`;

async function feedback(
  [file, overrides]: readonly [string, readonly string[]],
  flags: FeedbackFlags,
  host: Host,
): Promise<void> {
  const at = new Date();
  const loaded = loadSettings(file, { overrides, environment: host.environment, at });
  const outputDirectory = resolve(host.workingDirectory, flags.out ?? folderOf(loaded.settings));
  if (flags.detach) return await detachInto(outputDirectory, host);
  const resume =
    flags.resume === undefined ? null : await resolveRun(flags.resume, { runs: outputDirectory });
  await runFeedback(host, { loaded, flags, at, outputDirectory, resume });
}

/** Goes on with a run by what its directory says. */
export async function resumeFeedback(
  host: Host,
  {
    directory,
    identity,
    flags,
  }: { readonly directory: string; readonly identity: RunJson; readonly flags: FeedbackFlags },
): Promise<void> {
  const loaded = recordedSettings(identity);
  const place = { outputDirectory: dirname(directory), resume: directory };
  await runFeedback(host, { loaded, flags, at: new Date(), ...place });
}

/** A folder whose name is made of the time is the run itself in the source; here runs lie beside each other in what is above it. */
function folderOf({ output_dir: folder }: FeedbackSettings): string {
  if (folder === undefined) return "runs";
  return /^\d{8}-\d{6}Z?$/.test(basename(folder)) ? dirname(folder) : folder;
}

interface FeedbackRunOrder {
  readonly loaded: LoadedSettings;
  readonly flags: FeedbackFlags;
  readonly at: Date;
  /** Folder of run directories. */
  readonly outputDirectory: string;
  readonly resume: string | null;
}

async function runFeedback(host: Host, order: FeedbackRunOrder): Promise<void> {
  const { loaded, flags } = order;
  const { settings, preferenceFiles } = loaded;
  const { environment } = host;
  const preferences = loadPreferences({
    names: settings.preferences,
    files: preferenceFiles,
    environment,
  });
  checkLaw(settings);
  const agent = agentOf(settings);
  let phase = "beginning";
  using status = new StatusLine(flags.quiet ? quietScreen(host) : host, () => [{ text: phase, rank: 0 }]);
  await runToItsEnd<FeedbackReport>(host, {
    budget: flags.budget,
    advice: () => Promise.resolve([]),
    usable: isUsable,
    show: flags.quiet ? undefined : (report, directory) => shown(report, directory, { flags, host }),
    execute: ({ stop, opened }) =>
      executeFeedback<FeedbackReport>({
        ...order,
        planned: { ...loaded, preferences },
        agent,
        metrics: chooseMetrics(settings.metrics),
        environment,
        cacheDirectory: cacheDirectory(host),
        argv: recordedArguments(host.argv),
        stop,
        opened,
        tell: (line) => status.tell(line),
        phase: (text) => {
          phase = text;
          if (host.interactive) status.draw();
        },
        stepFinished: (line, earlier) => {
          if (!earlier && !flags.quiet) status.tell(stepText(line, settings));
        },
        report: rebuildFeedbackReport,
      }),
  });
}

function shown(
  report: FeedbackReport,
  directory: string,
  { flags, host }: { readonly flags: FeedbackFlags; readonly host: Host },
): Promise<string> | string {
  return flags.json ? JSON.stringify(report, null, 2) : feedbackEnd(host, report, directory);
}

/** A law that cannot be used is told before anything starts. @throws {ConfigError} */
function checkLaw({ trainer }: FeedbackSettings): void {
  const law = trainer?.law ?? null;
  if (typeof law === "string") readLaw(law);
  else if (law !== null) parseLaw(law);
}

/** @throws {StartError} where OpenClaw is wanted and not installed */
function agentOf({ openclaw_url: url }: FeedbackSettings): RunJson["agent"] {
  if (url === null) return { name: "trainer-proxy", version: "its own" };
  return { name: "openclaw", version: url === "embedded" ? findOpenClaw().version : "not asked" };
}

/** Where no update was made, nothing was learned and nothing can be said of it. */
function isUsable({ preferences }: FeedbackReport): boolean {
  return preferences.every(({ training }) => (training.updates ?? 0) > 0);
}

/** What a step says of itself while the run goes on. */
function stepText(line: StepLine, { num_steps: steps, steps_per_batch: updates }: FeedbackSettings): string {
  const { logprob_margin: margin, preference_compliance: compliance, collapse } = line.eval;
  const delta = margin?.margin_delta_from_baseline ?? null;
  const failed = line.samples.filter(({ failure }) => failure !== null).length;
  return [
    `${line.preference} step ${line.step + 1} of ${steps}: compliance ${compliance?.toFixed(2) ?? "-"}`,
    `margin ${delta === null ? "-" : `${delta >= 0 ? "+" : ""}${delta.toFixed(3)}`}`,
    ...(collapse?.alert === true ? ["collapse alert"] : []),
    ...(line.sub_step_count < updates ? [`${line.sub_step_count} of ${updates} updates`] : []),
    ...(failed > 0 ? [`${failed} of ${line.samples.length} samples without an answer`] : []),
    `${line.timing_s.toFixed(1)} s`,
  ].join(", ");
}
