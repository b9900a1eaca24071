import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { everyTask, loadTasks, type TaskSelection } from "../../../suites/tasks/loading.ts";
import type { ClawBenchProfile, WorkspaceTask } from "../../../suites/tasks/contract/task.ts";
import { load, refusal } from "./task-folder.ts";

const task = (lines = "", id = "a", tier = 1) =>
  `id: ${id}\nname: A task\ntier: tier${tier}\nfamily: tools\nsurface: coding\nuser: {turns: [{message: Do it.}]}\n${lines}\n`;
const one = (lines: string) => ({ "tier1/a.yaml": task(lines) });

function clawBench({ profile }: WorkspaceTask): ClawBenchProfile {
  if (profile.format !== "clawbench") throw new Error(`the profile is ${profile.format}`);
  return profile;
}

test("a task that says little has the original's defaults", () => {
  const { tasks, name, suiteVersion, format, notes } = load({ "tier3/x/a.yaml": task("", "a", 3) });
  expect([suiteVersion, format, notes]).toEqual([null, "clawbench", []]);
  expect(name).not.toBe("");
  const [read] = tasks;
  expect(read).toMatchObject({
    id: "a",
    suite: "tools",
    tier: 3,
    difficulty: null,
    timeoutMs: 180_000,
    browser: false,
    network: false,
    inputs: [],
    services: [],
    unknown: {},
    turns: [{ message: "Do it.", newSession: false, conditions: null, validators: [], expect: null }],
  });
  expect(read?.profile).toEqual({
    format: "clawbench",
    passThreshold: 0.7,
    surface: "coding",
    scenario: null,
    queryWeight: 1,
    capabilities: [],
    files: [],
    executionChecks: [],
    stateAssertions: [],
    trajectory: {
      requiredFamilies: [],
      requiredPreEditFamilies: [],
      requiredPostEditFamilies: [],
      minDistinctFamilies: 0,
      minPreEditExplorationCalls: 0,
      minDistinctReadTargetsPreEdit: 0,
      minPostEditVerificationCalls: 0,
      minDistinctMutationTargets: 0,
      minSuccessfulDelegations: 0,
      requireReadBeforeMutation: false,
      requireSelfVerification: false,
      requireVerificationAfterLastMutation: true,
      expectRecovery: false,
      maxRecoveryTurns: 3,
      maxRepeatedFailures: 1,
      forbiddenTools: [],
      forbiddenShellPatterns: [],
    },
    behavior: {
      requirePlan: false,
      planWithinFirstAssistantMessages: 2,
      requireProgressUpdates: false,
      minProgressUpdates: 1,
      requireBlockerExplanation: false,
      requireRefusalWhenImpossible: false,
      forbidDestructiveCommands: true,
    },
    judge: null,
  });
});

test("what a file says arrives, and what nobody reads is kept", () => {
  const { tasks } = load(
    one(`
pool: public_dev
setup:
  memory_seed: []
  background_services:
    - {name: form_app, command: python3 serve.py, env: {DEBUG: 1, ON: true}, ready_path: null, startup_timeout_seconds: 3}
completion:
  memory: [{key_pattern: x}]
  files: [{path: a.md, exists: false}]
  execution_checks:
    - {name: c, command: pytest -q, cwd: sub, env: {X: '{form_app_port}'}, expected_json: {a: null}, timeout_seconds: 1.5}
    - {name: d, command: 'cd sub && node check.js', expected_json: null}
judge: {rubric: good, artifact_paths: [a.md]}
trajectory: {required_families: [browser], max_recovery_turns: 0}
`),
  );
  const [read] = tasks;
  expect(read).toMatchObject({ browser: true, programs: ["node", "pytest", "python3"] });
  expect(read?.unknown).toEqual({ pool: "public_dev", "setup.memory_seed": [] });
  expect(read?.services).toEqual([
    {
      name: "form_app",
      command: "python3 serve.py",
      directory: ".",
      environment: { DEBUG: "1", ON: "true" },
      port: null,
      portVariable: "PORT",
      urlTemplate: "http://127.0.0.1:{port}",
      readyPath: null,
      readyStatus: 200,
      readyContains: null,
      readyFile: null,
      startTimeoutMs: 3000,
    },
  ]);
  if (read === undefined) return;
  const profile = clawBench(read);
  expect(profile.stateAssertions).toEqual([{ kind: "memory", value: { key_pattern: "x" } }]);
  expect(profile.files).toMatchObject([{ path: "a.md", exists: false, minSizeBytes: 0 }]);
  expect(profile.executionChecks).toMatchObject([
    { cwd: "sub", env: { X: "{form_app_port}" }, timeoutMs: 1500, expectedJson: { a: null } },
    { cwd: ".", timeoutMs: 60_000, expectedJson: undefined },
  ]);
  expect(profile.trajectory.maxRecoveryTurns).toBe(0);
  expect(profile.judge).toMatchObject({ rubric: "good", artifactPaths: ["a.md"], passingThreshold: 0.7 });
});

