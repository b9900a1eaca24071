import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { readFeedbackRun, type FeedbackRun } from "../../feedback/files/read-feedback-run.ts";
import { feedbackFiles } from "../../feedback/files/step-line.ts";
import { feedbackReportOf, type FeedbackReport } from "../../feedback/report/feedback-report.ts";
import type { KnownTimes } from "../../feedback/report/stretch-times.ts";
import { driverOf } from "../../store/driver-lock.ts";
import { exists } from "../../store/read-run.ts";

export interface ReadFeedback {
  readonly run: FeedbackRun;
  readonly report: FeedbackReport;
}

/** Of the files that runs were read from. In memory they are a few times as long. */
const keptBytesMax = 64 * 1024 ** 2;
/** Steps whose evidence is known. */
const knownStepsMax = 5_000;

/** Runs of the preference loop with their reports, made anew when a file of theirs has changed. */
export class ShownRuns {
  readonly #knownTimes: KnownTimes = new Map();
  /** The last used one last. */
  readonly #kept = new Map<string, RunFiles & { readonly read: ReadFeedback }>();

  /** Throws ConfigError and RunUnreadableError as reading it does. */
  async of(directory: string): Promise<ReadFeedback> {
    const files = await filesOf(directory);
    const known = this.#kept.get(directory);
    this.#kept.delete(directory);
    if (known?.version === files.version) {
      this.#kept.set(directory, known);
      return known.read;
    }
    if (this.#knownTimes.size > knownStepsMax) this.#knownTimes.clear();
    const run = await readFeedbackRun(directory);
    const read = { run, report: await feedbackReportOf(run, this.#knownTimes) };
    this.#kept.set(directory, { ...files, read });
    this.#forgetOldest();
    return read;
  }

  #forgetOldest(): void {
    let bytes = [...this.#kept.values()].reduce((sum, one) => sum + one.bytes, 0);
    for (const [directory, one] of this.#kept) {
      if (bytes <= keptBytesMax) return;
      this.#kept.delete(directory);
      bytes -= one.bytes;
    }
  }
}

interface RunFiles {
  /** Another text when one of them has changed, or the driver is gone. */
  readonly version: string;
  readonly bytes: number;
}

async function filesOf(directory: string): Promise<RunFiles> {
  const folders = (await readdir(directory)).toSorted();
  const own = [feedbackFiles.metadata, feedbackFiles.baseline, feedbackFiles.steps];
  const paths = [
    ...["run.json", "records.jsonl", feedbackFiles.summary].map((name) => join(directory, name)),
    ...folders.flatMap((folder) => own.map((name) => join(directory, folder, name))),
  ];
  const found = await Promise.all(
    paths.map(async (path) => ((await exists(path)) ? await stat(path) : null)),
  );
  const isRunning = (await driverOf(directory)) !== null;
  const marks = found.map((one) => (one === null ? "" : `${one.size}-${one.mtimeMs}-${one.ino}`));
  return {
    version: [...folders, ...marks, isRunning].join("|"),
    bytes: found.reduce((sum, one) => sum + (one?.size ?? 0), 0),
  };
}
