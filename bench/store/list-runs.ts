import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { ConfigError } from "../errors.ts";
import { driverOf } from "./driver-lock.ts";
import { progressOf, type RunProgress } from "./progress.ts";
import { exists, readRun, readRunJson } from "./read-run.ts";
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
}

const stackSchema = z.object({ kind: z.string() });

/** The runs in a folder, oldest first. A run that cannot be read throws, because leaving it out would hide it. */
export async function listRuns(directory: string): Promise<readonly ListedRun[]> {
  const runs: ListedRun[] = [];
  for (const path of await runDirectories(directory)) {
    const run = await readRun(path);
    const { experiment, note, createdAt, simulated, resolved } = run.identity;
    const stack = stackSchema.safeParse(resolved["stack"]).data?.kind ?? "unknown";
    const progress = progressOf(run, (await driverOf(path)) !== null);
    const replay = run.identity.replay !== undefined;
    runs.push({ directory: path, experiment, note, createdAt, stack, simulated, replay, progress });
  }
  return runs;
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
  const all = await Promise.all(
    (await runDirectories(where.runs)).map(async (path) => ({ path, identity: await readRunJson(path) })),
  );
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
    .findLast(({ identity }) => identity.experiment === last.identity.experiment);
  if (previous !== undefined) return previous.path;
  throw new ConfigError(
    `There is no run of ${last.identity.experiment} before ${last.path}, so @prev names nothing.`,
  );
}

/** Folders with a `run.json`, in the order in which the runs were started. */
async function runDirectories(directory: string): Promise<readonly string[]> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (thrown) {
    if (systemErrorCode(thrown) === "ENOENT") return [];
    throw thrown;
  }
  const paths = names.map((name) => resolve(directory, name));
  const found: { path: string; createdAt: string }[] = [];
  for (const path of paths) {
    if (await exists(join(path, "run.json")))
      found.push({ path, createdAt: (await readRunJson(path)).createdAt });
  }
  return found
    .sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.path.localeCompare(b.path))
    .map(({ path }) => path);
}