test("turns: the clear variant, what max_turns leaves, conditions, and a session for each phase", () => {
  const { tasks } = load({
    "tier1/a.yaml": `id: a
name: A
tier: 1
family: tools
timeout_seconds: 10
phases:
  - name: one
    timeout_seconds: 5
    user: {max_turns: 1, turns: [{message: m, variant_messages: {clear: c, ambiguous: x}}, {message: never}]}
  - name: two
    user: {turns: [{message: first}, {message: second, after_assistant_turns: 0, when_last_tool_failed: true}]}
`,
  });
  const [read] = tasks;
  expect(read?.timeoutMs).toBe(15_000);
  expect(read?.turns).toMatchObject([
    { message: "c", newSession: false, conditions: null },
    { message: "first", newSession: true, conditions: null },
    {
      message: "second",
      newSession: false,
      conditions: { afterAssistantTurns: 0, whenLastToolFailed: true },
    },
  ]);
});

test("asset packs fill the workspace, and single files replace what a pack brought", () => {
  const { tasks, hashes } = load({
    ...one("setup: {asset_packs: [pack, single.txt], workspace_files: [deep/b.txt]}"),
    "assets/pack/a.txt": "a",
    "assets/pack/deep/b.txt": "b",
    "assets/single.txt": "s",
    "assets/deep/b.txt": "B",
  });
  const inputs = tasks[0]?.inputs.map(({ from, to }) => [to, from.split("/assets/")[1]]);
  expect(inputs).toEqual([
    ["a.txt", "pack/a.txt"],
    ["deep/b.txt", "deep/b.txt"],
    ["single.txt", "single.txt"],
  ]);
  expect(Object.keys(hashes)).toEqual(["tier1/a.yaml"]);
});

test.each([
  [
    "no id",
    { "tier1/a.yaml": "name: x\ntier: 1\nfamily: tools\nuser: {turns: [{message: x}]}" },
    "tier1/a.yaml:1: id: ",
  ],
  [
    "an id twice",
    { ...one(""), "tier2/b.yaml": task("", "a", 2) },
    "Two tasks have the id a: tier1/a.yaml and tier2/b.yaml",
  ],
  ["tier 9", { "tier1/a.yaml": task("", "a", 9) }, "tier1/a.yaml:3: tier: must be tier1 to tier5"],
  [
    "a user who is silent",
    { "tier1/a.yaml": "id: a\nname: x\ntier: 1\nfamily: tools" },
    "user: the user says nothing",
  ],
  [
    "no turns",
    { "tier1/a.yaml": "id: a\nname: x\ntier: 1\nfamily: tools\nuser: {turns: []}" },
    "user.turns: the user says",
  ],
  [
    "a missing pack",
    one("setup:\n  asset_packs: [nowhere]"),
    "tier1/a.yaml:8: setup.asset_packs[0]: assets/nowhere is not there",
  ],
  ["a pack outside", one("setup: {asset_packs: [../../etc]}"), "setup.asset_packs[0]: must be a path within"],
  [
    "a missing file",
    one("setup: {workspace_files: [x.txt]}"),
    "setup.workspace_files[0]: assets/x.txt is not there",
  ],
  [
    "a check outside",
    one("completion: {files: [{path: ../../etc/shadow}]}"),
    "completion.files[0].path: must be",
  ],
  [
    "a folder outside",
    one("completion: {execution_checks: [{name: a, command: b, cwd: /}]}"),
    "execution_checks[0].cwd",
  ],
  [
    "two services of one name",
    one("setup: {background_services: [{name: a, command: b}, {name: a, command: c}]}"),
    "two services are called a",
  ],
  [
    "a port of 70000",
    one("setup: {background_services: [{name: a, command: b, port: 70000}]}"),
    "background_services[0].port",
  ],
  ["a threshold of 70", one("pass_threshold: 70"), "tier1/a.yaml:7: pass_threshold: "],
  [
    "a forbidden command that is no pattern",
    one("trajectory: {forbidden_shell_patterns: ['rm (-rf']}"),
    "tier1/a.yaml:7: trajectory.forbidden_shell_patterns[0]: is no regular expression",
  ],
  [
    "a condition that is no pattern",
    { "tier1/a.yaml": task().replace("Do it.", "Do it., when_assistant_contains: '[a'") },
    "tier1/a.yaml:6: user.turns[0].when_assistant_contains: is no regular expression",
  ],
  ["a rubric of nothing", one("judge: {rubric: ''}"), "judge.rubric: must not be empty"],
  [
    "YAML 1.1's yes for a name",
    { "tier1/a.yaml": task("").replace("A task", "yes") },
    "tier1/a.yaml:2: name: ",
  ],
  [
    "a manifest of what is not there",
    { ...one(""), "MANIFEST.yaml": "tasks:\n  - id: a\n  - id: b\n" },
    "MANIFEST.yaml:3: tasks[1].id: no file of the tiers is the task b",
  ],
  [
    "both formats at once",
    { ...one(""), "tasks/s/b/task.yaml": "id: b\nuser_message: x" },
    "holds tasks in two formats; say",
  ],
])("%s is refused with its place", (_, files, message) => {
  expect(refusal(files)).toContain(message);
});

