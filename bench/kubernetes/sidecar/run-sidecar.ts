import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { messageOf } from "../../errors.ts";
import { exitCodes } from "../../exit-codes.ts";
import { experimentOf } from "./experiment-of.ts";
import type { OwnCommandEnd } from "./own-command.ts";
import type { SidecarSettings } from "./settings.ts";
import { beginningOf, readState, StateFile } from "./state-file.ts";

export interface SidecarParts {
  readonly settings: SidecarSettings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Resolves when the gateway takes our token. Throws StartError when it is late, or refuses. */
  readonly gatewayReady: () => Promise<void>;
  /** Resolves with what MLflow is, in words; null: none is named. Rejects with why it cannot be logged to. */
  readonly mlflowReady: () => Promise<string | null>;
  readonly command: (arguments_: readonly string[], say: (line: string) => void) => Promise<OwnCommandEnd>;
  readonly say: (line: string) => void;
  readonly nowIso: () => string;
  /** Aborts when the container is to end. */
  readonly told: AbortSignal;
}

/** Before there is anything to show for it; what the container ends with. */
export interface NotBegun {
  readonly exitCode: number;
}

/**
 * The evaluation, from the gateway's readiness to the record in MLflow. Resolves with `null` when it is over, good or bad: the
 * container then stays, so that its log and its results can be read; with an exit code where it could not begin.
 */
export async function runSidecar(parts: SidecarParts): Promise<NotBegun | null> {
  const { settings, say, told } = parts;
  const runs = join(settings.resultsDirectory, "runs");
  await mkdir(runs, { recursive: true });
  const before = await readState(settings.resultsDirectory);
  const experiment = await writeExperiment(parts);
  const beginning = beginningOf(before, { pod: settings.pod, experiment: experiment.hash });
  if (beginning === "stay" && before !== null) {
    say(
      `This pod has had its evaluation: ${before.run ?? "no run"} (${before.state}). It is not done again; a new pod does it anew.`,
    );
    sayFinished(parts, before.exitCode ?? 0);
    return null;
  }
  const state = new StateFile(settings.resultsDirectory, { pod: settings.pod, nowIso: parts.nowIso });
  const run = beginning === "new" ? null : (before?.run ?? null);
  if (beginning === "log" && before?.exitCode !== undefined && before.exitCode !== null) {
    const { exitCode } = before;
    say(`Going on with the record of ${run}.`);
    await state.write({ experiment: experiment.hash, run, exitCode, state: "logging" });
    await conclude(parts, state, { run, exitCode, tail: [], mlflow: await askedMlflow(parts) });
    return null;
  }
  await state.write({ experiment: experiment.hash, run });
  try {
    await parts.gatewayReady();
  } catch (error) {
    await state.write({ state: "failed", message: messageOf(error) });
    throw error;
  }
  const mlflow = await askedMlflow(parts);
  await state.write({ state: "running", mlflow });
  if (run !== null) say(`Going on with ${run}, which was not finished.`);
  const swept = await sweep(parts, { file: experiment.file, runs, run, state });
  if (told.aborted) return null;
  if (swept.exitCode === exitCodes.usage && swept.run === null) return await notBegun(parts, state, swept);
  await state.write({ state: "logging", run: swept.run, exitCode: swept.exitCode });
  await conclude(parts, state, { ...swept, mlflow });
  return null;
}

/** What comes after the evaluation, good or bad: the source's result file, MLflow, the last state. */
async function conclude(
  parts: SidecarParts,
  state: StateFile,
  { run, exitCode, tail, mlflow }: Omit<Swept, "lastLine"> & { readonly mlflow: "none" | "pending" },
): Promise<void> {
  const directory = run === null ? null : join(parts.settings.resultsDirectory, "runs", run);
  if (directory !== null) await writeBenchmark(parts, directory);
  const logged = directory === null || mlflow === "none" ? mlflow : await log(parts, directory);
  if (parts.told.aborted) return;
  const isGood = exitCode === exitCodes.ok;
  const message = isGood ? null : (tail.at(-1) ?? null);
  await state.write({ state: isGood ? "finished" : "failed", mlflow: logged, message });
  sayFinished(parts, exitCode);
}

function sayFinished({ say }: SidecarParts, exitCode: number): void {
  say(`Tollgate finished (exit=${exitCode})`);
}

interface WrittenExperiment {
  readonly file: string;
  readonly hash: string;
}

