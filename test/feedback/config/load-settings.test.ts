import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { meets } from "../../../bench/feedback/summary/threshold.ts";
import { loadSettings } from "../../../bench/feedback/config/load-settings.ts";

const folder = mkdtempSync(join(tmpdir(), "tollgate-feedback-settings-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Given {
  readonly overrides?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly name?: string;
}

function loaded(text: string, { overrides = [], environment = {}, name = "my_run.yaml" }: Given = {}) {
  const file = join(folder, name);
  writeFileSync(file, text);
  return loadSettings(file, { overrides, environment, at: new Date("2026-02-03T04:05:06Z") });
}

function problem(text: string, given?: Given): string {
  try {
    loaded(text, given);
  } catch (error) {
    return String(error instanceof Error ? error.message : error).replaceAll(folder, "FOLDER");
  }
  return "no problem";
}

/** CLaaS' own base file, with Hydra's keys in it, in words of ours. */
const theirs = `
defaults: [_eval_schema, _self_]
hydra: {run: {dir: .}}
mode: tinker
claas_url: http://localhost:8080
base_model: Qwen/Qwen3-30B-A3B
preferences: [no_emoji, concise]
metrics: [logprob, compliance]
collapse_steps: [0, 5]
num_steps: 7
training: {learning_rate: 1e-4, steps_per_batch: 2, feedback_repetitions: 3}
output_dir: ./data/evals/\${now:%Y%m%d-%H%M%SZ}
openclaw_url: null
`;

test("a file of the source is taken as it is", () => {
  const { settings } = loaded(theirs);
  expect(settings).toMatchObject({
    name: "my-run",
    mode: "tinker",
    claas_url: "http://localhost:8080",
    trainer: null,
    num_steps: 7,
    batch_size: 4,
    steps_per_batch: 2,
    feedback_repetitions: 3,
    collapse_steps: [0, 5],
    output_dir: "./data/evals/20260203-040506Z",
    openclaw_url: null,
    seed: 42,
  });
  expect(settings.training).toEqual({
    learning_rate: 1e-4,
    alpha: 0.5,
    is_clip: 5,
    max_grad_norm: 1,
    kl_reg_weight: 0,
    teacher_top_k: 100,
  });
});

test("every default is that of the source", () => {
  expect(loaded("base_model: m").settings).toMatchObject({
    mode: "tinker",
    claas_url: "http://localhost:8080",
    preferences: ["no_emoji", "concise", "identity"],
    metrics: ["logprob", "compliance", "general", "collapse"],
    num_steps: 20,
    batch_size: 4,
    steps_per_batch: 4,
    feedback_repetitions: 1,
    collapse_steps: [0, 5, 10, 15, 19],
    plots: true,
    lora_id_prefix: "eval",
    openclaw_url: "http://localhost:18789",
    serving: { concurrency: 1, seconds: 2 },
  });
});

test("files in `defaults` lie beside it and are read first", () => {
  writeFileSync(join(folder, "base.yaml"), "base_model: under\nnum_steps: 3\n");
  const { settings } = loaded("defaults: [base, _self_]\nnum_steps: 5");
  expect([settings.base_model, settings.num_steps]).toEqual(["under", 5]);
  writeFileSync(join(folder, "round.yaml"), "defaults: [round]");
  expect(problem("defaults: [round]", { name: "round.yaml" })).toContain("names itself");
});

describe("overrides as Hydra takes them", () => {
  test.each<readonly [string, string, unknown]>([
    ["preferences=[concise]", "preferences", ["concise"]],
    ["num_steps=10", "num_steps", 10],
    ["+num_steps=11", "num_steps", 11],
    ["++num_steps=12", "num_steps", 12],
    ["openclaw_url=null", "openclaw_url", null],
    ["base_model=Qwen/Qwen3-30B-A3B", "base_model", "Qwen/Qwen3-30B-A3B"],
    ["collapse_steps=[0,2]", "collapse_steps", [0, 2]],
    ["plots=false", "plots", false],
    ["note=a=b", "note", "a=b"],
    ["note=", "note", ""],
    ["note=> a", "note", "> a"],
  ])("%s", (override, key, value) => {
    const { settings } = loaded("base_model: m", { overrides: [override] });
    expect((settings as unknown as Record<string, unknown>)[key]).toEqual(value);
  });

  test.each(["> 0.5", ">=.5", ">= 5e-1", "< +1", "<= -1e3"])("a threshold of %s", (threshold) => {
    const { settings } = loaded("base_model: m", { overrides: [`thresholds.learned=${threshold}`] });
    expect(settings.thresholds.learned).toBe(threshold);
    expect(meets(0.75, threshold)).toBe(threshold !== "<= -1e3");
  });

  test("of a setting within another", () => {
    const { settings } = loaded(theirs, {
      overrides: ["training.is_clip=7.0", "training.learning_rate=2e-4"],
    });
    expect(settings.training).toMatchObject({ is_clip: 7, learning_rate: 2e-4, alpha: 0.5 });
  });

  test.each([
    ["num_steps", "num_steps is no setting"],
    ["=3", "=3 is no setting"],
    ["~note", "would delete a setting"],
    ["note.more=1", "note is"],
    ["preferences=[a", "cannot be applied"],
    ["num_step=3", "Did you mean num_steps"],
    ["training.is_clp=3", "Did you mean is_clip"],
    ["num_steps=0", "num_steps (num_steps=0)"],
  ])("%s is refused", (override, words) => {
    expect(problem("base_model: m\nnote: x", { overrides: [override] })).toContain(words);
  });
});

describe("what is wrong is named with its line", () => {
  test.each([
    ["", "base_model: is missing"],
    ["base_model: m\nnum_stepz: 3", "num_stepz (line 2): unknown key. Did you mean num_steps?"],
    ["base_model: m\nmetrics: [logprop]", 'no metric has the name "logprop"'],
    ["base_model: m\npreferences: [a, a]", "preferences: names a twice"],
    ["base_model: m\nmode: remote", "mode (line 2)"],
    ["base_model: m\nsteps_per_batch: 2\ntraining: {steps_per_batch: 3}", "is 2 here and 3 in training"],
    ["trainer: simulated\nclaas_url: http://h:1", "a run has one trainer"],
    ["base_model: m\nclaas_url: http://u:secret@h:1", "holds a user name or a password"],
    ["base_model: m\nclaas_url: localhost:8080", "http://HOST:PORT"],
    ["base_model: m\nthresholds: {learned: good}", "write a comparison with a number"],
    [
      "base_model: m\nthresholds: {learned: 0.5}",
      "thresholds.learned (line 2): write a comparison with a number",
    ],
    ["base_model: m\nthresholds: 0.5", "thresholds (line 2): write a mapping, e.g. {compliance: '>= 0.8'}"],
    [
      "base_model: m\nthresholds: {learnd: '> 0'}",
      "thresholds.learnd (line 2): unknown key. Did you mean learned?",
    ],
    ["base_model: m\ntraining: null", "training (line 2): write a mapping, e.g. {learning_rate: 3e-5}"],
    [
      "base_model: m\nserving: 2",
      "serving (line 2): write a mapping, e.g. {concurrency: 1, seconds: 2}, or null",
    ],
    ["trainer: real", "trainer (line 1): write simulated, or {kind: simulated, law: FILE}"],
    ["trainer: {kind: simulated, laws: x}", "trainer.laws (line 1): unknown key. Did you mean law?"],
    ["base_model: m\nseed: -1", "seed (line 2)"],
    ["base_model: m\nlora_id_prefix: ../up/", "lora_id_prefix (line 2)"],
    ["- a", "must hold a mapping"],
    ["a: [", "is not valid YAML"],
    ["base_model: ${NOT_SET}", "environment variable NOT_SET is not set"],
    ["base_model: ${unknown.resolver:x}", "is not understood"],
  ])("%s", (text, words) => {
    expect(problem(text)).toContain(words);
  });

  test("a key that was written out is not repeated", () => {
    const text = "base_model: m\nheaders: {Authorization: sk-12345abcde}";
    expect(problem(text)).toContain("write the name of an environment variable");
    expect(problem(text)).not.toContain("sk-12345abcde");
  });
});

test("variables of the environment, as OmegaConf and as Tollgate writes them", () => {
  const environment = { MODEL: "m-1" };
  expect(loaded("base_model: ${oc.env:MODEL}", { environment }).settings.base_model).toBe("m-1");
  expect(loaded("base_model: ${MODEL}", { environment }).settings.base_model).toBe("m-1");
  expect(loaded("base_model: ${oc.env:OTHER,two words}", { environment }).settings.base_model).toBe(
    "two words",
  );
  expect(loaded("base_model: ${OTHER:-m-2}", { environment }).settings.base_model).toBe("m-2");
  expect(loaded("base_model: m-3\nnote: of ${base_model}").settings.note).toBe("of m-3");
});

test("the simulated trainer takes the place of an address", () => {
  const { settings } = loaded("trainer: {kind: simulated, law: laws/quick.yaml}\nopenclaw_url: embedded");
  expect(settings).toMatchObject({
    mode: "local",
    claas_url: null,
    trainer: { kind: "simulated", law: join(folder, "laws/quick.yaml") },
    openclaw_url: "embedded",
  });
  expect(loaded("trainer: simulated").settings.trainer).toEqual({ kind: "simulated", law: null });
});

test("metrics: presets are spelt out, and each is measured once", () => {
  const metrics = (words: string) => loaded(`base_model: m\nmetrics: [${words}]`).settings.metrics;
  expect(metrics("quick")).toEqual(["logprob"]);
  expect(metrics("compliance, all, logprob")).toEqual(["compliance", "logprob", "general", "collapse"]);
});
