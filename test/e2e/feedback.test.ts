import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { stepLineSchema, summarySchema, type StepLine } from "../../bench/feedback/files/step-line.ts";
import { repeatingTrainer } from "../feedback/repeating-trainer.ts";
import { expectExit, processesOf, TemporaryFolder, tollgate, TollgateProcess } from "./tollgate-process.ts";

const settings = {
  name: "small",
  trainer: { kind: "simulated", law: { training: { update_ms: 400 } } },
  openclaw_url: null,
  preferences: ["no_emoji", "concise"],
  metrics: ["logprob", "compliance"],
  num_steps: 4,
  batch_size: 2,
  steps_per_batch: 2,
  serving: null,
};

function place(folder: TemporaryFolder, changed: object = {}) {
  const file = join(folder.path, "small.yaml");
  writeFileSync(file, JSON.stringify({ ...settings, ...changed }));
  return { file, out: join(folder.path, "runs") };
}

const lastLine = (text: string) => text.trimEnd().split("\n").at(-1) ?? "";
const read = (...path: readonly string[]) => readFileSync(join(...path), "utf8");

function stepsOf(run: string, preference: string): readonly StepLine[] {
  return read(run, preference, "steps.jsonl")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => stepLineSchema.parse(JSON.parse(line)));
}

/** What does not depend on the time. */
function said(run: string) {
  const steps = settings.preferences.flatMap((preference) => stepsOf(run, preference));
  return {
    steps: steps.map(({ timing_s: _seconds, timestamp: _at, ...rest }) => rest),
    summary: summarySchema.parse(JSON.parse(read(run, "summary.json"))),
  };
}

