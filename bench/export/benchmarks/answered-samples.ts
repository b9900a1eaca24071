import { endedAtLimit } from "../../answer/complete.ts";
import { join } from "node:path";
import { finishedEpisodes, segmentsOf } from "../../store/progress.ts";
import { eachJsonLine, type StoredRun, type StoreWarning } from "../../store/read-run.ts";
import { segmentPath } from "../../store/run-directory.ts";
import { sampleLineSchema, samplesFile, type SampleLine } from "../../workload/sample-line.ts";

/** What samples of a cell came to, with a few of each kind that did not pass. */
export interface CellSamples {
  readonly cellId: string;
  /** Samples that count, by verdict, most first. */
  readonly verdicts: readonly { readonly verdict: string; readonly count: number }[];
  /** Where answers were found, by rule; null: nothing was found. */
  readonly rules: readonly { readonly rule: string | null; readonly count: number }[];
  /** Ended by the limit of tokens, whatever the verdict. */
  readonly cutByLength: number;
  readonly examples: readonly SampleLine[];
}

const examplesEach = 2;

/** The samples of finished episodes of one cell; null where the workload writes none. Throws RunUnreadableError. */
export async function cellSamples(
  run: Pick<StoredRun, "directory" | "records">,
  cellId: string,
  warnings: StoreWarning[],
): Promise<CellSamples | null> {
  const records = [...finishedEpisodes(run.records).values()].filter((record) => record.cellId === cellId);
  const counted = new Set(records.flatMap(({ attemptKey }) => attemptKey ?? []));
  const [verdicts, rules] = [new Map<string, number>(), new Map<string | null, number>()];
  const examples = new Map<string, SampleLine[]>();
  let cutByLength = 0;
  for (const segment of segmentsOf(run.records)) {
    if (segment.cellId !== cellId) continue;
    const path = join(segmentPath(run.directory, segment), samplesFile);
    await eachJsonLine({ path, schema: sampleLineSchema }, warnings, (line) => {
      if (!counted.has(line.attemptKey)) return;
      verdicts.set(line.verdict, (verdicts.get(line.verdict) ?? 0) + 1);
      rules.set(line.answerRule, (rules.get(line.answerRule) ?? 0) + 1);
      if (endedAtLimit(line.finishReason)) cutByLength += 1;
      if (line.passed === true) return;
      const known = examples.get(line.verdict) ?? [];
      examples.set(line.verdict, known);
      // Of as many tasks as there are: three samples of one problem fail alike.
      if (known.length < examplesEach && !known.some(({ taskId }) => taskId === line.taskId))
        known.push(line);
    });
  }
  if (verdicts.size === 0) return null;
  return {
    cellId,
    verdicts: mostFirst(verdicts).map(([verdict, count]) => ({ verdict, count })),
    rules: mostFirst(rules).map(([rule, count]) => ({ rule, count })),
    cutByLength,
    examples: [...examples.values()].flat(),
  };
}

function mostFirst<Key>(counts: ReadonlyMap<Key, number>): readonly (readonly [Key, number])[] {
  return [...counts].sort(([, a], [, b]) => b - a);
}
