import { existsSync } from "node:fs";
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { StepLine } from "../../../bench/feedback/files/step-line.ts";
import { feedbackDocument } from "../../../bench/feedback/report/feedback-document.ts";
import { buildFeedbackReport, feedbackReportSchema } from "../../../bench/feedback/report/feedback-report.ts";
import { feedbackScreen } from "../../../bench/feedback/report/feedback-screen.ts";
import { rebuildFeedbackReport } from "../../../bench/feedback/report/rebuild.ts";
import { renderDocument } from "../../../bench/report/rebuild.ts";
import { onOneScreen } from "../../../bench/report/screen/layout.ts";
import { lineText } from "../../../bench/report/screen/styled-text.ts";
import { invoke } from "../../commands/invoke.ts";
import { hostile } from "../../view/viewed-runs.ts";
import { writeFeedbackRun, writeOriginalRun, type WrittenRun } from "../run-folders.ts";

let folder = "";
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "tollgate-feedback-"))));
afterEach(() => rm(folder, { recursive: true }));

const reportOf = async (run: WrittenRun) => await buildFeedbackReport(await writeFeedbackRun(folder, run));
const pageOf = async (run: WrittenRun) => renderDocument(feedbackDocument(await reportOf(run)), "html");
const ending = { seconds: 61, next: null, places: { page: "runs/x/report/report.html", run: "x" } };
const screenOf = async (run: WrittenRun) =>
  onOneScreen(feedbackScreen(await reportOf(run), ending), 80).map((line) => lineText(line, false));
const atStep =
  (step: number, change: (line: StepLine) => Partial<StepLine>) =>
  (line: StepLine): StepLine =>
    line.step === step ? { ...line, ...change(line) } : line;

test("what was learned is that of the last step, and serving is compared step by step", async () => {
  const { preferences, serving } = await reportOf({ names: ["no_emoji"] });
  const [{ outcome, training } = {}] = preferences;
  expect(outcome?.learned).toMatchObject({ threshold: "> 0", passed: true });
  expect(outcome?.learned.value).toBeCloseTo(9 * 0.92 * (1 - Math.exp(-8 / 3)), 9);
  expect(outcome?.capability).toMatchObject({ passed: false, threshold: ">= 0.9" });
  expect(outcome?.capability.value).toBeCloseTo(0.5 + 1 / 3, 12);
  expect(training).toMatchObject({ updates: 32, trainedTokens: 5120, uncertainUpdates: 0 });
  // Every step: 12 * 1.5 - 12.
  expect(serving?.differences.during["ttftP50Ms"]?.value).toBeCloseTo(6, 9);
  expect(serving?.before).toMatchObject({ requests: 160, failed: 0 });
});

/** A tap's line of a request of the load, or of another one. */
function tapLine(attemptKey: string | null, { ttftMs, e2eMs }: { ttftMs: number; e2eMs: number }): string {
  const startedNs = 1e9;
  const at = (ms: number) => startedNs + ms * 1e6;
  const tap = { v: 1, hop: "outer", arm: "trainer", requestId: "r", episodeId: null, attemptKey };
  const request = {
    method: "POST",
    path: "/v1/chat/completions",
    status: 200,
    outcome: "completed",
    error: null,
  };
  const times = {
    streamed: true,
    requestBytes: 10,
    responseBytes: 20,
    startedNs,
    requestEndNs: at(0.1),
    firstByteNs: at(ttftMs),
    firstTokenNs: at(ttftMs),
    lastTokenNs: at(e2eMs),
    endedNs: at(e2eMs),
    chunks: [[ttftMs * 1e6, 20]],
    usage: { promptTokens: 5, completionTokens: 3, cachedTokens: null },
    finishReason: "stop",
  };
  return `${JSON.stringify({ ...tap, ...request, ...times })}\n`;
}

