import { mkdir, rename, symlink, utimes } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { feedbackFiles } from "../../../bench/feedback/files/step-line.ts";
import { hostileStep, writeFeedbackRun, writeOriginalRun } from "../../feedback/run-folders.ts";
import { ask } from "../server/asked.ts";
import { hostile, ViewedRuns } from "../viewed-runs.ts";

let runs: ViewedRuns;
beforeEach(async () => void (runs = await ViewedRuns.begin()));
afterEach(() => runs[Symbol.asyncDispose]());

const get = (address: string) => ask(runs.url, address);
test("runs of the preference loop stand in the list with the others, and so do folders of the original harness", async () => {
  await writeFeedbackRun(runs.folder, { names: ["no_emoji"], done: 3 });
  await writeOriginalRun(join(runs.folder, "20261101-000000Z"));
  await runs.write();
  await mkdir(join(runs.folder, "something-else"));
  const { body } = await get("/");
  expect(body).toMatch(/feedback-laptop-\w+-0a1b2c<\/a>.*?feedback, simulated.*?interrupted.*?3\/8 steps/s);
  expect(body).toMatch(/20261101-000000Z<\/a>.*?CLaaS results.*?complete.*?8\/8 steps/s);
  expect(body).toMatch(/laptop-20261121T120000Z-0a1b2c<\/a>.*?8\/8\s*<\/td>/s);
  expect(body).not.toContain("something-else");
});

test("the page of a run says how far it is, what to do, what was learned, and has every step folded away", async () => {
  const path = await writeFeedbackRun(runs.folder, { names: ["no_emoji"], done: 3 });
  const { status, body } = await get(`/runs/${basename(path)}`);
  expect(status).toBe(200);
  expect(body).toContain("3 of 8 steps");
  expect(body).toMatch(/To go on: <code>tollgate resume .*feedback-laptop/);
  expect(body.match(/<details class="step-row">/g)).toHaveLength(3);
  for (const text of [
    "Please: no_emoji",
    "Prompt 2 of no_emoji",
    "Answer 2 of no_emoji",
    "distill_loss",
    "Rollouts (1)",
  ])
    expect(body).toContain(text);
  expect(body).toContain("Simulated trainer");
});

test("a run of the original harness has a page, its steps have pages, and it has no report", async () => {
  await writeOriginalRun(join(runs.folder, "20261101-000000Z"), { names: ["concise"] });
  const { body } = await get("/runs/20261101-000000Z");
  expect(body).toContain("results of CLaaS&#39; own evaluation".replace("&#39;", "'"));
  expect(body.match(/<details class="step-row">/g)).toHaveLength(4);
  expect((await get("/runs/20261101-000000Z/steps/concise/3")).body).toContain("Answer 3 of concise");
  for (const address of [
    "steps/concise/4",
    "steps/other/0",
    "steps/concise/x",
    "steps/concise",
    "report",
    "episodes",
  ])
    expect((await get(`/runs/20261101-000000Z/${address}`)).status).toBe(404);
});

test("long texts are shortened in the list of steps and whole on a step's own page", async () => {
  const long = "x".repeat(50_000);
  const path = await writeFeedbackRun(runs.folder, {
    names: ["concise"],
    step: (line) => ({ ...line, response_text: long }),
  });
  const page = await get(`/runs/${basename(path)}`);
  expect(page.body).toContain("(48000 characters more on the step's own page)");
  expect(page.body).not.toContain("x".repeat(2_001));
  expect((await get(`/runs/${basename(path)}/steps/concise/1`)).body).toContain(long);
});

test("steps that a page has no room for are links to their own pages", async () => {
  const rollouts = Array.from({ length: 200 }, () => ({
    metric: "general",
    messages: [{ role: "assistant", content: "y".repeat(500) }],
    metadata: {},
  }));
  const path = await writeFeedbackRun(runs.folder, {
    names: ["concise"],
    steps: 80,
    step: (line) => ({ ...line, eval: { ...line.eval, rollouts } }),
  });
  const { body } = await get(`/runs/${basename(path)}`);
  expect(body.length).toBeLessThan(8_000_000);
  expect(body).toMatch(/<p class="step-row"><a href="\/runs\/[^"]*\/steps\/concise\/79">/);
});

