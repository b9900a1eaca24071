import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join, resolve, sep } from "node:path";
import { z } from "zod";
import { ConfigError, RunUnreadableError } from "../../errors.ts";
import { openInside, readInside } from "../../sandbox/open-inside.ts";
import { readLines, type Line } from "../../store/line-file.ts";
import { exists, readRunJson } from "../../store/read-run.ts";
import type { RunJson } from "../../store/run-json.ts";
import { readPythonJson } from "./python-json.ts";
import { feedbackFiles, type EvalMetrics } from "./step-line.ts";
import { storedMetrics, storedStep, type ReadStep } from "./stored-step.ts";

/** What lies in the directory of a run of the preference loop, ours or one of the original harness. */
export interface FeedbackRun {
  /** Absolute. */
  readonly directory: string;
  readonly name: string;
  /** null: a folder of the original harness, which has no `run.json`. */
  readonly identity: RunJson | null;
  /** In the order of the plan, or of `summary.json`. */
  readonly preferences: readonly StoredPreference[];
  /** What could not be read, a sentence each. */
  readonly warnings: readonly string[];
}

export interface StoredPreference {
  readonly name: string;
  /** null: not begun, or its files are lost. */
  readonly loraId: string | null;
  /** null: not measured yet. */
  readonly baseline: EvalMetrics | null;
  /** By their numbers, each once. */
  readonly steps: readonly ReadStep[];
  /** null: nobody says. */
  readonly planned: number | null;
  /** Its entry of `summary.json`, which is written at the end; null where there is none. */
  readonly summary: StoredSummary | null;
}

/** The fields that the original writes, too. */
const summaryEntrySchema = z.object({
  lora_id: z.string().nullish(),
  logprob_margin_delta: z.number().nullish(),
  final_compliance: z.number().nullish(),
  capability_ratio: z.number().nullish(),
});
export type StoredSummary = z.infer<typeof summaryEntrySchema>;
const summariesSchema = z.record(z.string(), z.unknown());
const metadataSchema = z.object({
  lora_id: z.string().nullish(),
  config: z.object({ num_steps: z.number().int().nullish() }).nullish(),
});

/**
 * Reads what is there, of a run that goes on, too. What is damaged is left out with a warning: a page must show the rest.
 * Throws ConfigError where the folder is no such run.
 */
export async function readFeedbackRun(path: string): Promise<FeedbackRun> {
  const directory = resolve(path);
  const identity = (await exists(join(directory, "run.json"))) ? await readRunJson(directory) : null;
  const warnings: string[] = [];
  const summaries = await readSummaries(directory, warnings);
  const planned = new Map(identity?.feedback?.preferences.map(({ name, steps }) => [name, steps]));
  const folders = await preferenceFolders(directory, warnings);
  if (identity === null ? folders.length === 0 && summaries === null : identity.feedback === undefined)
    throw new ConfigError(
      `${directory} is no run of the preference loop: it has neither a plan of one in run.json nor a folder with steps.jsonl. Give a run that \`tollgate feedback\` made, or a results folder of CLaaS.`,
    );
  const names = new Set([...planned.keys(), ...Object.keys(summaries ?? {}), ...folders]);
  const preferences: StoredPreference[] = [];
  for (const name of names) {
    const own = folders.includes(name) ? await readPreference({ directory, name }, warnings) : empty;
    const entry = summaryEntrySchema.safeParse(summaries?.[name]).data ?? null;
    preferences.push({
      ...own,
      name,
      loraId: own.loraId ?? entry?.lora_id ?? null,
      planned: planned.get(name) ?? own.planned,
      summary: entry,
    });
  }
  return { directory, name: basename(directory), identity, preferences, warnings };
}

const empty = { loraId: null, baseline: null, steps: [], planned: null } as const;

/** Whether a directory is a run of the preference loop, ours or one of the original harness. Throws RunUnreadableError for a damaged run.json. */
export async function isFeedbackRun(directory: string): Promise<boolean> {
  if (await exists(join(directory, "run.json"))) return (await readRunJson(directory)).feedback !== undefined;
  return (await isFolder(directory)) && (await isOriginalRun(directory));
}

/** Whether a folder without `run.json` holds results of the original harness. */
export async function isOriginalRun(directory: string): Promise<boolean> {
  const summaries = await readSummaries(directory, []);
  if (summaries !== null) return Object.values(summaries).every((one) => isEntry(one));
  return (await preferenceFolders(directory, [])).length > 0;
}

function isEntry(value: unknown): boolean {
  return summaryEntrySchema.extend({ preference: z.string() }).safeParse(value).success;
}

/** Names of folders are taken from the disk and never from a file: a name in a file could lead anywhere. */
async function preferenceFolders(directory: string, warnings: string[]): Promise<readonly string[]> {
  const found: string[] = [];
  const root = await realpath(directory);
  for (const name of (await readdir(directory)).toSorted()) {
    const path = join(directory, name);
    if (!(await isFolder(path))) continue;
    const files = [feedbackFiles.steps, feedbackFiles.metadata, feedbackFiles.baseline];
    const has = await Promise.all(files.map((file) => exists(join(path, file))));
    if (!has.includes(true)) continue;
    if ((await realpath(path)).startsWith(root + sep)) found.push(name);
    else warnings.push(`${path} is a link that leads out of the run, and was not read`);
  }
  return found;
}

