import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join, resolve, sep } from "node:path";
import { ConfigError, TollgateError } from "../../errors.ts";
import { isFeedbackRun, isOriginalRun } from "../../feedback/files/read-feedback-run.ts";
import { feedbackFiles } from "../../feedback/files/step-line.ts";
import { exists } from "../../store/read-run.ts";
import { systemErrorCode } from "../../store/storage-error.ts";
import { evalStepAddress } from "../addresses.ts";
import type { EvalFolder, EvalRun } from "./eval-page.ts";
import type { ShownRuns } from "./shown-runs.ts";

/** Where results may lie. */
export interface ServedFolder {
  readonly shownRuns: ShownRuns;
  /** Nothing outside of it is shown. */
  readonly root: string;
  /** Where the command was started: a relative path may be meant from there, too. */
  readonly workingDirectory: string;
}

/** What `/v1/eval` is asked. */
export interface AskedResults {
  readonly resultsDirectory: string | null;
  readonly page: number;
  readonly perPage: number;
}

const [perPageDefault, perPageMax] = [20, 200];

/** Numbers beyond their bounds are taken for the bound. Throws ConfigError for what is no number. */
export function readEvalQuery(query: URLSearchParams): AskedResults {
  return {
    resultsDirectory: query.get("results_dir"),
    page: Math.max(1, wholeOf(query, "page", 1)),
    perPage: Math.min(perPageMax, Math.max(1, wholeOf(query, "per_page", perPageDefault))),
  };
}

function wholeOf(query: URLSearchParams, name: string, byDefault: number): number {
  const text = query.get(name);
  if (text === null || text === "") return byDefault;
  if (!/^[+-]?\d{1,15}$/.test(text)) throw new ConfigError(`${name} must be a whole number, and is ${text}.`);
  return Number(text);
}

/**
 * The folder that `results_dir` means; null where there is none. Throws ConfigError for one that lies, or leads by a link, outside of
 * what is served.
 */
export async function resultsFolder(
  asked: string | null,
  served: Pick<ServedFolder, "root" | "workingDirectory">,
): Promise<string | null> {
  const root = resolve(served.root);
  if (asked === null || asked === "") return root;
  if (asked.includes("\0")) throw outside(asked, root);
  const meant = [resolve(root, asked), resolve(served.workingDirectory, asked)];
  const inside = meant.filter((path) => isInside(path, root));
  if (inside.length === 0) throw outside(asked, root);
  for (const path of inside) {
    if (!(await isFolder(path))) continue;
    if (!isInside(await realpath(path), await realpath(root))) throw outside(asked, root);
    return path;
  }
  return null;
}

function outside(asked: string, root: string): ConfigError {
  return new ConfigError(`results_dir must lie within ${root}, which is served here; ${asked} does not.`);
}

function isInside(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

async function isFolder(path: string): Promise<boolean> {
  return (await exists(path)) && (await stat(path)).isDirectory();
}

/** The page's runs of a folder, which may be a run itself. */
export async function evalFolder(
  path: string,
  { resultsDirectory, page, perPage }: AskedResults,
  library: { readonly served: ServedFolder; readonly isListed: (path: string) => boolean },
): Promise<EvalFolder> {
  const { found, unreadable: closed } = await runsNewestFirst(path);
  const pages = Math.max(1, Math.ceil(found.length / perPage));
  const shown = Math.min(page, pages);
  const runs: EvalRun[] = [];
  const unreadable = [...closed];
  for (const directory of found.slice((shown - 1) * perPage, shown * perPage)) {
    try {
      const { shownRuns } = library.served;
      const shown = await shownRun(directory, { resultsDirectory, shownRuns });
      runs.push({ shown, isListed: library.isListed(directory) });
    } catch (error) {
      if (!isAboutFolder(error)) throw error;
      unreadable.push({ name: basename(directory), message: error.message });
    }
  }
  return {
    asked: resultsDirectory,
    path,
    runs,
    unreadable,
    page: shown,
    pages,
    perPage,
    count: found.length,
  };
}

async function shownRun(
  directory: string,
  { resultsDirectory, shownRuns }: Pick<AskedResults, "resultsDirectory"> & Pick<ServedFolder, "shownRuns">,
): Promise<EvalRun["shown"]> {
  const { run, report } = await shownRuns.of(directory);
  const stepAddress = (preference: string, step: number) =>
    evalStepAddress(resultsDirectory, { run: run.name, preference, step });
  return { run, report, stepAddress };
}

/** A run of the folder, or the folder itself, by its name; null where none is called so. A name is looked up, and is no path. */
export async function runOfFolder(
  path: string,
  name: string,
  asked: Pick<AskedResults, "resultsDirectory"> & Pick<ServedFolder, "shownRuns">,
): Promise<EvalRun["shown"] | null> {
  const { found } = await runsNewestFirst(path);
  const directory = found.find((one) => basename(one) === name);
  return directory === undefined ? null : await shownRun(directory, asked);
}

/** What is wrong with one folder, or with what this user may see of it, and not with us: the others are shown. */
export function isAboutFolder(error: unknown): error is Error {
  return error instanceof TollgateError || systemErrorCode(error) !== null;
}

/** By when the results were written: the summary, or of a run that has none yet its newest steps. */
async function runsNewestFirst(
  path: string,
): Promise<{ readonly found: readonly string[]; readonly unreadable: EvalFolder["unreadable"] }> {
  const names = await readdir(path);
  const real = await realpath(path);
  const found: { readonly directory: string; readonly changedMs: number }[] = [];
  const unreadable: EvalFolder["unreadable"][number][] = [];
  for (const directory of [path, ...names.map((name) => join(path, name))]) {
    try {
      if (!(await isFolder(directory)) || !isInside(await realpath(directory), real)) continue;
      if (await isFeedbackFolder(directory)) found.push({ directory, changedMs: await changedMs(directory) });
    } catch (error) {
      if (!isAboutFolder(error)) throw error;
      unreadable.push({ name: basename(directory), message: error.message });
    }
  }
  const newestFirst = found.toSorted(
    (a, b) => b.changedMs - a.changedMs || b.directory.localeCompare(a.directory),
  );
  return { found: newestFirst.map(({ directory }) => directory), unreadable };
}

/** A damaged run.json is shown with what is wrong with it, where there are results beside it. */
async function isFeedbackFolder(directory: string): Promise<boolean> {
  try {
    return await isFeedbackRun(directory);
  } catch (error) {
    if (!(error instanceof TollgateError)) throw error;
    return await isOriginalRun(directory);
  }
}

/** When the results of a folder were last written. */
export async function changedMs(directory: string): Promise<number> {
  const summary = await timeOf(join(directory, feedbackFiles.summary));
  if (summary !== null) return summary;
  const folders = await readdir(directory);
  const times = await Promise.all(folders.map((name) => timeOf(join(directory, name, feedbackFiles.steps))));
  const known = times.flatMap((time) => time ?? []);
  return known.length === 0 ? (await stat(directory)).mtimeMs : Math.max(...known);
}

async function timeOf(path: string): Promise<number | null> {
  return (await exists(path)) ? (await stat(path)).mtimeMs : null;
}