describe("killed with kill -9", () => {
  test("in step 3 and in the middle of an update, a run goes on as if it had not been", async () => {
    using folder = new TemporaryFolder();
    const { file, out } = place(folder);
    const whole = await tollgate(["feedback", file, "--out", join(folder.path, "whole")]);
    expectExit(whole, 0);
    const unbroken = said(lastLine(whole.stdout));

    const journal = (run: string, preference: string) => {
      try {
        return read(run, preference, "journal.jsonl");
      } catch {
        return "";
      }
    };
    const moments: readonly ((run: string) => boolean)[] = [
      // An update of the first preference's step 3 is under way: 0.4 s long, and its line comes before it. Who looks later than
      // that, on a busy machine, kills the run a little later.
      (run) => /"step":3[^\n]*"type":"sent"/.test(journal(run, "no_emoji")),
      // Between two answers of the second one's step 1.
      (run) => /"step":1[^\n]*"type":"sample"/.test(journal(run, "concise")),
    ];
    let run = "";
    for (const reached of moments) {
      await using driver = new TollgateProcess([
        "feedback",
        file,
        "--out",
        out,
        ...(run === "" ? [] : ["--resume", run]),
      ]);
      const directory = await driver.runDirectory();
      run = directory;
      await driver.until(() => reached(directory), { what: "the moment to be killed" });
      driver.child.kill("SIGKILL");
      await driver.finished();
      const id = lastLine(directory.replaceAll("/", "\n"));
      await expect.poll(() => processesOf(id)).toEqual([]);
    }
    const last = await tollgate(["resume", run]);
    expectExit(last, 0);
    expect(lastLine(last.stdout)).toBe(run);
    for (const preference of settings.preferences)
      expect(stepsOf(run, preference).map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    expect(said(run)).toEqual(unbroken);
    const records = read(run, "records.jsonl")
      .split("\n")
      .filter((line) => line.includes('"feedback-step"'));
    expect(records).toHaveLength(8);
  });
});

test("what a trainer says of a wrong base model is shown as it said it, and a key of the environment nowhere", async () => {
  using folder = new TemporaryFolder();
  await using trainer = new TollgateProcess(["simulate", "--role", "trainer", "--port", "0"]);
  await trainer.until(() => trainer.stdout.includes("\n"), { what: "a ready line" });
  const { url } = JSON.parse(trainer.stdout) as { url: string };
  const { trainer: _simulated, ...rest } = settings;
  const file = join(folder.path, "wrong.yaml");
  const headers = { Authorization: "Bearer TRAINER_KEY_OF_TEST" };
  writeFileSync(file, JSON.stringify({ ...rest, claas_url: url, base_model: "Qwen/Wrong", headers }));
  const key = "k-3f9a77d1c2";
  const finished = await tollgate(["feedback", file, "--out", join(folder.path, "runs")], {
    TRAINER_KEY_OF_TEST: key,
  });
  expectExit(finished, 3);
  expect(finished.stderr).toContain("base_model 'Qwen/Wrong' is not allowed for initialization.");
  const found = execFileSync("sh", ["-c", `grep -rl '${key}' '${folder.path}' || true`], {
    encoding: "utf8",
  });
  expect([found, finished.stdout.includes(key), finished.stderr.includes(key)]).toEqual(["", false, false]);
});

/** Every file below a folder, as it is and with what is compressed in it. */
function textsBelow(folder: string): readonly (readonly [file: string, text: string])[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return files.map(({ parentPath, name }) => {
    const bytes = readFileSync(join(parentPath, name));
    return [name, (name.endsWith(".zst") ? zstdDecompressSync(bytes) : bytes).toString("utf8")];
  });
}

test("a trainer that repeats its key in all that it says, and in refusals, leaves it in no file and no message", async () => {
  using folder = new TemporaryFolder();
  const key = "k-3f9a77d1c2-repeated";
  const url = await repeatingTrainer();
  const { trainer: _simulated, ...rest } = settings;
  const { file, out } = place(folder, {
    ...rest,
    trainer: undefined,
    claas_url: url,
    mode: "local",
    base_model: "m",
    preferences: ["concise"],
    metrics: ["all"],
    sandbox: "none",
    num_steps: 2,
    serving: { concurrency: 1, seconds: 0.1 },
    headers: { Authorization: "Bearer TRAINER_KEY_OF_TEST" },
  });
  const finished = await tollgate(["feedback", file, "--out", out], { TRAINER_KEY_OF_TEST: key });
  const run = lastLine(finished.stdout);
  const texts = textsBelow(out);
  expect(texts.map(([name]) => name)).toEqual(
    expect.arrayContaining(["bodies.ndjson.zst", "trainer-before.prom", "steps.jsonl", "journal.jsonl"]),
  );
  expect(texts.filter(([, text]) => text.includes(key)).map(([name]) => name)).toEqual([]);
  expect([finished.stdout.includes(key), finished.stderr.includes(key)]).toEqual([false, false]);
  expect(stepsOf(run, "concise")[0]?.response_text).toContain("(secret)");
});

interface Refused {
  readonly what: string;
  readonly changed?: object;
  readonly override?: string;
  readonly code: number;
  readonly words: string;
}

const noTrainer = { trainer: undefined, claas_url: "http://127.0.0.1:9", base_model: "m" };
test.each<Refused>([
  { what: "an unknown preference", changed: { preferences: ["concize"] }, code: 2, words: "concise" },
  { what: "an unknown metric", override: "metrics=[complience]", code: 2, words: "compliance" },
  { what: "an unknown key", changed: { num_stepz: 3 }, code: 2, words: "Did you mean num_steps?" },
  {
    what: "a law that is none",
    changed: { trainer: { kind: "simulated", law: { mod: "local" } } },
    code: 2,
    words: "cannot be used",
  },
  {
    what: "a header's variable that is not set",
    changed: { headers: { "x-key": "NOT_SET_HERE" } },
    code: 2,
    words: "NOT_SET_HERE is not set",
  },
  {
    what: "a token that is not set",
    changed: { openclaw_url: "http://127.0.0.1:9" },
    code: 2,
    words: "OPENCLAW_GATEWAY_TOKEN is not set",
  },
  { what: "a trainer that is not there", changed: noTrainer, code: 3, words: "does not answer" },
])("$what is told before anything starts", async ({ changed = {}, override, code, words }) => {
  using folder = new TemporaryFolder();
  const { file, out } = place(folder, changed);
  const overrides = override === undefined ? [] : [override];
  const finished = await tollgate(["feedback", file, ...overrides, "--out", out], {
    OPENCLAW_GATEWAY_TOKEN: "",
  });
  expectExit(finished, code);
  expect(finished.stderr).toContain(words);
  expect(finished.stderr).not.toContain("run directory:");
});

test("Ctrl-C stops between two things, and the run is gone on with", async () => {
  using folder = new TemporaryFolder();
  const { file, out } = place(folder, { preferences: ["concise"] });
  await using driver = new TollgateProcess(["feedback", file, "--out", out]);
  const run = await driver.runDirectory();
  await driver.until(() => driver.stderr.includes("step 1 of 4"), { what: "a finished step" });
  driver.child.kill("SIGINT");
  const stopped = await driver.finished();
  expectExit(stopped, 130);
  expect(lastLine(stopped.stdout)).toBe(run);
  expectExit(await tollgate(["feedback", file, "--out", out, "num_steps=5", "--resume", run]), 5);
  const judged = await tollgate(["feedback", file, "--out", out, "thresholds.learned=> 5", "--resume", run]);
  expectExit(judged, 5);
  expect(judged.stderr).toContain('thresholds.learned: "> 0" then, "> 5" now');
  expectExit(await tollgate(["feedback", file, "--out", out, "--resume", "@last"]), 0);
  expect(stepsOf(run, "concise").map(({ step }) => step)).toEqual([0, 1, 2, 3]);
});