const three = {
  "tier1/a.yaml": task("", "a", 1),
  "tier2/b.yaml": task("", "b", 2),
  "tier2/c.yaml": task("", "c", 2),
  "tier2/_draft.yaml": "not a task",
  "MANIFEST.yaml": "release: core\nbenchmark_version: 0.4\ntasks: [{id: a}, {id: b}]\n",
};

test.each([
  [{}, "a b"],
  [{ tiers: [2] }, "b"],
  [{ tiers: [1, 2] }, "a b"],
  [{ tasks: ["c"] }, "c"],
  [{ suites: ["tools"], tiers: [1] }, "a"],
  [{ format: "clawbench" }, "a b"],
] satisfies [Partial<TaskSelection>, string][])("the selection %o of a release", (selection, ids) => {
  const { tasks, tasksTotal, name, suiteVersion, notes } = load(three, selection);
  expect(tasks.map(({ id }) => id).join(" ")).toBe(ids);
  expect([tasksTotal, name, suiteVersion]).toEqual([2, "core", "0.4"]);
  expect(notes).toEqual([expect.stringContaining("1 of 3 tasks are not in ")]);
});

test("fast is a word of the other format", () => {
  expect(refusal(three, { fast: true })).toContain("fast needs tasks that state a difficulty");
});

test("what a gateway would have to be set up for is said", () => {
  const { notes } = load(one("setup: {memory_seed: [{key: a}], config_overrides: {}}"));
  expect(notes).toEqual([expect.stringContaining("tier1/a.yaml: setup.memory_seed is not done here")]);
});

const checkout = process.env["CLAWBENCH_DIR"];
test.skipIf(checkout === undefined)(
  "a user's checkout loads: the 19 of the release, and all 27 by name",
  () => {
    const { tasks, suiteVersion, name } = loadTasks(checkout ?? "", everyTask);
    expect([tasks.length, suiteVersion, name]).toEqual([19, "0.4.0.dev1", "clawbench-core-v1"]);
    expect(new Set(tasks.map(({ tier }) => tier)).size).toBe(5);
  },
);

const original = `import json, sys, yaml
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from clawbench.schemas import TaskDefinition
tasks = [TaskDefinition(**yaml.safe_load(p.open())) for p in Path(sys.argv[1], "tasks-public").glob("tier*/*.yaml")]
print(json.dumps([json.loads(t.model_dump_json()) for t in tasks]))`;
const python =
  checkout === undefined ? null : spawnSync("python3", ["-c", original, checkout], { encoding: "utf8" });

interface OriginalTask extends Readonly<Record<"trajectory" | "behavior" | "judge", unknown>> {
  readonly id: string;
  readonly family: string;
  readonly completion: { readonly files: readonly unknown[]; readonly execution_checks: readonly unknown[] };
}

/** Our words in the original's: snake case, seconds, null. */
function inTheirWords(value: object | null): unknown {
  if (value === null) return null;
  const words = Object.entries(value).map(([key, one]): [string, unknown] => [
    key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    one ?? null,
  ]);
  const { timeout_ms: ms, ...rest } = Object.fromEntries(words);
  return typeof ms === "number" ? { ...rest, timeout_seconds: ms / 1000 } : rest;
}

test.skipIf(python?.status !== 0)("every expectation is what the original's own reader makes of it", () => {
  const theirs = JSON.parse(python?.stdout ?? "[]") as readonly OriginalTask[];
  const { tasks } = loadTasks(join(checkout ?? "", "tasks-public"), {
    ...everyTask,
    tasks: theirs.map(({ id }) => id),
  });
  expect(tasks.length).toBeGreaterThan(20);
  for (const read of tasks) {
    const { trajectory, behavior, judge, files, executionChecks } = clawBench(read);
    const their = theirs.find(({ id }) => id === read.id);
    expect({
      family: read.suite,
      trajectory: inTheirWords(trajectory),
      behavior: inTheirWords(behavior),
      judge: inTheirWords(judge),
      files: files.map(inTheirWords),
      checks: executionChecks.map(inTheirWords),
    }).toEqual({
      family: their?.family,
      trajectory: their?.trajectory,
      behavior: their?.behavior,
      judge: their?.judge,
      files: their?.completion.files,
      checks: their?.completion.execution_checks,
    });
  }
});

test("patterns are Python's", () => {
  const patterns = [
    "(?i)total: \\d+",
    "(?P<name>a)(?P=name)",
    "a{x}",
    "{status_page_port}",
    "[]a]",
    String.raw`\-\_\Z`,
  ];
  const files = patterns.map((pattern) => ({ path: "a.md", content_matches: pattern }));
  const { tasks } = load(
    one(`completion: {files: ${JSON.stringify([...files, { path: "b.md", content_matches: "" }])}}`),
  );
  const read = tasks.flatMap((task) => clawBench(task).files.map(({ contentMatches }) => contentMatches));
  expect(read).toEqual([...patterns, null]);
});
