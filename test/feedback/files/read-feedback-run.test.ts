import { appendFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readPythonJson } from "../../../bench/feedback/files/python-json.ts";
import { isOriginalRun, readFeedbackRun } from "../../../bench/feedback/files/read-feedback-run.ts";
import { buildIdentity } from "../../store/run-builder.ts";
import { metricsAt, stepLine, writeFeedbackRun, writeOriginalRun } from "../run-folders.ts";

let folder = "";
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "tollgate-feedback-"))));
afterEach(() => rm(folder, { recursive: true }));

test("a run is read as it was written, in the order of its plan", async () => {
  const run = await readFeedbackRun(await writeFeedbackRun(folder, { names: ["no_emoji", "concise"] }));
  expect(run.warnings).toEqual([]);
  expect(run.preferences.map(({ name }) => name)).toEqual(["no_emoji", "concise"]);
  const [first] = run.preferences;
  expect(first).toMatchObject({ loraId: "eval/no_emoji", planned: 8, baseline: metricsAt(-1, "no_emoji") });
  expect(first?.steps).toEqual(Array.from({ length: 8 }, (_, step) => stepLine("no_emoji", step)));
});

test("of a run that has just begun, preferences are known and nothing of them", async () => {
  const path = await writeFeedbackRun(folder, { done: 0, baseline: null });
  await rm(join(path, "concise"), { recursive: true });
  const { preferences, warnings } = await readFeedbackRun(path);
  expect(preferences.map(({ name, steps, baseline, planned }) => [name, steps, baseline, planned])).toEqual([
    ["no_emoji", [], null, 8],
    ["concise", [], null, 8],
  ]);
  expect(warnings).toEqual([]);
});

test("a folder of the original harness has none of our fields; what it does not say is not known", async () => {
  const path = await writeOriginalRun(join(folder, "20261101"));
  const { identity, preferences } = await readFeedbackRun(path);
  expect(identity).toBeNull();
  expect(await isOriginalRun(path)).toBe(true);
  const step = preferences[0]?.steps[3];
  expect(step).toMatchObject({ samples: [], trained_tokens: null, serving: null, missing: [] });
  expect(step?.eval.collapse).toMatchObject({ alert: false });
  expect(preferences[0]?.summary).toMatchObject({ final_compliance: 0.9 });
});

test("one that has not ended has no summary.json, and is one all the same", async () => {
  const path = await writeOriginalRun(join(folder, "20261101"), { summary: false });
  expect(await isOriginalRun(path)).toBe(true);
  expect((await readFeedbackRun(path)).preferences).toHaveLength(2);
});

test("other folders are none, and a run that is no preference loop says what to give", async () => {
  await mkdir(join(folder, "other"));
  await writeFile(join(folder, "other", "summary.json"), '{"total": 3}');
  expect(await isOriginalRun(join(folder, "other"))).toBe(false);
  await writeFile(join(folder, "run.json"), JSON.stringify(buildIdentity()));
  await expect(readFeedbackRun(folder)).rejects.toThrow(/no run of the preference loop.*tollgate feedback/s);
});

test.each([
  ["a torn last line", '{"step": 8, "eval"', /steps\.jsonl:9: the last line is torn \(18 bytes/, 8],
  ["a torn last line that is whole JSON", '{"step": 8}', /steps\.jsonl:9: the last line is torn/, 8],
  ["a line that is no JSON", "}{\n", /steps\.jsonl:9 is no step and was left out: /, 8],
  ["a line that is something else", '{"a": 1}\n', /steps\.jsonl:9 is no step and was left out$/, 8],
  ["a blank line", "\n\n", /^$/, 8],
  [
    "a step again",
    '{"step": 7, "prompt_used": "again"}\n',
    /step 7 stands here again; the last one counts/,
    8,
  ],
  ["NaN of Python", '{"step": 8, "timing_s": NaN}\n', /:9: a value is NaN or infinite/, 9],
  ["a field that is odd", '{"step": 8, "eval": {"general": 3}}\n', /:9: eval\.general cannot be read/, 9],
])("%s is told of, and the rest is shown", async (...[, text, warning, steps]) => {
  const path = await writeFeedbackRun(folder, { names: ["concise"] });
  await appendFile(join(path, "concise", "steps.jsonl"), text);
  const run = await readFeedbackRun(path);
  expect(run.preferences[0]?.steps).toHaveLength(steps);
  expect(run.warnings.join("\n")).toMatch(warning);
});

test("names in a file open no folder, and a link out of the run is not followed", async () => {
  const secret = await writeOriginalRun(join(folder, "secret", "pref"));
  const path = await writeOriginalRun(join(folder, "runs", "one"), { names: ["concise"] });
  await symlink(join(secret, "no_emoji"), join(path, "linked"));
  await writeFile(
    join(path, "summary.json"),
    JSON.stringify({ "../../secret/pref/no_emoji": { preference: "x", lora_id: "x" }, concise: {} }),
  );
  const run = await readFeedbackRun(path);
  expect(run.preferences.map(({ name, steps }) => [name, steps.length])).toEqual([
    ["../../secret/pref/no_emoji", 0],
    ["concise", 4],
  ]);
  expect(run.warnings).toEqual([expect.stringMatching(/linked is a link that leads out of the run/)]);
});

test("Python's NaN is not known, wherever it stands; in a text it is a text", () => {
  expect(readPythonJson('{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN \\" NaN"}')).toEqual({
    value: { a: null, b: [null, null], c: 'NaN " NaN' },
    notNumbers: 3,
  });
  expect(readPythonJson("{NaN")).toHaveProperty("why");
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(readPythonJson(text)).toEqual({ value: JSON.parse(text), notNumbers: 0 });
    }),
  );
});
