import { join } from "node:path";
import { segmentsOf } from "../../store/progress.ts";
import { exists, readRun, readTrajectories } from "../../store/read-run.ts";
import { segmentPath } from "../../store/run-directory.ts";
import { TextStore } from "../../store/text-store.ts";
import { readBodies } from "../../tap/read-bodies.ts";
import { compareRequest, type ByteDifference, type ExpectedPrompt } from "./byte-check.ts";
import { readTapTimings, type TapTiming } from "../../evidence/tap-timing.ts";
import { isGenerationRequest } from "../../workload/exchange.ts";

/** Whether the model saw, byte for byte, what the harness says it saw. */
export interface ByteCheck {
  /** Generation requests at the inner tap that belong to an attempt with a transcript. */
  readonly requests: number;
  readonly equal: number;
  /** Requests of attempts that left no transcript (killed, cancelled): nothing to compare them with. */
  readonly withoutTranscript: number;
  /** Requests that no attempt claims: the gateway dropped the identity and the request id. */
  readonly unidentified: number;
  /** Segments whose bodies were not kept (`output.bodies: false`). */
  readonly segmentsWithoutBodies: readonly string[];
  readonly differences: readonly LocatedDifference[];
  readonly toolResultDifferences: readonly LocatedDifference[];
  readonly emptyContents: Readonly<Record<"null" | "empty" | "absent", number>>;
}

export interface LocatedDifference extends ByteDifference {
  readonly cellId: string;
  readonly segmentId: string;
  readonly requestId: string;
  readonly attemptKey: string;
}

/**
 * Checks a run from its evidence alone: bodies at the inner tap against trajectories and texts. Holds all transcripts of
 * the run in memory. Throws RunUnreadableError when the run or its evidence is damaged.
 */
export async function checkRunBytes(directory: string): Promise<ByteCheck> {
  const run = await readRun(directory);
  const transcripts = await readTranscripts(run.directory);
  const total = new Tally();
  for (const segment of segmentsOf(run.records)) {
    const path = segmentPath(run.directory, segment);
    if (!(await hasBodies(path))) {
      total.segmentsWithoutBodies.push(`${segment.cellId}/${segment.segmentId}`);
      continue;
    }
    const requests = await readRequests(path);
    for await (const { hop, requestId, requestBody } of readBodies(path)) {
      if (hop !== "inner" || !requests.generates(requestId)) continue;
      const attempt = requests.attemptOf(requestId);
      if (attempt === null) {
        total.unidentified += 1;
        continue;
      }
      const expected = transcripts.get(attempt);
      if (expected === undefined) {
        total.withoutTranscript += 1;
        continue;
      }
      const { cellId, segmentId } = segment;
      total.add(compareRequest(requestBody, expected, requestId), {
        cellId,
        segmentId,
        requestId,
        attemptKey: attempt,
      });
    }
  }
  return total;
}

async function hasBodies(segmentDirectory: string): Promise<boolean> {
  const path = join(segmentDirectory, "bodies.ndjson");
  return (await exists(path)) || exists(`${path}.zst`);
}

async function readTranscripts(directory: string): Promise<ReadonlyMap<string, ExpectedPrompt>> {
  const texts = new TextStore(directory);
  const transcripts = new Map<string, ExpectedPrompt>();
  for await (const { trajectory } of readTrajectories(directory)) {
    const { attemptKey, systemSha256, toolsSha256, messages } = trajectory;
    const [system, tools] = [await texts.get(systemSha256), await texts.get(toolsSha256)];
    transcripts.set(attemptKey, { system, tools, messages });
  }
  return transcripts;
}

interface Requests {
  /** False for `/v1/models` and the like. */
  generates(requestId: string): boolean;
  /** By the inner tap's own header, else through the outer tap's. */
  attemptOf(requestId: string): string | null;
}

async function readRequests(segmentDirectory: string): Promise<Requests> {
  // A torn line is reported where the segment is summarised; its request has no body either.
  const timings = await readTapTimings(segmentDirectory, []);
  const byId = (hop: TapTiming["hop"]) =>
    new Map(timings.filter((timing) => timing.hop === hop).map((timing) => [timing.requestId, timing]));
  const [inner, outer] = [byId("inner"), byId("outer")];
  return {
    generates: (requestId) => {
      const timing = inner.get(requestId);
      return timing === undefined || isGenerationRequest(timing);
    },
    attemptOf: (requestId) => inner.get(requestId)?.attemptKey ?? outer.get(requestId)?.attemptKey ?? null,
  };
}

class Tally implements ByteCheck {
  requests = 0;
  equal = 0;
  withoutTranscript = 0;
  unidentified = 0;
  readonly segmentsWithoutBodies: string[] = [];
  readonly differences: LocatedDifference[] = [];
  readonly toolResultDifferences: LocatedDifference[] = [];
  readonly emptyContents = { null: 0, empty: 0, absent: 0 };

  add(
    compared: ReturnType<typeof compareRequest>,
    where: Omit<LocatedDifference, keyof ByteDifference>,
  ): void {
    this.requests += 1;
    if (compared.differences.length === 0) this.equal += 1;
    this.differences.push(...compared.differences.map((difference) => ({ ...where, ...difference })));
    this.toolResultDifferences.push(
      ...compared.toolResultDifferences.map((difference) => ({ ...where, ...difference })),
    );
    for (const form of ["null", "empty", "absent"] as const)
      this.emptyContents[form] += compared.emptyContents[form];
  }
}
