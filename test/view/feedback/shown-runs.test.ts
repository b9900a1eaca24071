import { appendFile, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { feedbackFiles } from "../../../bench/feedback/files/step-line.ts";
import { ShownRuns } from "../../../bench/view/feedback/shown-runs.ts";
import { writeFeedbackRun } from "../../feedback/run-folders.ts";

test("a report is made once, and again when any file that it was made of is another", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tollgate-shown-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = await writeFeedbackRun(folder, { names: ["concise"] });
  const shown = new ShownRuns();
  const own = (name: string) => join(path, "concise", name);
  const changes: readonly (() => Promise<unknown>)[] = [
    () => appendFile(own(feedbackFiles.steps), "\n"),
    () => utimes(own(feedbackFiles.baseline), new Date(0), new Date(0)),
    () => rm(own(feedbackFiles.metadata)),
    () => appendFile(join(path, "records.jsonl"), "\n"),
    () => writeFile(join(path, feedbackFiles.summary), "{}"),
    () => writeFeedbackRun(path, { names: ["another"] }),
  ];
  let before = await shown.of(path);
  for (const [at, change] of changes.entries()) {
    expect([at, (await shown.of(path)) === before]).toEqual([at, true]);
    await change();
    const after = await shown.of(path).catch((error: unknown) => error);
    expect([at, after === before]).toEqual([at, false]);
    if (after instanceof Error) break;
    before = after as typeof before;
  }
});
