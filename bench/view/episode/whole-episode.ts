import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { buildLedger, type EpisodeLedger } from "../../analysis/ledger/episode-ledger.ts";
import { messageOf, RunUnreadableError } from "../../errors.ts";
import { readEngineSamples } from "../../evidence/engine-samples.ts";
import type { EpisodeStamps } from "../../evidence/episode-stamps.ts";
import { parsedJson } from "../../host/parsed-json.ts";
import type { EngineSample } from "../../store/engine-sample.ts";
import { fidelityFactsSchema, type FidelityFacts } from "../../store/fidelity-facts.ts";
import { judgementOf, readJudgements, type Judgement } from "../../store/judgements.ts";
import { exists, type StoreWarning } from "../../store/read-run.ts";
import type { EpisodeRecord, Trajectory } from "../../store/record.ts";
import { segmentPath } from "../../store/run-directory.ts";
import { TextStore } from "../../store/text-store.ts";
import type { RunSource } from "../run-source.ts";
import { readChosenLines } from "./chosen-lines.ts";
import { readRequests, type Attempt, type SeenRequest } from "./episode-requests.ts";
import { meanQueueSeconds } from "./queue-time.ts";

/** An episode with everything that its run directory says about it. What cannot be read is absent, and `notes` say so. */
export interface WholeEpisode {
  readonly record: EpisodeRecord;
  readonly trajectory: Trajectory | null;
  readonly segmentDirectory: string;
  readonly judgement: Judgement | null;
  readonly system: string | null;
  readonly tools: string | null;
  /** In order of start. */
  readonly requests: readonly SeenRequest[];
  readonly toolRuns: readonly ToolRun[];
  /** Where its time went; null where no request of it was seen. */
  readonly ledger: EpisodeLedger | null;
  /** Of its whole segment. */
  readonly fidelity: FidelityFacts | null;
  /** What a request of its segment waited on average, by the engine's own counters; null where it does not say. */
  readonly queueSecondsMean: number | null;
  /** What the engines of its segment said of themselves, in order; none where they were not asked. */
  readonly engineSamples: readonly EngineSample[];
  /** What is not on the page and why, one sentence each. */
  readonly notes: readonly string[];
}

/** One execution of a tool. Monotonic nanoseconds. */
export interface ToolRun {
  readonly toolCallId: string | null;
  readonly name: string;
  readonly requestor: string;
  readonly error: boolean;
  readonly receivedNs: number;
  /** When a worker began with it; null in older runs. */
  readonly startedNs: number | null;
  readonly endedNs: number;
}

const toolLineSchema = z.object({
  attemptKey: z.string(),
  toolCallId: z.string().nullable().default(null),
  name: z.string().default("tool"),
  requestor: z.string().default("assistant"),
  error: z.boolean().default(false),
  receivedNs: z.number(),
  startedNs: z.number().nullable().default(null),
  endedNs: z.number(),
});

/** null: no episode of this id is finished. */
export async function readWholeEpisode(run: RunSource, episodeId: string): Promise<WholeEpisode | null> {
  const record = await run.record(episodeId);
  if (record === null) return null;
  const reading = new Reading();
  const trajectory = await reading.of("its conversation", null, () => run.trajectory(episodeId));
  const texts = new TextStore(run.directory);
  const segmentDirectory = segmentPath(run.directory, record);
  const attemptKey = trajectory?.attemptKey ?? record.attemptKey ?? null;
  const { warnings } = reading;
  const { startedNs, endedNs } = record;
  const attempt = { segmentDirectory, startedNs, endedNs };
  const requests = await reading.of("the times of its requests", [], () =>
    attemptKey === null
      ? []
      : readRequests(
          { ...attempt, attemptKey, requests: record.requests + record.userUsage.requests },
          warnings,
        ),
  );
  const toolRuns = await reading.of("the times of its tools", [], () =>
    attemptKey === null
      ? []
      : readToolRuns({ ...attempt, attemptKey, requests: executedTools(trajectory) }, warnings),
  );
  return {
    record,
    trajectory,
    segmentDirectory,
    judgement: await reading.of("what the judge said", null, async () =>
      judgementOf(record, (await readJudgements(run.directory, warnings)).judgements),
    ),
    system: await reading.of("the system message", null, () => textOf(texts, trajectory?.systemSha256)),
    tools: await reading.of("the tool schemas", null, () => textOf(texts, trajectory?.toolsSha256)),
    requests,
    toolRuns,
    ledger: requests.length === 0 ? null : ledgerOf(record, requests, toolRuns),
    fidelity: await reading.of("what the path changed", null, () => readFidelity(segmentDirectory)),
    queueSecondsMean: await reading.of("the engine's counters", null, () =>
      meanQueueSeconds(segmentDirectory),
    ),
    engineSamples: await reading.of("the engines' readings", [], () =>
      readEngineSamples(segmentDirectory, warnings),
    ),
    notes: [...reading.notes, ...absences({ trajectory, attemptKey, requests, segmentDirectory })],
  };
}

