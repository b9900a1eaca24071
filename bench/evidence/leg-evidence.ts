import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { messageOf, RunUnreadableError } from "../errors.ts";
import { loadOutcomes, type LoadSample } from "../load/load.ts";
import type { EngineDelta } from "../metrics/engine-delta.ts";
import { joinPath, type JoinedPath } from "./path-samples.ts";
import { readSegmentEvidence } from "./segment-evidence.ts";
import type { TapTiming } from "./tap-timing.ts";
import { segmentsOf } from "../store/progress.ts";
import type { FidelityFacts } from "../store/fidelity-facts.ts";
import { readJsonLines, type StoredRun, type StoreWarning } from "../store/read-run.ts";
import type { ReplayArm, ReplayPlan, ReplaySetting } from "../store/replay-plan.ts";
import { segmentPath } from "../store/run-directory.ts";
import type { SegmentFacts } from "../store/segment-facts.ts";
import { cellIdOf } from "../store/leg-name.ts";

const ns = z.number().nullable();
const sampleSchema: z.ZodType<LoadSample> = z.object({
  v: z.literal(1),
  id: z.string(),
  session: z.string(),
  index: z.int().nonnegative(),
  intendedNs: z.number(),
  sentNs: ns,
  firstByteNs: ns,
  firstTokenNs: ns,
  lastTokenNs: ns,
  endedNs: z.number(),
  status: z.number().nullable(),
  outcome: z.enum(loadOutcomes),
  error: z.string().nullable(),
  streamed: z.boolean(),
  requestBytes: z.number(),
  responseBytes: z.number(),
  tokenChunks: z.number(),
  usage: z
    .object({ promptTokens: z.number(), completionTokens: z.number(), cachedTokens: z.number().nullable() })
    .nullable(),
  finishReason: z.string().nullable(),
  outputSha256: z.string().nullable(),
  chunks: z.null(),
});

const milliseconds = z.array(z.number().nullable());
/** `load.json` in a leg's evidence folder: what the load generator says about the whole. */
const loadFactsSchema = z.object({
  v: z.literal(1),
  startedNs: z.number(),
  endedNs: z.number(),
  steady: z.object({ startNs: z.number(), endNs: z.number() }),
  notSent: z.number(),
  timingThread: z.object({
    loopDelayMs: z
      .object({ samples: z.number(), p50: z.number(), p99: z.number(), max: z.number() })
      .nullable(),
    busyShare: z.number(),
  }),
  /** Opening and exporting each conversation's session; null for an arm without sessions. */
  openMs: milliseconds,
  closeMs: milliseconds,
});
type LoadFacts = z.infer<typeof loadFactsSchema>;

/** One arm's turn in a block, as the run directory tells it. */
export interface LegEvidence {
  readonly setting: ReplaySetting;
  readonly arm: ReplayArm;
  readonly block: number;
  readonly position: number;
  readonly seconds: number;
  /** All conversations were sent and nothing died. */
  readonly complete: boolean;
  readonly died: boolean;
  readonly samples: readonly LoadSample[];
  readonly load: LoadFacts;
  readonly path: JoinedPath;
  readonly timings: readonly TapTiming[];
  readonly engine: EngineDelta | null;
  readonly facts: SegmentFacts;
  /** What the two sides of the arm were found to differ in; null where nothing was compared. */
  readonly fidelity: FidelityFacts | null;
}

const segmentPattern = /^b(\d+)-p(\d+)$/;

/**
 * Every leg that was ended, in the order in which they ran.
 * @throws {RunUnreadableError} for a damaged or torn line, with file and line
 */
export async function readLegs(
  run: StoredRun,
  plan: ReplayPlan,
  wanted: { readonly cellId: string; readonly segmentId: string } | null = null,
): Promise<readonly LegEvidence[]> {
  const places = new Map(
    plan.settings.flatMap((setting) => plan.arms.map((arm) => [cellIdOf(setting, arm), { setting, arm }])),
  );
  const legs: LegEvidence[] = [];
  for (const segment of segmentsOf(run.records)) {
    const { cellId, segmentId, ended } = segment;
    if (wanted !== null && (wanted.cellId !== cellId || wanted.segmentId !== segmentId)) continue;
    const place = places.get(cellId);
    const [, block, position] = segmentPattern.exec(segmentId) ?? [];
    if (ended === null || place === undefined || block === undefined) continue;
    const warnings: StoreWarning[] = [];
    const directory = segmentPath(run.directory, segment);
    const evidence = await readSegmentEvidence(run.directory, segment, warnings);
    const samples: LoadSample[] = [];
    for await (const { value } of readJsonLines(join(directory, "samples.ndjson"), sampleSchema, warnings))
      samples.push(value);
    const [torn] = warnings.filter(({ file }) => file.endsWith(".ndjson"));
    if (torn !== undefined) throw new RunUnreadableError(`${torn.file}:${torn.line}: ${torn.message}`);
    if (evidence.facts === null) throw new RunUnreadableError(`${directory} has no segment.json.`);
    legs.push({
      ...place,
      block: Number(block),
      position: Number(position),
      seconds: (ended.endedNs - ended.startedNs) / 1e9,
      complete: ended.reason === "complete",
      died: ended.reason === "engine-died",
      samples,
      load: await readLoad(join(directory, "load.json")),
      path: joinPath(evidence.timings),
      timings: evidence.timings,
      engine: evidence.agentEngine,
      facts: evidence.facts,
      fidelity: evidence.fidelity,
    });
  }
  return legs;
}

async function readLoad(path: string): Promise<LoadFacts> {
  try {
    return loadFactsSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw new RunUnreadableError(`${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