/** The user's own experiment where there is one, else that of the variables; a copy lies beside the results. */
async function writeExperiment({ settings, environment, say }: SidecarParts): Promise<WrittenExperiment> {
  const own = await readFile(settings.experimentFile, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw error;
  });
  const made = own ?? `${JSON.stringify(experimentOf(settings, environment), null, 2)}\n`;
  const file = join(settings.resultsDirectory, "experiment.yaml");
  await writeFile(file, made);
  say(
    own === null
      ? `experiment: ${settings.model}, ${settings.runs} runs of ${settings.tasks.length === 0 ? "all tasks" : settings.tasks.join(" ")}, ${settings.concurrency} at once`
      : `experiment: ${settings.experimentFile}; CLAWBENCH_MODEL, _RUNS, _CONCURRENCY, _TASKS and _JUDGE_MODEL are not used`,
  );
  return { file, hash: createHash("sha256").update(made).digest("hex") };
}

/** A tracking server that is down is no reason not to measure: results lie on the volume, and are logged later. */
async function askedMlflow({ mlflowReady, say }: SidecarParts): Promise<"none" | "pending"> {
  try {
    const what = await mlflowReady();
    if (what !== null) say(`MLflow: ${what}`);
    return what === null ? "none" : "pending";
  } catch (error) {
    say(
      `warning: MLflow cannot be logged to now: ${messageOf(error)} The evaluation goes on; it is tried again at its end.`,
    );
    return "pending";
  }
}

interface Swept extends OwnCommandEnd {
  /** Name of its run directory; null: it has not made one. */
  readonly run: string | null;
}

async function sweep(
  { command, say }: SidecarParts,
  place: {
    readonly file: string;
    readonly runs: string;
    readonly run: string | null;
    readonly state: StateFile;
  },
): Promise<Swept> {
  let run = place.run;
  const written: Promise<void>[] = [];
  const resumed = run === null ? [] : ["--resume", join(place.runs, run)];
  const end = await command(["sweep", place.file, "--out", place.runs, ...resumed], (line) => {
    say(line);
    // Known as soon as it is there, so that a pod that is evicted can be gone on with.
    const directory = /^run directory: (\S.*)$/.exec(line)?.[1];
    if (directory === undefined || run !== null) return;
    run = basename(directory.trim());
    written.push(place.state.write({ run }));
  });
  await Promise.all(written);
  return { ...end, run };
}

/** The experiment cannot work: nothing to be logged, and the pod is to be seen failing. */
async function notBegun(
  { settings }: SidecarParts,
  state: StateFile,
  { tail, exitCode }: OwnCommandEnd,
): Promise<NotBegun> {
  const message = tail.join("\n");
  await state.write({ state: "failed", exitCode, message });
  // The state file has it as well; outside a pod this one is not there.
  await writeFile(settings.terminationLog, message).catch(() => undefined);
  return { exitCode };
}

const manifestSchema = z.object({ results: z.array(z.object({ file: z.string() })) });

/** `benchmark.json`, as ClawBench writes it: of a run of its tasks with one cell. Whatever comes of it, the run is what counts. */
async function writeBenchmark({ command, settings, say }: SidecarParts, run: string): Promise<void> {
  const folder = join(settings.resultsDirectory, ".benchmark");
  try {
    await rm(folder, { recursive: true, force: true });
    const words = ["export", run, "--format", "clawbench", "--out", folder];
    const { exitCode, tail } = await command(words, () => undefined);
    if (exitCode !== exitCodes.ok) return say(`no benchmark.json: ${tail.at(-1) ?? "nothing was said why"}`);
    const { results } = manifestSchema.parse(
      JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")),
    );
    const [only, ...others] = results;
    if (only === undefined || others.length > 0)
      return say(
        `no benchmark.json: the run has ${results.length} cells, and that form holds one; tollgate export writes one of each`,
      );
    await copyFile(join(folder, only.file), join(settings.resultsDirectory, "benchmark.json"));
  } catch (error) {
    say(`no benchmark.json: ${messageOf(error)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const logTries = 3;

async function log({ command, say, told }: SidecarParts, run: string): Promise<"logged" | "failed"> {
  for (let tried = 1; tried <= logTries && !told.aborted; tried += 1) {
    const { exitCode } = await command(["mlflow", "log", run], say);
    if (exitCode === exitCodes.ok) return "logged";
  }
  say(`warning: the run is not in MLflow; it is whole on the volume. Later: tollgate mlflow log ${run}`);
  return "failed";
}
