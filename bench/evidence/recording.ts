import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, RunUnreadableError } from "../errors.ts";
import { isAnswered, readTapTimings, type TapTiming } from "./tap-timing.ts";
import { isGenerationRequest } from "../workload/exchange.ts";
import { readLines } from "../store/line-file.ts";
import { segmentsOf } from "../store/progress.ts";
import type { StoredRun, StoreWarning } from "../store/read-run.ts";
import { segmentPath } from "../store/run-directory.ts";
import type { PlannedCell } from "../store/run-json.ts";
import { readBodies } from "../tap/read-bodies.ts";

/** What an agent asked the arm for in one attempt at an episode. */
export interface Conversation {
  readonly key: string;
  readonly requests: readonly RecordedRequest[];
}

export interface RecordedRequest {
  readonly path: string;
  /** JSON text, as it went over the wire. */
  readonly body: string;
  /** From the end of the last answer to this request, milliseconds: tools, the user, the agent itself. 0 for the first. */
  readonly thinkMs: number;
}

export interface Recording {
  readonly cell: PlannedCell;
  readonly conversations: readonly Conversation[];
}

/**
 * The conversations of one cell. Default: the first raw cell (else the first cell) that has any.
 * @throws {ConfigError} when there is nothing to replay
 * @throws {RunUnreadableError} for a torn line or one of another version, with file and line: a part of a conversation
 * would give a plausible wrong number
 */
export async function readRecording(run: StoredRun, cellId: string | null): Promise<Recording> {
  const cells = run.identity.cells.toSorted(
    (a, b) => Number(b.armKind === "raw") - Number(a.armKind === "raw"),
  );
  const chosen = cellId === null ? cells : cells.filter((cell) => cell.cellId === cellId);
  if (chosen.length === 0)
    throw new ConfigError(`Run ${run.identity.runId} has no cell ${cellId ?? ""}; see its run.json.`);
  for (const cell of chosen) {
    const conversations = await conversationsOf(run, cell);
    if (conversations.length > 0) return { cell, conversations };
  }
  const what = cellId === null ? "It" : `Cell ${cellId}`;
  throw new ConfigError(
    `${run.directory} holds nothing to replay. ${what} needs a finished segment with recorded bodies: run the sweep with output.bodies: true.`,
  );
}

async function conversationsOf(run: StoredRun, cell: PlannedCell): Promise<Conversation[]> {
  const conversations: Conversation[] = [];
  for (const segment of segmentsOf(run.records)) {
    if (segment.cellId !== cell.cellId || segment.ended === null) continue;
    const directory = segmentPath(run.directory, segment);
    if (!existsSync(join(directory, "bodies.ndjson")) && !existsSync(join(directory, "bodies.ndjson.zst")))
      continue;
    conversations.push(...(await segmentConversations(directory)));
  }
  return conversations;
}

async function segmentConversations(directory: string): Promise<Conversation[]> {
  const warnings: StoreWarning[] = [];
  const timings = await readTapTimings(directory, warnings);
  const [torn] = warnings;
  if (torn !== undefined) throw refused(torn.file, torn.line, torn.message);
  const bodies = await outerBodies(directory);
  const asked = timings
    .filter((timing) => timing.hop === "outer" && isGenerationRequest(timing) && isAnswered(timing))
    .filter(({ attemptKey }) => attemptKey !== null)
    .toSorted((a, b) => a.startedNs - b.startedNs);
  return [...Map.groupBy(asked, ({ attemptKey }) => attemptKey ?? "")].map(([key, requests]) => ({
    key,
    requests: requests.map((timing, at) => {
      const body = bodies.get(timing.requestId);
      if (body === undefined) {
        throw new RunUnreadableError(
          `${directory} has no body of request ${timing.requestId}, which its taps.ndjson names.`,
        );
      }
      return { path: timing.path, body, thinkMs: thinkMs(requests[at - 1], timing) };
    }),
  }));
}

function thinkMs(last: TapTiming | undefined, next: TapTiming): number {
  return last === undefined ? 0 : Math.max(0, (next.startedNs - last.endedNs) / 1e6);
}

async function outerBodies(directory: string): Promise<ReadonlyMap<string, string>> {
  const plain = join(directory, "bodies.ndjson");
  const path = existsSync(plain) ? plain : `${plain}.zst`;
  for await (const { number, terminated } of readLines(path)) {
    if (!terminated) throw refused(path, number, "the line is torn");
  }
  const bodies = new Map<string, string>();
  for await (const { hop, requestId, requestBody } of readBodies(directory)) {
    if (hop === "outer" && !bodies.has(requestId)) bodies.set(requestId, requestBody);
  }
  return bodies;
}

function refused(file: string, line: number, why: string): RunUnreadableError {
  return new RunUnreadableError(
    `Cannot replay ${file}: line ${line}: ${why}. Restore it from a copy, or record again.`,
  );
}
