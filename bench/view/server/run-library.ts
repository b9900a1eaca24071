import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { worstOf } from "../../report/views/runs.ts";
import { placeOf, type RunFolderPlace } from "../../store/list-runs.ts";
import { exists } from "../../store/read-run.ts";
import { systemErrorCode } from "../../store/storage-error.ts";
import { isFeedbackRun } from "../../feedback/files/read-feedback-run.ts";
import { changedMs, isAboutFolder, type ServedFolder } from "../feedback/results-folder.ts";
import { ShownRuns } from "../feedback/shown-runs.ts";
import { listedFeedback, viewFeedback, type ViewedFeedback } from "../feedback/viewed-feedback.ts";
import { runsPerPage, type ListedFacts, type RunsFolder } from "../lists/runs-page.ts";
import type { RunFacts } from "../run-facts.ts";
import { ViewedRun, versionOf } from "./viewed-run.ts";

/** The memory of a long session must not grow with every run that was looked at: so many runs, and so many episodes in all, are kept open. */
const openMax = { runs: 8, episodes: 150_000 };
const lookAgainMs = 10_000;
const stackSchema = z.object({ kind: z.string() });

/** The runs that are served: those of a folder, or one. A name is looked up among them, so no address is a path of the disk. */
export class RunLibrary {
  readonly #path: string;
  readonly #only: boolean;
  readonly #workingDirectory: string;
  /** Folders without run.json that hold results of CLaaS' own evaluation. */
  readonly #originals = new Set<string>();
  readonly #shownRuns = new ShownRuns();
  /** When to look again whether a folder has become a run. */
  readonly #notRuns = new Map<string, number>();
  /** The last used one last. */
  readonly #open = new Map<string, Promise<ViewedRun>>();
  readonly #places = new Map<string, RunFolderPlace>();
  readonly #listed = new Map<string, { readonly version: string; readonly facts: ListedFacts }>();

  /** @param path of a folder of runs, or of a run when `only` */
  constructor(
    path: string,
    { only, workingDirectory = path }: { readonly only: boolean; readonly workingDirectory?: string },
  ) {
    this.#path = resolve(path);
    this.#only = only;
    this.#workingDirectory = workingDirectory;
  }

