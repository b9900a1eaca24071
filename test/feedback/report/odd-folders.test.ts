import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readFeedbackRun } from "../../../bench/feedback/files/read-feedback-run.ts";
import { feedbackDocument } from "../../../bench/feedback/report/feedback-document.ts";
import { feedbackReportOf, feedbackReportSchema } from "../../../bench/feedback/report/feedback-report.ts";
import { feedbackScreen } from "../../../bench/feedback/report/feedback-screen.ts";
import { renderDocument, reportFormats } from "../../../bench/report/rebuild.ts";
import { laidOut } from "../../../bench/report/screen/layout.ts";
import { feedbackRunPage, feedbackStepPage } from "../../../bench/view/feedback/run-page.ts";
import { metricsAt, stepLine, writeOriginalRun } from "../run-folders.ts";

/** Any value in the place of one of a step's fields, at any depth. */
const oddStep = fc
  .tuple(
    fc.nat(9),
    fc.constantFrom(
      "eval",
      "serving",
      "sdpo_metrics",
      "samples",
      "missing",
      "timing_s",
      "response_text",
      "rollouts",
      "collapse",
      "logprob_margin",
      "general",
    ),
    fc.jsonValue(),
  )
  .map(([step, name, value]) => {
    const line: Record<string, unknown> = { ...stepLine("concise", step) };
    const metrics: Record<string, unknown> = { ...metricsAt(step, "concise") };
    if (name in metrics) metrics[name] = value;
    else line[name] = value;
    return { eval: metrics, ...(name in metrics ? { ...line, eval: metrics } : line) };
  });

test("whatever stands in the files of a run, what can be read is shown in every form", async () => {
  const ending = { seconds: null, next: null, places: { page: "p", run: "r" } };
  await fc.assert(
    fc.asyncProperty(fc.array(oddStep, { maxLength: 5 }), fc.jsonValue(), async (steps, other) => {
      const folder = await mkdtemp(join(tmpdir(), "tollgate-odd-"));
      try {
        const path = await writeOriginalRun(folder, { names: ["concise"], steps: 2 });
        await writeFile(
          join(path, "concise", "steps.jsonl"),
          steps.map((step) => `${JSON.stringify(step)}\n`),
        );
        await writeFile(join(path, "concise", "baseline.json"), JSON.stringify(other));
        await writeFile(join(path, "concise", "metadata.json"), JSON.stringify(other));
        const run = await readFeedbackRun(path);
        const report = await feedbackReportOf(run);
        expect(feedbackReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
        const document = feedbackDocument(report);
        const texts = reportFormats.map((format) => renderDocument(document, format));
        laidOut(feedbackScreen(report, ending), 80);
        const shown = { run, report, stepAddress: () => "/x" };
        texts.push(feedbackRunPage(shown, { version: "1", hasPage: false, next: null }));
        for (const { step } of run.preferences[0]?.steps ?? [])
          texts.push(
            feedbackStepPage(shown, { preference: "concise", step, back: { name: "b", address: "/" } }) ?? "",
          );
        for (const text of texts) expect(text).not.toMatch(/\bNaN\b|\bundefined\b|\[object /);
      } finally {
        await rm(folder, { recursive: true });
      }
    }),
    { numRuns: 60 },
  );
});
