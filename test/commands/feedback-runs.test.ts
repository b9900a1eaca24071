import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeFeedbackRun, writeOriginalRun } from "../feedback/run-folders.ts";
import { buildIdentity } from "../store/run-builder.ts";
import { unpack } from "../pack/unpacked.ts";
import { hostile } from "../view/viewed-runs.ts";
import { invoke } from "./invoke.ts";

/** Every command that takes a run, given one of the preference loop: it serves it, or says what to do instead. */
let folder = "";
let run = "";
let half = "";
let original = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tollgate-feedback-"));
  const runs = join(folder, "runs");
  half = await writeFeedbackRun(runs, {
    names: ["concise"],
    done: 3,
    identity: { runId: "feedback-20261128T120000Z-00000a", createdAt: "2026-11-28T12:00:00.000Z" },
  });
  run = await writeFeedbackRun(runs, {
    step: (line) => (line.step === 5 ? { ...line, response_text: hostile, samples: [] } : line),
    identity: { createdAt: "2026-11-29T12:00:00.000Z" },
  });
  original = await writeOriginalRun(join(folder, "20261101"));
  await writeFile(join(folder, "run.json"), JSON.stringify(buildIdentity()));
});
afterAll(() => rm(folder, { recursive: true }));

const asked = (line: string) =>
  invoke(
    line
      .replaceAll("HALF", half)
      .replaceAll("ORIGINAL", original)
      .replaceAll("RUN", run)
      .replaceAll("OTHER", folder)
      .replace("OUT", join(folder, "out"))
      .split(" "),
    { workingDirectory: folder },
  );

test.each([
  "inspect RUN --bytes",
  "inspect RUN --failed",
  "compare RUN OTHER",
  "compare RUN HALF --fail-on reward>0",
  "judge RUN --url http://127.0.0.1:9 --model m",
  "export RUN -o OUT",
  "export ORIGINAL -o OUT",
  "export RUN -o OUT --format requests",
  "export RUN -o OUT --format benchmarks",
  "export RUN -o OUT --format atif",
  "replay RUN",
  "verify RUN",
  "tau2 regrade RUN",
  "tau2 results RUN -o OUT",
  "merge RUN HALF -o OUT",
])("%s: refused, with what to do", async (line) => {
  const { code, stdout, stderr } = await asked(line);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/preference loop/);
  expect(stderr).toMatch(/tollgate report|leave|Compare two of a kind|can be merged/);
});

test("runs lists it by its steps, and whether its preferences hold what was wanted", async () => {
  const { code, stdout } = await asked("runs");
  expect(code).toBe(0);
  expect(stdout).toMatch(/feedback-20261128T120000Z-00000a.*feedback +│interrupted.*3\/8 steps│.*-.*-/);
  expect(stdout).toMatch(/feedback-laptop-.*complete.*16\/16 steps│.*-│not held 2\/2/);
  const { stdout: json } = await asked("runs --json");
  expect(JSON.parse(json)).toMatchObject([
    { feedback: { done: 3, planned: 8 }, verdict: null, next: { why: "go on" } },
    { feedback: { done: 16, planned: 16 }, verdict: "not held", next: null },
  ]);
});

test("status says how far each preference is, and how it is gone on with", async () => {
  const { stdout } = await asked("status HALF");
  expect(stdout).toContain("interrupted, 3 of 8 steps");
  expect(stdout).toContain("3.10 s/step, about 16 s left");
  expect(stdout).toMatch(/concise +│ +3\/8/);
  expect(stdout).toContain(`To go on: tollgate resume ${half}`);
  expect(stdout).not.toContain("episode");
  const { stdout: json } = await asked("status RUN --json");
  expect(JSON.parse(json)).toMatchObject({ state: "complete", feedback: { done: 16 }, next: null });
});

test("attach to one that has ended shows its last screen", async () => {
  const { code, stdout, stderr } = await asked("attach RUN");
  expect(code).toBe(0);
  expect(stderr).toContain("complete: steps 16/16");
  expect(stdout).toMatch(/Learned +margin delta +compliance/);
});

test("stop of one that has ended says that there is nothing to stop", async () => {
  expect(await asked("stop RUN")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("nothing to stop"),
  });
});

test("inspect lists its steps and prints one; what a model wrote is not carried out", async () => {
  expect((await asked("inspect RUN")).stdout).toMatch(/no_emoji +│ +0 *│/);
  const { stdout } = await asked("inspect RUN concise/5");
  expect(stdout).toContain("concise, step 5");
  expect(stdout).toContain("margin 3.24 (+7.24 against the baseline)");
  expect(stdout).toContain("\\u001b[31m");
  expect(stdout).not.toContain("\u001b");
  const lost = await asked("inspect RUN concise/8");
  expect(lost.code).toBe(2);
  expect(lost.stderr).toContain("no_emoji/0 to no_emoji/7, concise/0 to concise/7");
  expect((await asked("inspect ORIGINAL no_emoji/3")).stdout).toContain("no_emoji, step 3");
});

test("compare of two says what became of each preference, and claims no interval", async () => {
  const { code, stdout } = await asked("compare RUN HALF");
  expect(code).toBe(0);
  expect(stdout).toMatch(/no_emoji +│ steps +│ 8\/8 +│ not in the run/);
  expect(stdout).toMatch(/concise +│ steps +│ 8\/8 +│ 3\/8/);
  expect(stdout).toContain("no difference here has an interval");
  expect(JSON.parse((await asked("compare RUN HALF --json")).stdout)).toMatchObject({ kind: "feedback" });
  expect((await asked("compare ORIGINAL RUN --format md")).stdout).toContain(
    "| concise | steps | 4/4 | 8/8 |",
  );
});

test("pack and unpack: the same report", async () => {
  const before = (await asked("report RUN --format json")).stdout;
  const archive = join(folder, "packed.tar.gz");
  expect((await invoke(["pack", run, "-o", archive, "--public"])).code).toBe(0);
  const [first = ""] = await unpack(archive, join(folder, "unpacked"));
  const unpacked = join(folder, "unpacked", first.split("/")[0] ?? "");
  const after = (await invoke(["report", unpacked, "--format", "json"])).stdout;
  const preferences = (text: string) => (JSON.parse(text) as { preferences: unknown }).preferences;
  expect(preferences(after)).toEqual(preferences(before));
  expect(await readFile(join(unpacked, "concise", "steps.jsonl"), "utf8")).toContain("Answer 3 of concise");
});

test("clean takes its name", async () => {
  const { code, stdout } = await invoke(["clean", run, "--dry-run", "--json"]);
  expect({ code, items: JSON.parse(stdout) }).toMatchObject({ code: 0 });
});
