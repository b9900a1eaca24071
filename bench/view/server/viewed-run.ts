import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parsedJson } from "../../host/parsed-json.ts";
import { reportModelSchema } from "../../report/model/report-model.ts";
import { driverOf } from "../../store/driver-lock.ts";
import type { EpisodeRow } from "../../store/episode-columns.ts";
import { openEpisodeIndex, type EpisodeIndex } from "../../store/episode-index.ts";
import { judgementsPath } from "../../store/judgements.ts";
import { runState } from "../../store/progress.ts";
import { nextCommand, type NextCommand } from "../../store/next-command.ts";
import { exists, readRun, readRunJson, withPlanned } from "../../store/read-run.ts";
import { resumeCommand } from "../../store/resume-command.ts";
import type { RunJson } from "../../store/run-json.ts";
import { systemErrorCode } from "../../store/storage-error.ts";
import { changedMs } from "../feedback/results-folder.ts";
import type { RunExtras } from "../lists/run-page.ts";
import type { RunFacts } from "../run-facts.ts";
import type { RunSource } from "../run-source.ts";
import { cellsOf } from "./cell-facts.ts";

/** Episodes of a run whose every record is read for one line of a page. */
const readWholeMax = 5_000;

/** A run that pages are made of. Its files are read on where they have grown. */
export class ViewedRun {
  readonly name: string;
  readonly directory: string;
  readonly #identity: RunJson;
  readonly #index: EpisodeIndex;
  #known: RunFacts | null = null;
  /** Rows as they were made, and of what. */
  #read: { readonly rows: readonly EpisodeRow[]; readonly records: number; readonly judged: string } = {
    rows: [],
    records: 0,
    judged: "",
  };
  #next: { readonly version: string; readonly command: NextCommand | null } | null = null;
  #reading: Promise<RunFacts> | null = null;

  private constructor(directory: string, identity: RunJson, index: EpisodeIndex) {
    this.name = basename(directory);
    this.directory = directory;
    this.#identity = identity;
    this.#index = index;
  }

  /** Throws RunUnreadableError for a damaged run. */
  static async open(directory: string): Promise<ViewedRun> {
    return new ViewedRun(directory, await readRunJson(directory), await openEpisodeIndex(directory));
  }

  /** Whether it is one of the preference loop, which has steps and no episodes. */
  get isFeedback(): boolean {
    return this.#identity.feedback !== undefined;
  }

  /** Finished ones, as far as they were read. */
  get episodes(): number {
    return this.#index.count;
  }

  /** The run as it is now: the same object as before while nothing has changed. Calls may overlap. */
  async facts(): Promise<RunFacts> {
    this.#reading ??= this.#readOn().finally(() => (this.#reading = null));
    return await this.#reading;
  }

  async source(): Promise<RunSource> {
    const { rows, identity } = await this.facts();
    const found = <T>(episodeId: string, read: (at: number) => Promise<T>) => {
      const at = this.#index.rowOf(episodeId);
      return at === null ? Promise.resolve(null) : read(at);
    };
    return {
      directory: this.directory,
      name: this.name,
      identity,
      rows,
      record: (episodeId) => found(episodeId, (at) => this.#index.record(at)),
      trajectory: (episodeId) => found(episodeId, (at) => this.#index.trajectory(at)),
      recordedTokens: (episodeId) => found(episodeId, (at) => this.#index.recordedTokens(at)),
    };
  }

  async extras(): Promise<RunExtras> {
    const facts = await this.facts();
    return {
      report: facts.ended ? await this.#report() : null,
      hasPage: (await sizeOf(join(this.directory, "report", "report.html"))) > 0,
      next: await this.#nextOf(facts),
      failures: await this.#failures(facts.rows),
    };
  }

  /** As `tollgate status` has it. Of a large run not every record is read for a line: only that it can be gone on with. */
  async #nextOf({ state, rows, cells, version }: RunFacts): Promise<NextCommand | null> {
    if (state === "running") return null;
    if (this.#next?.version === version) return this.#next.command;
    const command =
      rows.length <= readWholeMax
        ? nextCommand(await readRun(this.directory))
        : this.#goOn(rows.length, cells);
    this.#next = { version, command };
    return command;
  }

  #goOn(finished: number, cells: RunFacts["cells"]): NextCommand | null {
    const planned = cells.reduce((sum, { planned: cell }) => sum + cell.episodeIds.length, 0);
    const command = resumeCommand(this.#identity.argv, this.directory);
    return command === null || finished >= planned ? null : { why: "go on", command };
  }

  async #readOn(): Promise<RunFacts> {
    const { version, driverAlive } = await versionOf(this.directory);
    if (this.#known?.version === version) return this.#known;
    await this.#index.refresh();
    const rows = this.#rows(await changeOf(judgementsPath(this.directory)));
    const others = this.#index.others.map(({ record }) => record);
    const identity = withPlanned(this.#identity, others);
    const end = others.findLast(({ type }) => type === "run-ended" || type === "run-started");
    this.#known = {
      name: this.name,
      directory: this.directory,
      identity,
      state: runState(others, driverAlive),
      ended: end?.type === "run-ended",
      error: end?.type === "run-ended" ? end.error : null,
      version,
      rows,
      cells: cellsOf(identity.cells, { rows, others }, driverAlive),
    };
    return this.#known;
  }

  /** Of a large run that goes on, only what is new is read into rows: where nothing before can have become another. */
  #rows(judged: string): readonly EpisodeRow[] {
    const { rows, records, judged: judgedBefore } = this.#read;
    const index = this.#index;
    const last = rows.at(-1);
    const isLonger =
      judged === judgedBefore &&
      last !== undefined &&
      index.count >= rows.length &&
      index.episodeRecords - records === index.count - rows.length &&
      isDeepStrictEqual(index.row(rows.length - 1), last);
    const all = isLonger ? rows.concat(rowsFrom(index, rows.length)) : rowsFrom(index, 0);
    this.#read = { rows: all, records: index.episodeRecords, judged };
    return all;
  }

  /** What the run itself has written at its end; null where there is none, or one of another form. */
  async #report(): Promise<RunExtras["report"]> {
    const path = join(this.directory, "report", "report.json");
    if ((await sizeOf(path)) === 0) return null;
    return reportModelSchema.safeParse(parsedJson(await readFile(path, "utf8"))).data ?? null;
  }

  async #failures(rows: RunFacts["rows"]): Promise<RunExtras["failures"]> {
    const failed = Map.groupBy(
      rows.filter(({ status }) => status === "failed"),
      ({ failure }) => failure ?? "unknown",
    );
    const groups = [...failed].map(async ([failure, episodes]) => {
      const [first] = episodes;
      const at = first === undefined ? null : this.#index.rowOf(first.episodeId);
      if (first === undefined || at === null) return [];
      const message = (await this.#index.record(at)).failure?.message ?? "";
      return [{ failure, count: episodes.length, first, message }];
    });
    return (await Promise.all(groups)).flat();
  }
}