async function isFolder(path: string): Promise<boolean> {
  return (await exists(path)) && (await stat(path)).isDirectory();
}

async function readSummaries(
  directory: string,
  warnings: string[],
): Promise<Readonly<Record<string, unknown>> | null> {
  return await readOne({ directory, name: feedbackFiles.summary, schema: summariesSchema }, warnings);
}

interface PreferencePlace {
  /** Of the run. */
  readonly directory: string;
  /** Of the preference and of its folder. */
  readonly name: string;
}

async function readPreference({ directory, name }: PreferencePlace, warnings: string[]) {
  const fileOf = (file: string) => ({ directory, name: join(name, file) });
  const metadata = await readOne({ ...fileOf(feedbackFiles.metadata), schema: metadataSchema }, warnings);
  const baseline = await readOne({ ...fileOf(feedbackFiles.baseline), schema: summariesSchema }, warnings);
  const metrics = baseline === null ? null : storedMetrics(baseline);
  if (metrics !== null && metrics.unread.length > 0)
    warnings.push(
      `${join(directory, name, feedbackFiles.baseline)}: ${metrics.unread.join(", ")} cannot be read`,
    );
  return {
    loraId: metadata?.lora_id ?? null,
    planned: metadata?.config?.num_steps ?? null,
    baseline: metrics?.value ?? null,
    steps: await readSteps({ directory, name }, warnings),
  };
}

/** A folder of results may come from anybody, and a page about it is for all that it holds: none of these has a use for more. */
const bytesMax = { json: 64 * 1024 ** 2, line: 256 * 1024 ** 2, steps: 2 * 1024 ** 3 } as const;

const noFile = (path: string) => `${path} is no file of the run (a link out of it, a pipe), and was not read`;
const tooLong = (path: string, bytes: number, most: number) =>
  `${path} has ${bytes} bytes; more than ${most} are not read`;

interface FileOfRun<T> {
  readonly directory: string;
  /** Below it. */
  readonly name: string;
  readonly schema: z.ZodType<T>;
}

/** null where there is no such file, or none that can be read. */
async function readOne<T>({ directory, name, schema }: FileOfRun<T>, warnings: string[]): Promise<T | null> {
  const path = join(directory, name);
  const found = await readInside(directory, name, bytesMax.json);
  if (found === null || found.truncated) {
    if (found !== null) warnings.push(tooLong(path, found.sizeBytes, bytesMax.json));
    else if (await exists(path)) warnings.push(noFile(path));
    return null;
  }
  const read = readPythonJson(Buffer.from(found.bytes).toString("utf8"));
  if ("why" in read) {
    warnings.push(`${path} cannot be read: ${read.why}`);
    return null;
  }
  if (read.notNumbers > 0) warnings.push(notNumbersText(path, read.notNumbers));
  const parsed = schema.safeParse(read.value);
  if (!parsed.success) warnings.push(`${path} cannot be read: it has another form`);
  return parsed.data ?? null;
}

async function readSteps(
  { directory, name }: PreferencePlace,
  warnings: string[],
): Promise<readonly ReadStep[]> {
  const path = join(directory, name, feedbackFiles.steps);
  if (!(await exists(path))) return [];
  const file = await openInside(directory, join(name, feedbackFiles.steps));
  if (file === null) {
    warnings.push(noFile(path));
    return [];
  }
  const { size } = await file.stat();
  await file.close();
  if (size > bytesMax.steps) warnings.push(tooLong(path, size, bytesMax.steps));
  const steps = new Map<number, ReadStep>();
  try {
    for await (const line of readLines(path, bytesMax.line)) {
      if (line.endByte > bytesMax.steps) break;
      takeLine(`${path}:${line.number}`, line, { preference: name, steps, warnings });
    }
  } catch (error) {
    if (!(error instanceof RunUnreadableError)) throw error;
    warnings.push(error.message);
  }
  return [...steps.values()].sort((a, b) => a.step - b.step);
}

interface ReadSteps {
  readonly preference: string;
  readonly steps: Map<number, ReadStep>;
  readonly warnings: string[];
}

/** @param where of the line, for warnings */
function takeLine(
  where: string,
  { bytes, terminated }: Line,
  { preference, steps, warnings }: ReadSteps,
): void {
  const text = bytes.toString("utf8");
  if (text.trim() === "") return;
  if (!terminated) {
    warnings.push(
      `${where}: the last line is torn (${bytes.length} bytes without a newline) and was left out`,
    );
    return;
  }
  const read = readPythonJson(text);
  const step = "why" in read ? null : storedStep(read.value, preference);
  if ("why" in read || step === null) {
    warnings.push(`${where} is no step and was left out${"why" in read ? `: ${read.why}` : ""}`);
    return;
  }
  if (read.notNumbers > 0) warnings.push(notNumbersText(where, read.notNumbers));
  if (step.unread.length > 0) warnings.push(`${where}: ${step.unread.join(", ")} cannot be read`);
  if (steps.has(step.line.step))
    warnings.push(`${where}: step ${step.line.step} stands here again; the last one counts`);
  steps.set(step.line.step, step.line);
}

function notNumbersText(where: string, count: number): string {
  return `${where}: ${count === 1 ? "a value is" : `${count} values are`} NaN or infinite, and shown as not known`;
}