/** Reads parts of a run of which any may be damaged: the others are shown all the same. */
class Reading {
  readonly warnings: StoreWarning[] = [];
  readonly #notes: string[] = [];

  get notes(): readonly string[] {
    return [
      ...this.#notes,
      ...this.warnings.map(({ file, line, message }) => `${file}:${line}: ${message}.`),
    ];
  }

  async of<T>(what: string, absent: T, read: () => T | Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof RunUnreadableError)) throw error;
      this.#notes.push(`Without ${what}: ${messageOf(error)}`);
      return absent;
    }
  }
}

async function textOf(texts: TextStore, sha256: string | undefined): Promise<string | null> {
  return sha256 === undefined ? null : await texts.get(sha256);
}

/** Results that came from the tool server, which notes each: at least so many runs are in its file. */
function executedTools(trajectory: Trajectory | null): number {
  const messages = trajectory?.messages ?? [];
  return messages.filter((message) => message.role === "tool" && message.answeredBy === "tool-server").length;
}

async function readToolRuns(
  { segmentDirectory, attemptKey, startedNs, endedNs, requests }: Attempt,
  warnings: StoreWarning[],
): Promise<readonly ToolRun[]> {
  const path = join(segmentDirectory, "tools.ndjson");
  const choose = (bytes: Buffer) => bytes.includes(attemptKey);
  const near = { span: { startedNs, endedNs }, least: requests };
  const lines = await readChosenLines(path, toolLineSchema, { choose, warnings, near });
  return lines
    .filter((line) => line.attemptKey === attemptKey)
    .toSorted((a, b) => a.receivedNs - b.receivedNs);
}

async function readFidelity(segmentDirectory: string): Promise<FidelityFacts | null> {
  const path = join(segmentDirectory, "fidelity.json");
  if (!(await exists(path))) return null;
  const facts = fidelityFactsSchema.safeParse(parsedJson(await readFile(path, "utf8")));
  if (facts.success) return facts.data;
  throw new RunUnreadableError(`${path} cannot be read: ${z.prettifyError(facts.error)}`);
}

function ledgerOf(
  record: EpisodeRecord,
  requests: readonly SeenRequest[],
  toolRuns: readonly ToolRun[],
): EpisodeLedger | null {
  // Stamps of two clocks: there is nothing to add up.
  if (record.endedNs < record.startedNs) return null;
  const { start = 0, reward = 0, export: exported = 0 } = record.sessionMs ?? {};
  const stamps: EpisodeStamps = {
    startedNs: record.startedNs,
    endedNs: record.endedNs,
    sessionNs: Math.round((start + (reward ?? 0) + (exported ?? 0)) * 1e6),
    agentCalls: requests
      .filter(({ side }) => side === "agent")
      .map(({ outer: { startedNs, endedNs }, inner }) => ({ startedNs, endedNs, inner })),
    userCalls: requests.filter(({ side }) => side === "user").map(({ outer }) => outer),
    tools: toolRuns.map(({ receivedNs, endedNs }) => ({ startedNs: receivedNs, endedNs })),
  };
  return buildLedger(stamps);
}

function absences(of: {
  readonly trajectory: Trajectory | null;
  readonly attemptKey: string | null;
  readonly requests: readonly SeenRequest[];
  readonly segmentDirectory: string;
}): readonly string[] {
  const { trajectory, attemptKey, requests, segmentDirectory } = of;
  return [
    ...(trajectory === null ? ["The conversation of this episode is not in the run's trajectories."] : []),
    ...(attemptKey === null
      ? [
          "This run of an older Tollgate does not say which requests belong to the episode, so no times are shown.",
        ]
      : requests.length === 0
        ? [
            `No request of this episode is in ${join(segmentDirectory, "taps.ndjson")}, so no times are shown.`,
          ]
        : []),
  ];
}