  /** Nothing outside of it is served. */
  get served(): ServedFolder {
    const shownRuns = this.#shownRuns;
    return { root: this.#path, workingDirectory: this.#workingDirectory, shownRuns };
  }

  /** Whether a directory is a run that has pages here. */
  isListed(path: string): boolean {
    return this.#only ? path === this.#path : dirname(path) === this.#path;
  }

  /** A run of the preference loop; null where no run is called so, or where it is another one. Throws RunUnreadableError. */
  async feedback(name: string): Promise<ViewedFeedback | null> {
    const directory = (await this.#directories()).get(name);
    if (directory === undefined) return null;
    const { version } = await versionOf(directory);
    if (!this.#originals.has(directory) && (await this.open(name))?.isFeedback !== true) return null;
    return await this.#viewFeedback(directory, version);
  }

  /** The name of the run that is served alone; null where a folder is. */
  get only(): string | null {
    return this.#only ? basename(this.#path) : null;
  }

  /** null where no run is called so. Throws RunUnreadableError for a damaged one. */
  async open(name: string): Promise<ViewedRun | null> {
    const directory = (await this.#directories()).get(name);
    if (directory === undefined) return null;
    const opening = this.#open.get(name) ?? ViewedRun.open(directory);
    this.#open.delete(name);
    this.#open.set(name, opening);
    try {
      const run = await opening;
      await this.#closeOldest();
      return run;
    } catch (error) {
      // It may be repaired by the next time.
      this.#open.delete(name);
      throw error;
    }
  }

  async #closeOldest(): Promise<void> {
    const newestFirst = [...this.#open].toReversed();
    let episodes = 0;
    for (const [at, [name, opening]] of newestFirst.entries()) {
      const run = await opening.catch(() => null);
      episodes += run?.episodes ?? 0;
      const isOver = at >= openMax.runs || episodes > openMax.episodes;
      if (at > 0 && isOver && this.#open.get(name) === opening) this.#open.delete(name);
    }
  }

  /** Another text when a run has changed; null where there is none of this name. */
  async versionOf(name: string): Promise<string | null> {
    const directory = (await this.#directories()).get(name);
    return directory === undefined ? null : (await versionOf(directory)).version;
  }

  /** The same of the list of runs, as far as its first page shows it. */
  async version(): Promise<string> {
    const places = (await this.#newestFirst()).slice(0, runsPerPage);
    const versions = await Promise.all(
      places.map(async ({ path }) => `${basename(path)}=${(await versionOf(path)).version}`),
    );
    return createHash("sha256").update(versions.join("\n")).digest("hex").slice(0, 16);
  }

  /** Throws nothing for a damaged run: the list says what is wrong with it. */
  async list(page: number): Promise<RunsFolder> {
    const version = await this.version();
    const places = await this.#newestFirst();
    const pages = Math.max(1, Math.ceil(places.length / runsPerPage));
    const shown = Math.min(page, pages);
    const runs: ListedFacts[] = [];
    const unreadable: RunsFolder["unreadable"][number][] = [];
    for (const { path } of places.slice((shown - 1) * runsPerPage, shown * runsPerPage)) {
      try {
        runs.push(await this.#listedFacts(path));
      } catch (error) {
        if (!isAboutFolder(error)) throw error;
        unreadable.push({ name: basename(path), message: error.message });
      }
    }
    return { path: this.#path, version, runs, unreadable, page: shown, pages, count: places.length };
  }

  async #listedFacts(path: string): Promise<ListedFacts> {
    const { version } = await versionOf(path);
    const known = this.#listed.get(path);
    if (known?.version === version) return known.facts;
    if (this.#originals.has(path))
      return this.#remembered(path, version, await this.#viewFeedback(path, version));
    // What is only listed is not kept open: a folder may hold many runs.
    const kept = this.#only ? this.open(basename(path)) : this.#open.get(basename(path));
    const run = (await kept) ?? (await ViewedRun.open(path));
    if (run.isFeedback) return this.#remembered(path, version, await this.#viewFeedback(path, version));
    const facts = listedFacts(await run.facts(), (await run.extras()).hasPage);
    this.#listed.set(path, { version, facts });
    return facts;
  }

  async #viewFeedback(path: string, version: string): Promise<ViewedFeedback> {
    return await viewFeedback(path, { version, shownRuns: this.#shownRuns });
  }

  // oxlint-disable-next-line max-params -- a path at a version
  #remembered(path: string, version: string, viewed: ViewedFeedback): ListedFacts {
    const facts = listedFeedback(viewed);
    this.#listed.set(path, { version, facts });
    return facts;
  }

  /** Name -> directory. */
  async #directories(): Promise<ReadonlyMap<string, string>> {
    if (this.#only) {
      await this.#isRun(this.#path);
      return new Map([[basename(this.#path), this.#path]]);
    }
    const found = new Map<string, string>();
    for (const name of await namesIn(this.#path)) {
      const path = join(this.#path, name);
      if (this.#places.has(path) || (await this.#isRun(path))) found.set(name, path);
    }
    return found;
  }

  async #isRun(path: string): Promise<boolean> {
    try {
      if (await exists(join(path, "run.json"))) return true;
      // A folder of something else may be large, and is asked about at every look.
      if ((this.#notRuns.get(path) ?? 0) > performance.now()) return false;
      if (await isFeedbackRun(path)) {
        this.#originals.add(path);
        return true;
      }
    } catch (error) {
      // Into which nobody may look, whatever it is: the others are shown.
      if (!isAboutFolder(error)) throw error;
    }
    this.#notRuns.set(path, performance.now() + lookAgainMs);
    return false;
  }

  async #placeOf(path: string, name: string): Promise<RunFolderPlace> {
    if (!this.#originals.has(path)) return await placeOf(path, name);
    return { path, experiment: name, createdMs: await changedMs(path) };
  }

  async #newestFirst(): Promise<readonly RunFolderPlace[]> {
    const places: RunFolderPlace[] = [];
    for (const [name, path] of await this.#directories()) {
      const place = this.#places.get(path) ?? (await this.#placeOf(path, name));
      this.#places.set(path, place);
      places.push(place);
    }
    return places.sort((a, b) => b.createdMs - a.createdMs || b.path.localeCompare(a.path));
  }
}

/** None in a folder that is not there: the first run may make it. */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if (systemErrorCode(thrown) === "ENOENT") return [];
    throw thrown;
  }
}

function listedFacts(run: RunFacts, hasPage: boolean): ListedFacts {
  const { identity, cells, rows } = run;
  const found = cells.flatMap(({ verdict }) => verdict ?? []);
  const worst = worstOf(found);
  return {
    name: run.name,
    createdAt: identity.createdAt,
    note: identity.note,
    stack: stackSchema.safeParse(identity.resolved["stack"]).data?.kind ?? "unknown",
    simulated: identity.simulated,
    counts: identity.replay === undefined ? "episodes" : "replay",
    state: run.state,
    finished: rows.length,
    planned: cells.reduce((sum, { planned }) => sum + planned.episodeIds.length, 0),
    failed: rows.filter(({ status }) => status === "failed").length,
    verdict:
      worst === null
        ? null
        : { worst, cells: found.filter((verdict) => verdict === worst).length, of: cells.length },
    hasPage,
  };
}
