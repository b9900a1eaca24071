import { join } from "node:path";
import { z } from "zod";
import { readJsonLines, readRun, type StoredRun } from "../../store/read-run.ts";
import type { EpisodeRecord, SegmentEndedRecord } from "../../store/record.ts";
import type { PlannedCell } from "../../store/run-json.ts";

export interface RunStretch {
  readonly cellId: string;
  readonly segmentId: string;
  readonly startedNs: number;
  readonly ended: SegmentEndedRecord | null;
  /** Its cell was gone on with by a later call. */
  readonly resumed: boolean;
  /** Where its evidence lies. */
  readonly folder: string;
}

/** A run as its records have it, with what counts. */
export interface RecordedRun {
  readonly directory: string;
  readonly run: StoredRun;
  readonly cells: readonly RecordedCell[];
  /** Every record of an episode that counts, in the order in which the first record of each came. */
  readonly episodes: readonly EpisodeRecord[];
  /** Records of episodes that count no more. */
  readonly replaced: number;
}

export interface RecordedCell {
  readonly planned: PlannedCell;
  readonly episodes: readonly EpisodeRecord[];
  readonly gone: readonly EpisodeRecord[];
  /** Attempts that have a record. */
  readonly attempts: ReadonlySet<string>;
  readonly stretches: readonly RunStretch[];
  readonly failedShareMax: number;
  /** Stretches that were given up after failures in a row, as `cell/segment`. */
  readonly givenUp: ReadonlySet<string>;
}

const judgementSchema = z.object({ episodeId: z.string(), attemptKey: z.string(), reward: z.number() });
const limitsSchema = z.object({
  limits: z.object({ failures: z.number().default(5), failedShare: z.number().default(0.05) }).prefault({}),
});

/** @throws {ConfigError} for a folder that is no run, {@link RunUnreadableError} for a damaged one */
export async function readRunFacts(directory: string): Promise<RecordedRun> {
  const run = await readRun(directory);
  const judged = new Map<string, z.infer<typeof judgementSchema>>();
  const judgements = join(run.directory, "judgements.jsonl");
  for await (const { value } of readJsonLines(judgements, judgementSchema, []))
    judged.set(value.episodeId, value);
  const all = run.records
    .filter((record) => record.type === "episode")
    .map((record) => {
      const judgement = judged.get(record.episodeId);
      return judgement !== undefined && judgement.attemptKey === record.attemptKey
        ? withReward(record, judgement.reward)
        : record;
    });
  const counting = new Map(
    all.filter(({ status }) => status !== "cancelled").map((record) => [record.episodeId, record] as const),
  );
  const counts = new Set(counting.values());
  const { failures, failedShare } = limitsSchema.safeParse(run.identity.resolved).data?.limits ?? {
    failures: 5,
    failedShare: 0.05,
  };
  const stretches = stretchesOf(run);
  const givenUp = givenUpOf(run, stretches, failures);
  return {
    directory: run.directory,
    run,
    episodes: [...counting.values()],
    replaced: all.length - counting.size,
    cells: run.identity.cells.map((planned) => {
      const own = all.filter(({ cellId }) => cellId === planned.cellId);
      return {
        planned,
        episodes: [...counting.values()].filter(({ cellId }) => cellId === planned.cellId),
        gone: own.filter((record) => !counts.has(record)),
        attempts: new Set(own.flatMap(({ attemptKey }) => attemptKey ?? [])),
        stretches: stretches.filter(({ cellId }) => cellId === planned.cellId),
        failedShareMax: failedShare,
        givenUp,
      };
    }),
  };
}

/** What a judge said after the run stands in the place of the reward. */
function withReward(record: EpisodeRecord, reward: number): EpisodeRecord {
  const passed = isOne(reward);
  const labels = [...record.labels.filter((label) => label !== "unjudged"), "judged"];
  const scores = record.scores?.map((score, index) =>
    index === 0 ? { name: "reward", value: reward, passed } : score,
  );
  return { ...record, reward, labels, ...(scores && { scores }) };
}

function isOne(reward: number): boolean {
  return Math.abs(reward - 1) <= 1e-6;
}

/** As the workload said, else whether the reward is 1; null without a reward. */
export function passedOf({ reward, scores = [] }: EpisodeRecord): boolean | null {
  if (reward === null) return null;
  const said = scores[0]?.value === reward ? (scores[0]?.passed ?? null) : null;
  return said ?? isOne(reward);
}

function stretchesOf({ records, directory }: StoredRun): readonly RunStretch[] {
  const found: (RunStretch & { readonly call: number })[] = [];
  let call = 0;
  for (const record of records) {
    if (record.type === "run-started") call += 1;
    if (record.type !== "segment-started") continue;
    const { cellId, segmentId, startedNs } = record;
    const ended = records.findLast(
      (other) => other.type === "segment-ended" && other.cellId === cellId && other.segmentId === segmentId,
    );
    found.push({
      cellId,
      segmentId,
      startedNs,
      ended: ended?.type === "segment-ended" ? ended : null,
      resumed: false,
      folder: join(directory, "evidence", cellId, segmentId),
      call,
    });
  }
  return found.map(({ call: own, ...stretch }) => ({
    ...stretch,
    resumed: found.some((other) => other.cellId === stretch.cellId && other.call > own),
  }));
}

function givenUpOf(
  { records }: StoredRun,
  stretches: readonly RunStretch[],
  failures: number,
): ReadonlySet<string> {
  const cut = new Set(
    stretches
      .filter(({ ended }) => ended?.reason === "interrupted")
      .map((one) => `${one.cellId}/${one.segmentId}`),
  );
  const found = new Set<string>();
  let inRow = 0;
  for (const record of records) {
    if (record.type === "run-started") inRow = 0;
    if (record.type !== "episode" || record.status === "cancelled") continue;
    inRow = record.status === "failed" ? inRow + 1 : 0;
    const name = `${record.cellId}/${record.segmentId}`;
    if (failures > 0 && inRow >= failures && cut.has(name)) found.add(name);
  }
  return found;
}