test.each(["", "/steps/no_emoji/0"])("what stands in a run is text on the page %j", async (page) => {
  const path = await writeFeedbackRun(runs.folder, {
    names: ["no_emoji"],
    step: (line) => hostileStep(line, hostile),
    identity: { note: hostile },
  });
  const { body } = await get(`/runs/${basename(path)}${page}`);
  expect(body).toContain("&lt;img src=x");
  expect(body).not.toMatch(/<img|<script>|[\u202e]/);
  expect(runs.told).toEqual([]);
  expect(body.match(/<script/g)).toHaveLength(1);
});

test("a new line of steps.jsonl is told to who listens, also without run.json", async () => {
  const path = await writeOriginalRun(join(runs.folder, "one"), { summary: false });
  const version = /data-events="[^"]*since=([^"]*)"/;
  const before = version.exec((await get("/runs/one")).body)?.[1];
  const later = new Date(Date.now() + 5000);
  await utimes(join(path, "concise", feedbackFiles.steps), later, later);
  expect(version.exec((await get("/runs/one")).body)?.[1]).not.toBe(before);
});

test("/v1/eval has the newest summary first, and pages whose numbers are clamped", async () => {
  for (const [at, name] of ["a", "b", "c"].entries()) {
    const path = await writeOriginalRun(join(runs.folder, name));
    const written = new Date(Date.UTC(2026, 0, 10 - at));
    await utimes(join(path, feedbackFiles.summary), written, written);
  }
  const named = async (query: string) => {
    const { status, body } = await get(`/v1/eval${query}`);
    return [
      status,
      [...body.matchAll(/<details class="eval-run" id="run-(\w+)"/g)].map(([, name]) => name).join(""),
    ];
  };
  expect(await named("")).toEqual([200, "abc"]);
  expect(await named("?per_page=2")).toEqual([200, "ab"]);
  expect(await named("?page=2&per_page=2")).toEqual([200, "c"]);
  expect(await named("?page=99&per_page=2")).toEqual([200, "c"]);
  expect(await named("?page=-1&per_page=0")).toEqual([200, "a"]);
  expect(await named("?per_page=9999")).toEqual([200, "abc"]);
  expect((await get("/v1/eval?per_page=9999")).body).not.toContain("per_page=9999");
  expect(await named("?page=one")).toEqual([400, ""]);
});

test("/v1/eval without runs says so, and has nothing of other runs", async () => {
  await runs.write();
  expect((await get("/v1/eval")).body).toContain("There is no run of the preference loop in this folder.");
});

test.each([
  "../../etc",
  "/etc",
  "..",
  "../",
  "%2e%2e/%2e%2e/etc",
  "sub/../../..",
  "linked",
  "linked/one",
  "%00",
])("results_dir=%s leads out of what is served: 400", async (asked) => {
  await using other = await ViewedRuns.begin();
  await writeOriginalRun(join(other.folder, "one"));
  await symlink(other.folder, join(runs.folder, "linked"));
  const { status, body } = await get(`/v1/eval?results_dir=${asked}`);
  expect(status).toBe(400);
  expect(body).toContain("results_dir must lie within");
  expect((await get(`/v1/eval/step?results_dir=${asked}&run=one&preference=concise&step=0`)).status).toBe(
    400,
  );
});

test("a folder that begins with the same letters is another one", async () => {
  await writeOriginalRun(`${runs.folder}-secret/one`);
  try {
    expect((await get(`/v1/eval?results_dir=../${basename(runs.folder)}-secret`)).status).toBe(400);
  } finally {
    await rename(`${runs.folder}-secret`, join(runs.folder, "gone"));
  }
});

test("results_dir may name a folder below, or a run; its steps have pages there", async () => {
  await writeOriginalRun(join(runs.folder, "data", "evals", "one"), { names: ["concise"] });
  for (const asked of ["data/evals", "./data/evals/", join(runs.folder, "data/evals"), "data/evals/one"]) {
    const { status, body } = await get(`/v1/eval?results_dir=${encodeURIComponent(asked)}`);
    expect([status, body.match(/<details class="eval-run"/g)?.length]).toEqual([200, 1]);
  }
  const { body } = await get("/v1/eval?results_dir=data/evals");
  const [, address = ""] = /href="(\/v1\/eval\/step[^"]*step=2)"/.exec(body) ?? [];
  expect((await get(address.replaceAll("&amp;", "&"))).body).toContain("Answer 2 of concise");
  expect((await get("/v1/eval?results_dir=data/none")).status).toBe(404);
});