function rowsFrom(index: EpisodeIndex, first: number): readonly EpisodeRow[] {
  return Array.from({ length: index.count - first }, (_, at) => index.row(first + at));
}

/** What tells, without reading it, that a run is not any more as it was. */
export async function versionOf(
  directory: string,
): Promise<{ readonly version: string; readonly driverAlive: boolean }> {
  const driverAlive = (await driverOf(directory)) !== null;
  const sizes = await Promise.all(
    [
      join(directory, "records.jsonl"),
      judgementsPath(directory),
      join(directory, "report", "report.html"),
    ].map(changeOf),
  );
  // Results of CLaaS' own evaluation have none of these.
  if (!sizes.some((size) => size !== "0") && (await exists(directory)))
    sizes.push(String(await changedMs(directory)));
  return { version: `${sizes.join(".")}${driverAlive ? ".running" : ""}`, driverAlive };
}

/** Size and time of a file, for it may be written anew with as many bytes. */
async function changeOf(path: string): Promise<string> {
  const found = await statOf(path);
  return found === null ? "0" : `${found.size}-${Math.round(found.mtimeMs)}`;
}

async function sizeOf(path: string): Promise<number> {
  return (await statOf(path))?.size ?? 0;
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (thrown) {
    const code = systemErrorCode(thrown);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return null;
    throw thrown;
  }
}
