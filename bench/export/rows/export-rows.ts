import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import { z } from "zod";
import { buildLedger, type EpisodeLedger } from "../../analysis/ledger/episode-ledger.ts";
import { stampsOf, type EpisodeStamps } from "../../evidence/episode-stamps.ts";
import { readSegments, type RunSegment } from "../../evidence/run-segments.ts";
import { seenRequests, type RequestOnItsWay } from "../../evidence/seen-requests.ts";
import { readJudgedRun } from "../../store/judgements.ts";
import { finishedEpisodes } from "../../store/progress.ts";
import type { StoreWarning } from "../../store/read-run.ts";
import type { EpisodeRecord } from "../../store/record.ts";
import { storing } from "../../store/storage-error.ts";
import { writeWhole } from "../../store/text-store.ts";
import { isGenerationRequest } from "../../workload/exchange.ts";
import { prepareFolder } from "../folder.ts";
import { describeFiles, runOf } from "../manifest.ts";
import { episodeColumns, type EpisodeTableRow } from "./episode-columns.ts";
import { requestColumns, type RequestTableRow } from "./request-columns.ts";
import { RowFile } from "./row-file.ts";
import { rowsCard } from "./rows-card.ts";
import type { RowsManifest } from "./rows-manifest.ts";
import { rowSchema } from "./row-schema.ts";
import { allRows, refusal, type RowSelection } from "./row-selection.ts";

/**
 * Writes a row per model call and a row per episode, as CSV and Parquet, to an empty or new folder. Everything that was seen is a
 * row: also what failed, was repeated, or belongs to no episode. Throws ConfigError (folder), RunUnreadableError, StorageError.
 */
export async function exportRows(
  runDirectory: string,
  { out, selection = allRows }: { readonly out: string; readonly selection?: RowSelection },
): Promise<RowsManifest> {
  const run = await readJudgedRun(runDirectory);
  await prepareFolder(out);
  const records = finishedEpisodes(run.records);
  const files = {
    requests: await RowFile.open(out, "requests", requestColumns),
    episodes: await RowFile.open(out, "episodes", episodeColumns),
  };
  const tally = new Tally();
  const warnings: StoreWarning[] = [...run.warnings];
  for await (const segment of readSegments(run, warnings)) {
    await addRequests(files.requests, segment, { records, selection, tally });
    await addEpisodes(files.episodes, segment, { selection, tally });
  }
  const names = [
    ...(await files.requests.close()),
    ...(await files.episodes.close()),
    ...(await writeSchemas(out)),
  ];
  const manifest: RowsManifest = {
    v: 1,
    format: "requests",
    run: runOf(run.identity),
    counts: {
      requests: files.requests.rows,
      episodes: files.episodes.rows,
      requestsByHop: tally.of("hop"),
      requestsByArm: tally.of("arm"),
      episodesByStatus: tally.of("status"),
    },
    exclusions: Object.entries(tally.of("left out")).map(([reason, count]) => ({ reason, count })),
    warnings: warnings.map(({ file, line, message }) => `${file}:${line}: ${message}`),
    files: await describeFiles(out, names),
  };
  const path = join(out, "manifest.json");
  await storing(path, "Cannot write", () => writeWhole(path, `${JSON.stringify(manifest, null, 2)}\n`));
  const card = join(out, "README.md");
  await storing(card, "Cannot write", () => writeWhole(card, rowsCard(manifest)));
  return manifest;
}

interface Adding {
  readonly selection: RowSelection;
  readonly tally: Tally;
}

async function addRequests(
  file: RowFile<RequestTableRow>,
  segment: RunSegment,
  { records, selection, tally }: Adding & { readonly records: ReadonlyMap<string, EpisodeRecord> },
): Promise<void> {
  if (segment.timings === null) {
    tally.add("left out", "segment without taps.ndjson: no requests of it");
    return;
  }
  for (const timing of segment.timings)
    if (!isGenerationRequest(timing)) tally.add("left out", "request that generates nothing");
  const indexes = new Map<string, number>();
  for (const seen of seenRequests(segment.timings)) {
    const { episodeId, attemptKey, hop } = seen.at;
    const index = attemptKey === null ? null : (indexes.get(`${hop} ${attemptKey}`) ?? 0);
    if (index !== null) indexes.set(`${hop} ${attemptKey}`, index + 1);
    const episode = episodeId === null ? null : (records.get(episodeId) ?? null);
    const reason = refusal(selection, { arm: armOf(segment, seen), episode });
    if (reason !== null) {
      tally.add("left out", `request ${reason}`);
      continue;
    }
    tally.add("hop", hop);
    tally.add("arm", armOf(segment, seen));
    await file.add({ in: segment, seen, episode, index });
  }
}

function armOf({ cell }: RunSegment, { at }: RequestOnItsWay): string {
  return cell?.arm ?? at.arm;
}

async function addEpisodes(
  file: RowFile<EpisodeTableRow>,
  segment: RunSegment,
  { selection, tally }: Adding,
): Promise<void> {
  const { episodes, timings, tools } = segment;
  const stamps = timings === null ? null : stampsOf(episodes, { timings, tools });
  for (const episode of episodes) {
    const reason = refusal(selection, { arm: episode.arm, episode });
    if (reason !== null) {
      tally.add("left out", `episode ${reason}`);
      continue;
    }
    tally.add("status", episode.status);
    await file.add({ in: segment, episode, ledger: ledgerOf(stamps?.get(episode.episodeId)) });
  }
}

/** Without a request that was seen, all of the time would be called unexplained. */
function ledgerOf(stamps: EpisodeStamps | undefined): EpisodeLedger | null {
  if (stamps === undefined || stamps.agentCalls.length + stamps.userCalls.length === 0) return null;
  return stamps.endedNs < stamps.startedNs ? null : buildLedger(stamps);
}

async function writeSchemas(out: string): Promise<readonly string[]> {
  const schemas = { requests: rowSchema(requestColumns), episodes: rowSchema(episodeColumns) };
  const names: string[] = [];
  for (const [name, schema] of Object.entries(schemas)) {
    const path = join(out, `${name}.schema.json`);
    const text = `${JSON.stringify(z.toJSONSchema(schema), null, 2)}\n`;
    await storing(path, "Cannot write", () => writeFile(path, text));
    names.push(`${name}.schema.json`);
  }
  return names;
}

/** Counts by subject and value. */
class Tally {
  readonly #counts = new Map<string, Map<string, number>>();

  add(subject: string, value: string): void {
    const counts = this.#counts.get(subject) ?? new Map<string, number>();
    this.#counts.set(subject, counts.set(value, (counts.get(value) ?? 0) + 1));
  }

  of(subject: string): Record<string, number> {
    return Object.fromEntries(this.#counts.get(subject) ?? []);
  }
}