test("few requests in a stretch: their medians come from the evidence, and what differs is said step by step", async () => {
  const none = { p50: null, p95: null };
  const step = (line: StepLine): StepLine => ({
    ...line,
    serving: line.serving && {
      ...line.serving,
      during: { ...line.serving.during, requests: 3, ttft_ms: none, e2e_ms: none },
    },
  });
  const path = await writeFeedbackRun(folder, { names: ["no_emoji"], steps: 3, step });
  for (const at of [0, 1, 2])
    for (const [phase, ttfts] of Object.entries({
      before: [10, 12, 14],
      during: [20, 30 + at, 99],
      after: [12],
    })) {
      const stretch = join(path, "evidence", "no_emoji", `step-${at}`, phase);
      await mkdir(stretch, { recursive: true });
      const lines = ttfts.map((ttftMs) => tapLine("load", { ttftMs, e2eMs: 2 * ttftMs }));
      // What the loop itself asks is no request of the load.
      await writeFile(join(stretch, "taps.ndjson"), [...lines, tapLine(null, { ttftMs: 5000, e2eMs: 6000 })]);
    }
  const { serving, preferences } = await buildFeedbackReport(path);
  expect(serving?.during.values["ttftP50Ms"]).toMatchObject({ value: 31, count: 3 });
  expect(serving?.differences.during["ttftP50Ms"]).toMatchObject({ value: 19, count: 3 });
  // t(2) = 4.303 times 1 / sqrt(3).
  expect(serving?.differences.during["ttftP50Ms"]?.low).toBeCloseTo(19 - 4.3027 / Math.sqrt(3), 3);
  expect(serving?.differences.during["e2eP50Ms"]?.value).toBe(38);
  expect(serving?.during.values["ttftP95Ms"]).toMatchObject({ value: null, count: 9 });
  expect(preferences[0]?.steps[1]?.medians).toMatchObject({ during: { requests: 3, ttftMs: 31, e2eMs: 62 } });
});

test("a value that is not there is neither passed nor failed, breaks its curve, and is named", async () => {
  const step = atStep(7, (line) => ({
    eval: { ...line.eval, logprob_margin: null, preference_compliance: null },
    missing: [{ what: "metric", on: "logprob", why: "the trainer has no /v1/score" }],
  }));
  const report = await reportOf({ names: ["no_emoji"], step });
  expect(report.preferences[0]?.outcome.learned).toEqual({ value: null, threshold: "> 0", passed: null });
  const text = renderDocument(feedbackDocument(report), "md");
  expect(text).toContain("no_emoji: not known: learned, compliance");
  expect(text).toMatch(/\| metric \| 1 \| no_emoji, step 7, logprob \| the trainer has no \/v1\/score \|/);
});

test("the page says by which rule answers pass, for a preference of any name that a file may have", async () => {
  const own = {
    name: "Polite",
    feedback: "Say please",
    hash: "0".repeat(64),
    steps: 8,
    rule: "it says <please>",
  };
  const page = await pageOf({ names: ["Polite"], plan: { preferences: [own] } });
  expect(page).toContain("What passes for Polite: it says &lt;please&gt;.");
});

test("a curve does not go on over a step that should have a value", async () => {
  const lost = atStep(3, (line) => ({ eval: { ...line.eval, preference_compliance: null } }));
  const lines = (page: string) =>
    /<section id="learning-curves">.*?<\/section>/s.exec(page)?.[0].match(/<polyline/g)?.length;
  expect(lines(await pageOf({ names: ["no_emoji"] }))).toBe(1);
  await rm(folder, { recursive: true });
  expect(lines(await pageOf({ names: ["no_emoji"], step: lost }))).toBe(2);
});

test("an alert of collapse fails its preference at that step, with what raised it", async () => {
  const step = atStep(3, ({ eval: metrics }) => ({
    eval: {
      ...metrics,
      collapse: metrics.collapse && {
        ...metrics.collapse,
        entropy_ratio_to_baseline: 0.41,
        alert: true,
      },
    },
  }));
  const report = await reportOf({ names: ["no_emoji"], step });
  expect(report.preferences[0]?.outcome).toMatchObject({
    collapse: { value: 1, threshold: "<= 0", passed: false },
    alerts: [{ step: 3, reasons: ["entropy ratio 0.41 < 0.6"] }],
  });
  const page = renderDocument(feedbackDocument(report), "html");
  expect(page).toContain("Alert at step 3 of no_emoji: entropy ratio 0.41 &lt; 0.6");
});

test("a trainer without log-probabilities: no entropy, no margin, no plot of them, no alert", async () => {
  const step = (line: StepLine): StepLine => ({
    ...line,
    eval: {
      ...line.eval,
      logprob_margin: null,
      collapse: line.eval.collapse && {
        ...line.eval.collapse,
        mean_entropy: null,
        mean_logprob: null,
        entropy_ratio_to_baseline: null,
        mean_logprob_drift: null,
      },
    },
  });
  const page = await pageOf({ names: ["no_emoji"], step, baseline: null });
  expect(page).toMatch(/Logprob margins: fewer than two values\. It needs the metric `logprob`/);
  expect(page).toContain("How alike answers to one prompt are");
  expect(page).not.toContain("Entropy of the answers, over");
  expect(page).not.toContain("ALERT");
});

