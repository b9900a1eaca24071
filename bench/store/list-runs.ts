import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { ConfigError, TollgateError } from "../errors.ts";
import { feedbackProgress, type FeedbackProgress } from "./feedback-progress.ts";
import { driverOf } from "./driver-lock.ts";
import { readOutcomes } from "./episode-index.ts";
import { nextCommand, type NextCommand } from "./next-command.ts";
import { progressOf, type RunProgress } from "./progress.ts";
import { exists, readRunJson } from "./read-run.ts";
import { systemErrorCode } from "./storage-error.ts";

export interface ListedRun {
  readonly directory: string;
  readonly experiment: string;
  readonly note: string;
  /** Wall clock, ISO 8601. */
  readonly createdAt: string;
  /** Kind of stack: `embedded`, `attach` or `docker`. */
  readonly stack: string;
  readonly simulated: boolean;
  /** A replay sends recorded requests and has no episodes. */
  readonly replay: boolean;
  readonly progress: RunProgress;
  /** Only of a run of the preference loop, which has steps and no episodes. */
  readonly feedback?: FeedbackProgress;
  /** How it is gone on with or repaired; null when all is well. */
  readonly next: NextCommand | null;
}

const stackSchema = z.object({ kind: z.string() });

export interface RunList {
  /** Oldest first. */
  readonly runs: readonly ListedRun[];
  /** Damaged ones, with what is wrong: to leave them out would hide them. */
  readonly unreadable: readonly { readonly directory: string; readonly message: string }[];
}

export async function listRuns(directory: string): Promise<RunList> {
  const runs: ListedRun[] = [];
  const unreadable: RunList["unreadable"][number][] = [];
  for (const { path } of await runDirectories(directory)) {
    try {
      runs.push(await listedRun(path));
    } catch (error) {
      if (!(error instanceof TollgateError)) throw error;
      unreadable.push({ directory: path, message: error.message });
    }
  }
  return { runs, unreadable };
}

async function listedRun(directory: string): Promise<ListedRun> {
  const run = await readOutcomes(directory);
  const { experiment, note, createdAt, simulated, resolved } = run.identity;
  const stack =
    stackSchema.safeParse(resolved["stack"]).data?.kind ??
    (run.identity.feedback === undefined ? "unknown" : "feedback");
  const progress = progressOf(run, (await driverOf(directory)) !== null);
  const replay = run.identity.replay !== undefined;
  const feedback = feedbackProgress(run.identity, run.records);
  return {
    directory,
    experiment,
    note,
    createdAt,
    stack,
    simulated,
    replay,
    progress,
    ...(feedback !== null && { feedback }),
    next: nextCommand(run),
  };
}

/**
 * The directory that a person means: a path, the name of a run in `runs`, `@last` (also when nothing is given), or
 * `@prev` (the run of the same experiment before `@last`, or before `than`). Throws ConfigError.
 */
export async function resolveRun(
  reference: string | undefined,
  where: { readonly runs: string; readonly than?: string },
): Promise<string> {
  if (reference !== undefined && !reference.startsWith("@")) {
    const named = join(where.runs, reference);
    return resolve((await exists(join(named, "run.json"))) ? named : reference);
  }
  const all = await runDirectories(where.runs);
  const lastPath = where.than === undefined ? all.at(-1)?.path : resolve(where.than);
  const last = all.findLast(({ path }) => path === lastPath);
  if (last === undefined) {
    throw new ConfigError(
      `There is no run in ${resolve(where.runs)}. Give a run directory, or start one with \`tollgate sweep\`.`,
    );
  }
  if (reference === undefined || reference === "@last") return last.path;
  if (reference !== "@prev") {
    throw new ConfigError(`Unknown run ${reference}. Use a run directory, @last or @prev.`);
  }
  const previous = all
    .slice(0, all.indexOf(last))
    .findLast(({ experiment }) => experiment === last.experiment);
  if (previous !== undefined) return previous.path;
  throw new ConfigError(`There is no run of ${last.experiment} before ${last.path}, so @prev names nothing.`);
}

export interface RunFolderPlace {
  readonly path: string;
  readonly experiment: string;
  readonly createdMs: number;
}

/** Folders with a `run.json`, in the order in which the runs were started. */
async function runDirectories(directory: string): Promise<readonly RunFolderPlace[]> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (thrown) {
    if (systemErrorCode(thrown) === "ENOENT") return [];
    throw thrown;
  }
  const places: RunFolderPlace[] = [];
  for (const name of names) {
    const path = resolve(directory, name);
    if (await exists(join(path, "run.json"))) places.push(await placeOf(path, name));
  }
  return places.sort((a, b) => a.createdMs - b.createdMs || a.path.localeCompare(b.path));
}

/** A damaged run keeps the place that its name gives it; one with another name comes first, where `@last` does not look. */
export async function placeOf(path: string, name: string): Promise<RunFolderPlace> {
  try {
    const { experiment, createdAt } = await readRunJson(path);
    return { path, experiment, createdMs: Date.parse(createdAt) };
  } catch (error) {
    if (!(error instanceof TollgateError)) throw error;
    const [, experiment = "", day, time] = /^(.+)-(\d{8})T(\d{6})Z-[0-9a-f]{6}$/.exec(name) ?? [];
    if (day === undefined || time === undefined) return { path, experiment, createdMs: 0 };
    const parted = (digits: string, by: string) => digits.replace(/(\d{2})(\d{2})$/, `${by}$1${by}$2`);
    return { path, experiment, createdMs: Date.parse(`${parted(day, "-")}T${parted(time, ":")}Z`) };
  }
}
