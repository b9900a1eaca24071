import { resolve } from "node:path";
import type { Command } from "commander";
import { usable } from "../analysis/cell/verdict.ts";
import type { Experiment } from "../config/experiment.ts";
import { natural, number, positive } from "./arguments.ts";
import { recordedArguments } from "../config/recorded.ts";
import { executeReplay, recordedSource, stackArms } from "../run/replay/replay-run.ts";
import { readRecording, type Recording } from "../evidence/recording.ts";
import type { StoredReplay } from "../report/model/stored-replay.ts";
import { rebuildReplay, renderReplay } from "../report/rebuild.ts";
import { knownArms, planReplay } from "../run/replay/replay-plan.ts";
import { ReplayProgress } from "../run/replay/replay-progress.ts";
import { systemClock } from "../measure/clock.ts";
import { resolveRun } from "../store/list-runs.ts";
import { readRun } from "../store/read-run.ts";
import { collect } from "./experiment.ts";
import { replayEnd, terminalOf, type Loudness } from "./end-screen.ts";
import { refuseFeedback } from "./feedback-run.ts";
import type { Host } from "./host.ts";
import { inVariant } from "./in-variant.ts";
import { workIn } from "./parts.ts";
import { skipOption } from "./preflight.ts";
import { recordedExperiment } from "./recorded-experiment.ts";
import { quietScreen } from "./run-experiment.ts";
import { runToItsEnd } from "./run-to-its-end.ts";

interface Flags extends Loudness {
  readonly arms: string;
  readonly order: string;
  readonly repetitions: number;
  readonly load: string;
  readonly cache: string;
  readonly until?: string;
  readonly margin?: string;
  readonly maxTokens: number;
  readonly think: number;
  readonly conversations?: number;
  readonly cell?: string;
  readonly seed: number;
  readonly floor: boolean;
  readonly set: readonly string[];
  readonly out: string;
  readonly budget?: string;
  readonly skipPreflight: readonly string[];
  readonly json?: boolean;
}

export function register(program: Command, host: Host): void {
  program
    .command("replay <run>")
    .description(
      "send a run's recorded requests again through two arms in turn and state the difference; the last line printed is the run directory",
    )
    .option("--arms <names>", "baseline first, e.g. raw,gateway; raw,raw is an A/A run", "raw,gateway")
    .option("--order <order>", "abba: there and back in every block, so that steady drift cancels", "abba")
    .option("--repetitions <n>", "blocks per setting, 4 or more; with --until the most of them", natural, 8)
    .option(
      "--load <load>",
      "closed:C conversations at a time or open:R a second; several with commas",
      "closed:4",
    )
    .option("--cache <modes>", "flush, salt or cold, several with commas: see below", "flush")
    .option("--until <width>", "stop when the E2E difference is known to ±1ms or ±1%")
    .option(
      "--margin <margin>",
      "what counts as nothing, e.g. ±1ms or 1% (default: the experiment's compare.margin)",
    )
    .option("--max-tokens <n>", "most output tokens of a request", positive, 64)
    .option("--think <factor>", "pauses within a conversation, as a multiple of the recorded ones", number, 1)
    .option("--conversations <n>", "replay the first N only", positive)
    .option("--cell <id>", "cell to replay, on the engine of its variant (default: the first raw one)")
    .option("--seed <n>", "of arrivals and salts", natural, 1)
    .option("--no-floor", "leave out the baseline against itself (A/A) and the null proxy (placebo)")
    .option(
      "--set <path=value>",
      "change one setting of the recorded experiment; may be repeated",
      collect,
      [],
    )
    .option("--out <folder>", "folder of run directories", "runs")
    .option("--budget <time>", "stop after this time with what is finished, e.g. 20m")
    .addOption(skipOption())
    .option("-q, --quiet", "print nothing but the run directory, and say only what goes wrong")
    .option("-v, --verbose", "print the whole report before the last screen")
    .option("--json", "print the report as JSON")
    .addHelpText("after", explanation)
    .action((run: string, flags: Flags) => replay(run, flags, host));
}

const explanation = `
--cache flush  the engine's prefix cache is emptied before every turn; prefixes are shared within a turn
        salt   every turn's prompts begin with digits of their own; for engines that cannot empty their cache
        cold   every request begins with digits of its own: as if there were no prefix cache
Requests whose arms differ in prompt tokens, output tokens or finish reason are in no difference; they are counted.
Before the first block the running stack is checked as before a sweep, but for its tasks; a failed check ends it: exit code 3.
Ctrl-C drains: what is whole by then is reported.`;

async function replay(reference: string, flags: Flags, host: Host): Promise<void> {
  const outputDirectory = resolve(host.workingDirectory, flags.out);
  const measured = await resolveRun(reference, { runs: outputDirectory });
  await refuseFeedback(measured, "cells and no episodes");
  const source = await readRun(measured);
  const recording = limited(await readRecording(source, flags.cell ?? null), flags.conversations);
  const { variant } = recording.cell;
  const whole = await recordedExperiment(source, flags.set, host);
  const loaded = inVariant(whole, { ...(variant !== undefined && { variant }) }, "replay");
  const { experiment, identities } = loaded;
  const arms = knownArms(experiment.arms);
  const plan = planReplay(
    {
      ...flags,
      until: flags.until ?? null,
      margin: flags.margin ?? experiment.compare?.margin ?? null,
      thinkScale: flags.think,
    },
    { runId: source.identity.runId, recording, arms, temperature: experiment.sampling.temperature },
  );
  using progress = new ReplayProgress({
    screen: flags.quiet ? quietScreen(host) : host,
    clock: systemClock,
    plan,
  });
  const tell = (text: string) => progress.tell(text);
  const served = (whole: Experiment) => ({ ...whole, arms: [...stackArms(knownArms(whole.arms), plan)] });
  const workload = await workIn(experiment).plan(experiment, host.environment);
  await runToItsEnd<StoredReplay>(host, {
    budget: flags.budget,
    advice: async () => [],
    show: flags.quiet
      ? undefined
      : (report, directory) => {
          progress[Symbol.dispose]();
          return shownText(host, flags, { report, directory });
        },
    usable: ({ verdict }) => usable.has(verdict),
    execute: ({ stop, opened }) =>
      executeReplay(
        {
          experiment: served(experiment),
          taskData: workload.taskData,
          environment: host.environment,
          skipPreflight: new Set(flags.skipPreflight),
          stop,
          tell,
          phase: (text) => progress.phase(text),
        },
        {
          source: recordedSource(source, workload),
          conversations: recording.conversations,
          plan,
          recorded: served(loaded.recorded),
          written: served(loaded.written),
          identities,
          outputDirectory,
          argv: recordedArguments(host.argv),
          opened,
          watcher: progress,
          report: rebuildReplay,
        },
      ),
  });
}

function shownText(
  host: Host,
  { json, verbose }: Flags,
  { report, directory }: { readonly report: StoredReplay; readonly directory: string },
): string {
  if (json) return renderReplay(report, "json").trimEnd();
  const screen = replayEnd(host, report, directory);
  return verbose ? `${renderReplay(report, "table", terminalOf(host).terminal)}\n\n${screen}` : screen;
}

function limited(recording: Recording, conversations: number | undefined): Recording {
  if (conversations === undefined) return recording;
  return { ...recording, conversations: recording.conversations.slice(0, conversations) };
}