test.each([
  [0, "Logprob margins: fewer than two values"],
  [1, "Training diagnostics: fewer than two values"],
])("with %i steps what cannot be drawn is said", async (done, said) => {
  const page = await pageOf({ names: ["no_emoji"], done, ...(done === 0 && { baseline: null }) });
  expect(page).toContain(said);
  expect(page).toContain("Verdict: interrupted");
  expect(page).not.toContain("NaN");
});

test("without plots none are drawn, and that is said", async () => {
  const page = await pageOf({ plan: { plots: false } });
  expect(page).toContain("All of them: the run says `plots: false`.");
});

test("what a model, a trainer or a file says is text in every format", async () => {
  const step = (line: StepLine): StepLine => ({
    ...line,
    missing: [{ what: hostile, on: hostile, why: hostile }],
  });
  const path = await writeFeedbackRun(folder, { names: ["no_emoji"], step, identity: { note: hostile } });
  await appendFile(join(path, "no_emoji", "steps.jsonl"), `${JSON.stringify({ a: hostile })}\n`);
  const document = feedbackDocument(await buildFeedbackReport(path));
  const page = renderDocument(document, "html");
  expect(page).not.toMatch(/<img|<script/);
  for (const format of ["html", "table", "md"] as const)
    expect(renderDocument(document, format)).not.toContain("\u001b");
  expect(renderDocument(document, "md")).not.toMatch(/<img|<script/);
});

test("the last screen fits a terminal, whatever the run has", async () => {
  const names = Array.from({ length: 20 }, (_, at) => `a-preference-with-a-long-name-${at}`);
  const bad = atStep(7, (line) => ({
    eval: { ...line.eval, preference_compliance: 0 },
    missing: [{ what: "sample", on: "sample 2", why: "the trainer answered 503: ".padEnd(400, "x") }],
    uncertain_updates: 1,
  }));
  const lines = await screenOf({ names, step: bad });
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  const text = lines.join("\n");
  expect(text).toContain("and 14 more preferences");
  expect(text).toContain("20 things are missing, first: sample 2");
});

test("a run that goes on is not told to be gone on with; one that was interrupted is", async () => {
  const report = await reportOf({ names: ["no_emoji"], done: 3 });
  const next = { why: "go on", command: "tollgate resume x" };
  const text = (state: string) =>
    onOneScreen(feedbackScreen({ ...report, state }, { ...ending, next }), 80)
      .map((line) => lineText(line, false))
      .join("\n");
  expect(text("interrupted")).toContain("Next     go on: tollgate resume x");
  expect(text("running")).not.toContain("tollgate resume");
});

test("where no load was asked for, nothing of serving is shown, and that is said", async () => {
  const step = (line: StepLine): StepLine => ({ ...line, serving: null });
  const run = { names: ["no_emoji"], step, plan: { serving: null } };
  const text = renderDocument(feedbackDocument(await reportOf(run)), "md");
  expect(text).toContain("It was not asked for (`serving: null`).");
  expect(text).not.toContain("TTFT");
  await rm(folder, { recursive: true });
  expect((await screenOf(run)).join("\n")).not.toContain("Serving");
});

test("its files are written, and equal when they are written again", async () => {
  const path = await writeFeedbackRun(folder);
  const report = await rebuildFeedbackReport(path);
  const read = async () =>
    await Promise.all(
      ["report.md", "report.json", "steps.csv", "report.html"].map((name) =>
        readFile(join(path, "report", name), "utf8"),
      ),
    );
  const before = await read();
  expect(feedbackReportSchema.parse(JSON.parse(before[1] ?? ""))).toEqual(report);
  await rebuildFeedbackReport(path);
  expect(await read()).toEqual(before);
  expect(before[2]?.split("\n")).toHaveLength(2 * 8 + 2);
});

test("a folder of the original harness is reported, and nothing is written into it", async () => {
  const path = await writeOriginalRun(join(folder, "20261101"));
  const { code, stdout } = await invoke(["report", path, "--summary"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/results of CLaaS' own evaluation/);
  expect(stdout).toMatch(/no_emoji +\+6\.10 +0\.080 → 0\.757/);
  expect(stdout).toContain("nobody has stated thresholds");
  expect(existsSync(join(path, "report"))).toBe(false);
});
