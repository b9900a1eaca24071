import { cp, mkdir, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { ConfigError } from "../../bench/errors.ts";
import { exists } from "../../bench/store/read-run.ts";
import type { EpisodeRecord, RunRecord } from "../../bench/store/record.ts";
import type { RunJson } from "../../bench/store/run-json.ts";
import { copiesOf, endOf, taskOf, type CopiedSpan, type Copy } from "./copies.ts";
import { BlockWriter } from "./block-writer.ts";
import { multiplySegment, renamer } from "./multiply-segment.ts";
import { readSource, type SourceCell, type SourceRun } from "./source-run.ts";

export interface SyntheticOptions {
  readonly from: string;
  /** At least so many: every cell gets as many whole copies. */
  readonly episodes: number;
  readonly out: string;
  /** Trials of each task. */
  readonly trials: number;
  /** One episode in a hundred failed, and another one got the other reward, so that filters find something. */
  readonly vary: boolean;
  readonly bodies: boolean;
  /** Wall clock of the end of the run. */
  readonly now: Date;
}

export interface SyntheticRun {
  readonly directory: string;
  readonly episodes: number;
  readonly copies: number;
}

/** Multiplies a run into another directory. @throws {ConfigError} where that is there already, or nothing can be multiplied */
export async function multiplyRun(options: SyntheticOptions): Promise<SyntheticRun> {
  const [from, to] = [resolve(options.from), resolve(options.out)];
  if (await exists(to)) throw new ConfigError(`${to} is there already. Choose another folder.`);
  const source = await readSource(from);
  const each = source.cells.reduce((sum, { episodes }) => sum + episodes.length, 0);
  const copies = Math.ceil(options.episodes / each);
  const cells = spansOf(source, copies);
  for (const folder of ["logs", "report", "evidence"]) await mkdir(join(to, folder), { recursive: true });
  for (const name of ["servers", "texts", "preflight.json"]) {
    const path = join(from, "evidence", name);
    if (await exists(path)) await cp(path, join(to, "evidence", name), { recursive: true });
  }
  for (const { source: cell, span } of cells)
    await multiplySegment({ from, to, source: cell, span, bodies: options.bodies });
  const lengthMs = cells.reduce((sum, { span }) => sum + (endOf(span) - span.firstStartNs) / 1e6, 0);
  const beganMs = options.now.getTime() - lengthMs;
  await writeRunJson(to, { source, cells, options, beganMs });
  await writeRecords(to, { source, cells, options, beganMs });
  return { directory: to, episodes: copies * each, copies };
}

interface Multiplied {
  readonly source: SourceRun;
  readonly cells: readonly { readonly source: SourceCell; readonly span: CopiedSpan }[];
  readonly options: SyntheticOptions;
  readonly beganMs: number;
}

/** Cells run one behind the other. */
function spansOf({ cells }: SourceRun, copies: number): Multiplied["cells"] {
  let firstStartNs = Math.min(...cells.map(({ segment }) => segment.startedNs));
  return cells.map((source) => {
    const span = {
      startedNs: source.segment.startedNs,
      endedNs: source.segment.ended.endedNs,
      firstStartNs,
      copies,
    };
    firstStartNs = endOf(span);
    return { source, span };
  });
}

async function writeRunJson(to: string, { source, cells, options, beganMs }: Multiplied): Promise<void> {
  const { identity } = source.run;
  const run: RunJson = {
    ...identity,
    runId: basename(to),
    note: `synthetic, no measurement: ${options.episodes} episodes or more made of ${identity.runId}${identity.note === "" ? "" : `, ${identity.note}`}`,
    createdAt: new Date(beganMs).toISOString(),
    argv: ["synthetic-run", ...identity.argv],
    simulated: true,
    cells: cells.map(({ source: { cell, episodes }, span }) => ({
      ...cell,
      episodeIds: [...copiesOf(span)].flatMap(({ idOf }) => episodes.map(({ episodeId }) => idOf(episodeId))),
    })),
  };
  await writeFile(join(to, "run.json"), `${JSON.stringify(run, null, 2)}\n`);
}

async function writeRecords(to: string, { source, cells, options, beganMs }: Multiplied): Promise<void> {
  const planned = cells.reduce(
    (sum, { source: { episodes }, span }) => sum + episodes.length * span.copies,
    0,
  );
  const firstNs = cells[0]?.span.firstStartNs ?? 0;
  const at = (ns: number) => new Date(beganMs + (ns - firstNs) / 1e6).toISOString();
  await using records = new BlockWriter(join(to, "records.jsonl"));
  await using trajectories = new BlockWriter(join(to, "trajectories.jsonl"));
  await using tokens = source.tokens === null ? null : new BlockWriter(join(to, "tokens.jsonl.zst"));
  const record = (value: RunRecord) => records.line(JSON.stringify(value));
  await record({
    v: 1,
    type: "run-started",
    runId: basename(to),
    at: at(firstNs),
    plannedEpisodes: planned,
    plannedCells: cells.length,
    resumed: false,
  });
  for (const { source: cell, span } of cells) {
    const { segment } = cell;
    const place = { cellId: segment.cellId, segmentId: segment.segmentId };
    const [startedNs, endedNs] = [span.firstStartNs, endOf(span)];
    await record({ v: 1, type: "segment-started", ...place, at: at(startedNs), startedNs });
    const rename = renamer(cell);
    for (const copy of copiesOf(span)) {
      for (const episode of cell.episodes) {
        const { attemptKey = "", episodeId, segmentId } = episode;
        const changes = changesOf(episode, copy, options);
        const tokensLine = source.tokens?.get(attemptKey);
        if (tokensLine !== undefined) await tokens?.line(rename(tokensLine, copy));
        const trajectory = source.trajectories.get(`${episodeId}/${segmentId}`);
        if (trajectory !== undefined)
          await trajectories.line(trajectoryLine(rename(trajectory, copy), changes));
        const [episodeStartNs, episodeEndNs] = [copy.atNs(episode.startedNs), copy.atNs(episode.endedNs)];
        const line = JSON.stringify({
          ...episode,
          ...changes,
          startedNs: episodeStartNs,
          endedNs: episodeEndNs,
        });
        await records.line(rename(line, copy));
      }
    }
    await record({ ...segment.ended, at: at(endedNs), startedNs, endedNs });
    await record({
      v: 1,
      type: "cell",
      cellId: place.cellId,
      at: at(endedNs),
      summary: summaryOf(source, place.cellId),
    });
  }
  const [last] = cells.slice(-1);
  const endedNs = last === undefined ? firstNs : endOf(last.span);
  await record({ v: 1, type: "run-ended", at: at(endedNs), reason: "complete", exitCode: 0, error: null });
}

/** The verdict alone: numbers of the source are not those of the copies, and `report` makes them of the evidence. */
function summaryOf({ run }: SourceRun, cellId: string): Record<string, unknown> {
  const last = run.records.findLast((record) => record.type === "cell" && record.cellId === cellId);
  return { v: 1, cellId, ...(last?.type === "cell" && { verdict: last.summary["verdict"] }) };
}

type Changes = Pick<EpisodeRecord, "taskId" | "trial"> &
  Partial<Pick<EpisodeRecord, "status" | "reward" | "scores" | "failure" | "termination">>;

const variedOneIn = 100;

function changesOf(episode: EpisodeRecord, copy: Copy, { trials, vary }: SyntheticOptions): Changes {
  const task = taskOf(episode, copy.number, trials);
  // By the id, so that the arms differ in which ones they are.
  const lot = Number.parseInt(copy.idOf(episode.episodeId).slice(0, 8), 16) % variedOneIn;
  if (!vary || lot > 1 || episode.status === "failed") return task;
  if (lot === 0) {
    const failure = { class: "engine", message: "synthetic: the engine answered 503 Service Unavailable" };
    return { ...task, status: "failed", failure, reward: null, scores: undefined };
  }
  const reward = episode.reward === 1 ? 0 : 1;
  const scores = episode.scores?.with(0, { name: "reward", value: reward, passed: reward === 1 });
  return { ...task, reward, scores };
}

const trajectorySchema = z.looseObject({});

function trajectoryLine(line: string, { taskId, trial, status, reward }: Changes): string {
  const changed = { taskId, trial, ...(status && { status }), ...(reward !== undefined && { reward }) };
  return JSON.stringify({ ...trajectorySchema.parse(JSON.parse(line)), ...changed });
}
