import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { BodyLog } from "../../../bench/tap/body-log.ts";
import type { TapTiming } from "../../../bench/evidence/tap-timing.ts";
import { hasPassed } from "../../../bench/store/passed.ts";
import { readJudgedRun } from "../../../bench/store/judgements.ts";
import { finishedEpisodes } from "../../../bench/store/progress.ts";
import { readTrajectories } from "../../../bench/store/read-run.ts";
import { readRecordedTokens } from "../../../bench/store/recorded-tokens.ts";
import type { EpisodeRecord } from "../../../bench/store/record.ts";
import { RunDirectory } from "../../../bench/store/run-directory.ts";
import type { RunJson } from "../../../bench/store/run-json.ts";
import type { AttemptEvidence } from "../../../bench/store/trajectory.ts";
import type { Transcript } from "../../../bench/transcript/transcript.ts";
import type { RunSource } from "../../../bench/view/run-source.ts";
import type { ToolCallLog } from "../../../bench/workload/workload.ts";
import { buildTiming } from "../../evidence/tap-builder.ts";
import {
  buildEpisode,
  buildIdentity,
  plannedCell,
  runStarted,
  segmentEnded,
  segmentStarted,
} from "../../store/run-builder.ts";

/** An exchange as a test writes it: its stamps in milliseconds are in the timing, its bodies beside it. */
export interface WrittenExchange {
  readonly timing: Partial<TapTiming> & { readonly chunks?: readonly (readonly [number, number])[] };
  readonly request?: string;
  readonly response?: string;
}

/** One finished episode with everything around it. */
export interface WrittenEpisode {
  readonly arm: string;
  readonly record?: Partial<EpisodeRecord>;
  readonly transcript: Transcript;
  readonly rewardInfo?: unknown;
  readonly recorded?: AttemptEvidence["recorded"];
  /** `attemptKey`, `episodeId` and `arm` are filled in where they are not given. */
  readonly exchanges?: readonly WrittenExchange[];
  readonly tools?: readonly Partial<ToolCallLog>[];
}

export interface WrittenRun {
  readonly episodes: readonly WrittenEpisode[];
  readonly identity?: Partial<RunJson>;
  /** How the bodies of a segment lie. */
  readonly bodies?: "none" | "plain" | "zst";
}

export const attemptKeyOf = (episodeId: string) => `${episodeId}-s0`;

/** Writes a run with one cell of one segment for each arm, by the code that writes real ones. */
export async function writeRun(
  scratch: string,
  { episodes, identity, bodies = "zst" }: WrittenRun,
): Promise<string> {
  const arms = [...new Set(episodes.map(({ arm }) => arm))];
  const cells = arms.map((arm) => plannedCell(arm, episodes.filter((episode) => episode.arm === arm).length));
  const whole = buildIdentity({ cells, ...identity });
  await using run = await RunDirectory.create(scratch, { identity: whole, pid: process.pid });
  await run.append(runStarted(whole));
  for (const cell of cells) {
    await run.append(segmentStarted(cell.cellId));
    const directory = await run.segmentDirectory(cell.cellId, "s0");
    const own = episodes.filter(({ arm }) => arm === cell.arm);
    const exchanges: WrittenExchange[] = [];
    const tools: object[] = [];
    for (const [index, episode] of own.entries()) {
      const record = buildEpisode(cell, index, { taskId: "0", trial: index, ...episode.record });
      const { episodeId } = record;
      const attemptKey = attemptKeyOf(episodeId);
      exchanges.push(...ownExchanges({ arm: cell.arm, episodeId, attemptKey }, episode.exchanges ?? []));
      tools.push(...(episode.tools ?? []).map((line) => ({ attemptKey, episodeId, ...line })));
      const { transcript, rewardInfo = null, recorded = null } = episode;
      await run.appendEpisode(record, { attemptKey, facts: { transcript, rewardInfo }, recorded });
    }
    await writeFile(
      join(directory, "tools.ndjson"),
      tools.map((line) => `${JSON.stringify(line)}\n`).join(""),
    );
    await writeExchanges(directory, exchanges, bodies);
    await run.append(segmentEnded(cell.cellId));
  }
  return run.path;
}

/** Exchanges of one attempt, what they do not say of themselves filled in. */
export function ownExchanges(
  whose: Pick<TapTiming, "arm" | "episodeId" | "attemptKey">,
  exchanges: readonly WrittenExchange[],
): readonly WrittenExchange[] {
  return exchanges.map((exchange) => ({ ...exchange, timing: { ...whose, ...exchange.timing } }));
}

/** Both files of a segment in the order in which a tap writes them. */
export async function writeExchanges(
  directory: string,
  exchanges: readonly WrittenExchange[],
  bodies: WrittenRun["bodies"],
): Promise<void> {
  const whole = exchanges.map(({ timing, request = "{}", response = "{}" }) => ({
    ...buildTiming(),
    chunks: [],
    ...timing,
    requestBody: request,
    responseBody: response,
  }));
  const timings = whole.map(({ requestBody: _request, responseBody: _response, ...timing }) => timing);
  await writeFile(
    join(directory, "taps.ndjson"),
    timings.map((timing) => `${JSON.stringify(timing)}\n`).join(""),
  );
  const log = new BodyLog();
  const lines = whole.map((exchange) => `${JSON.stringify(log.line(exchange))}\n`).join("");
  if (bodies === "plain") await writeFile(join(directory, "bodies.ndjson"), lines);
  if (bodies === "zst") await writeFile(join(directory, "bodies.ndjson.zst"), zstdCompressSync(lines));
}

/** A run as pages read it, without an index. */
export async function sourceOf(directory: string): Promise<RunSource> {
  const run = await readJudgedRun(directory);
  const finished = finishedEpisodes(run.records);
  return {
    directory,
    name: directory.split("/").at(-1) ?? "",
    identity: run.identity,
    rows: [...finished.values()].map((record) => ({
      ...record,
      passed: hasPassed(record),
      failure: record.failure?.class ?? null,
      explained: false,
      recordByte: 0,
      recordBytes: 0,
    })),
    record: async (episodeId) => Promise.resolve(finished.get(episodeId) ?? null),
    trajectory: async (episodeId) => {
      for await (const { trajectory } of readTrajectories(directory))
        if (trajectory.episodeId === episodeId) return trajectory;
      return null;
    },
    recordedTokens: async (episodeId) => {
      for await (const { recorded } of readRecordedTokens(directory))
        if (recorded.episodeId === episodeId) return recorded;
      return null;
    },
  };
}

/** Stamps of a streamed exchange in milliseconds. */
export function stampsMs(startedMs: number, firstTokenMs: number, endedMs: number): Partial<TapTiming> {
  return {
    startedNs: startedMs * 1e6,
    requestEndNs: startedMs * 1e6,
    firstByteNs: firstTokenMs * 1e6 - 1e5,
    firstTokenNs: firstTokenMs * 1e6,
    lastTokenNs: endedMs * 1e6 - 1e5,
    endedNs: endedMs * 1e6,
  };
}
