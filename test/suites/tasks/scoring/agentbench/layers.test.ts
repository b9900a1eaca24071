import { expect, test } from "vitest";
import {
  approachPoints,
  recoveryPoints,
  toolPoints,
} from "../../../../../suites/tasks/scoring/agentbench/behavior-layer.ts";
import { metricsLayer } from "../../../../../suites/tasks/scoring/agentbench/layers.ts";
import { overallScore } from "../../../../../suites/tasks/scoring/agentbench/overall.ts";
import { agentbench } from "../../../../../suites/tasks/scoring/agentbench/profile.ts";
import type { Observation } from "../../../../../suites/tasks/contract/observation.ts";
import type { ExpectedMetrics, WorkspaceTask } from "../../../../../suites/tasks/contract/task.ts";
import { agentBenchTask } from "../../attempts/fixtures.ts";
import { failing, observedCall, observedTurn } from "../observed.ts";

const SECOND_NS = 1_000_000_000;
const exec = (command: string) => observedCall("exec", { command });
const read = (path: string) => observedCall("read", { path });
const write = (path: string) => observedCall("write", { path, content: "x" });
const broken = observedCall("exec", { command: "make" }, failing("no rule"));

function observed(changed: Partial<Observation> = {}, task: Partial<WorkspaceTask> = {}): Observation {
  return {
    task: agentBenchTask(task),
    turns: [observedTurn("Done.")],
    calls: [],
    findings: [],
    crash: null,
    tokens: { prompt: null, completion: null },
    modelCalls: 1,
    durationMs: 10_000,
    judgements: {},
    unjudged: {},
    ...changed,
  };
}

/** Calls of which the first begins so many seconds after the prompt, of ten. */
const callsFrom = (seconds: number, count: number, failures = 0) =>
  Array.from({ length: count }, (_, index) =>
    observedCall(
      "read",
      { path: "a" },
      { startedNs: (1 + seconds + index / 1000) * SECOND_NS, error: index < failures },
    ),
  );
const metrics: ExpectedMetrics = { toolCalls: [4, 10], planningRatio: [0.2, 0.4] };

test.for([
  ["all as expected", callsFrom(3, 5), 100],
  ["calls up to twice beyond the range", callsFrom(3, 20), 80],
  ["calls down to half of the range", callsFrom(3, 2), 80],
  ["calls further out", callsFrom(3, 21), 60],
  ["a late first call", callsFrom(8, 5), 85],
  ["an early first call", callsFrom(1, 5), 85],
  ["a first call far too early", callsFrom(0.5, 5), 70],
  ["two errors", callsFrom(3, 5, 2), 85],
  ["three errors", callsFrom(3, 5, 3), 70],
] as const)("layer 1: %s", ([, calls, score]) => {
  expect(metricsLayer(observed({ calls }), metrics).score).toBeCloseTo(score, 9);
});

test("layer 1 counts what can be known: no call has no ratio, and no expectation is 50", () => {
  const none: ExpectedMetrics = { toolCalls: [0, 3], planningRatio: [0.2, 0.8] };
  expect(metricsLayer(observed(), none)).toEqual({
    score: 100,
    points: { toolCalls: 40, planningRatio: null, errors: 30 },
    missing: { planningRatio: "no tool was called, so no planning ends" },
  });
  expect(metricsLayer(observed({ calls: callsFrom(3, 5, 3) }), null).score).toBe(50);
});

test.for([
  ["nothing but proper tools", [read("a"), write("b")], 25],
  ["cat of a file", [exec("cat a.txt")], 15],
  ["two cats in one line", [exec("cat a.txt && cat b.txt | head -3")], 5],
  ["three cats, not below 0", [exec("cat a"), exec("cat b"), exec("cat c")], 0],
  ["cat without a file", [exec("sort a | cat")], 25],
  ["a text of its own into a file", [exec("cat > a.txt <<'EOF'\ncat b.txt\necho x > y\nEOF")], 15],
  ["cat with an error stream thrown away", [exec("cat a.txt 2>/dev/null")], 15],
  ["echo that only says something", [exec("echo done && echo 'a > b'")], 25],
  ["echo and printf into files", [exec("echo x > a; printf y >> b")], 5],
  ["echo by way of tee", [exec("echo x | tee a.txt")], 15],
  ["echo to the error stream", [exec("echo oops >&2")], 25],
  ["sed that reads", [exec("sed -n 1,5p a.py")], 25],
  ["sed and awk that change", [exec("sed -i s/a/b/ a.py"), exec("awk '{print $1}' a > b")], 15],
  ["cat in a loop and behind a condition", [exec("for f in *; do cat $f; done; if true; then cat a; fi")], 5],
  ["sed with a variable set for it", [exec("LC_ALL=C sed -i s/a/b/ x")], 20],
  ["cat started by other programs", [exec("sudo -u me cat a; timeout -k 1 5 cat b")], 5],
  ["cat for names that come by a pipe", [exec("find . -name '*.md' | xargs -n 1 cat")], 15],
  ["cat in a line that a shell is given", [exec("bash -lc 'cat a.txt'")], 15],
  ["cat whose output becomes a word", [exec('echo "$(cat a)"; x=`cat b`')], 5],
  ["sed for each file that is found", [exec(String.raw`find . -name '*.md' -exec sed -i s/a/b/ {} \;`)], 20],
  ["where a program is", [exec("command -v cat")], 25],
  ["words in quotes are no commands", [exec('git commit -m "cat a.txt; echo x > y"')], 25],
] as const)("tools of layer 2: %s", ([, calls, points]) => {
  expect(toolPoints(calls)).toBe(points);
});

const inputs = ["a.csv", "data/b.csv", "notes.md"].map((to) => ({ from: `/tasks/${to}`, to }));
test.for([
  [
    "all read before the first change",
    { inputs },
    [read("a.csv"), read("./data/b.csv"), exec("head notes.md"), write("r")],
    25,
  ],
  ["all by one glob each", { inputs }, [exec("head data/*.csv *.csv *.md"), write("r")], 25],
  ["most", { inputs }, [read("a.csv"), read("/workspace/data/b.csv"), write("r"), read("notes.md")], 15],
  ["half of two is not most", { inputs: inputs.slice(0, 2) }, [read("a.csv"), write("r")], 5],
  [
    "a name with a space in it",
    { inputs: [{ from: "/t", to: "my notes (1).md" }] },
    [read("/workspace/my notes (1).md"), write("r")],
    25,
  ],
  [
    "a name with a space in it, in a shell",
    { inputs: [{ from: "/t", to: "in/my notes.md" }] },
    [exec("head 'in/my notes.md'"), write("r")],
    25,
  ],
  ["a change by a loop before any look", { inputs }, [exec("for f in *; do rm $f; done"), read("a.csv")], 5],
  [
    "a change by git with settings of its own before any look",
    { inputs: inputs.slice(0, 1) },
    [exec("git -c user.name=a -C . commit -am x"), read("a.csv")],
    5,
  ],
  [
    "a change by find before any look",
    { inputs: inputs.slice(0, 1) },
    [exec("find . -delete"), read("a.csv")],
    5,
  ],
  ["a change before any look", { inputs }, [write("r"), read("a.csv")], 5],
  [
    "a look that failed is none",
    { inputs },
    [observedCall("read", { path: "a.csv" }, failing("no such file"))],
    5,
  ],
  ["no call at all", { inputs }, [], 0],
  ["nothing to look at", { inputs: [] }, [write("r")], 25],
  ["nothing to look at and nothing done", { inputs: [] }, [], 25],
  ["a prepared folder, looked at", { inputs: [], setup: "/t/setup.sh" }, [exec("ls -R"), write("r")], 25],
  [
    "a prepared folder, not looked at",
    { inputs: [], setup: "/t/setup.sh" },
    [exec("echo x > r"), exec("ls")],
    5,
  ],
  ["a prepared folder, nothing done", { inputs: [], setup: "/t/setup.sh" }, [], 0],
] as const)("approach of layer 2: %s", ([, task, calls, points]) => {
  expect(approachPoints(agentBenchTask(task), calls)).toBe(points);
});

test.for([
  ["no failure", [exec("make")], 20],
  ["a failure with a later success of the tool", [broken, read("a"), exec("make")], 20],
  ["one of two recovered", [broken, exec("make"), broken], 10],
  ["none recovered by another tool", [broken, read("a")], 0],
] as const)("recovery of layer 2: %s", ([, calls, points]) => {
  expect(recoveryPoints(calls)).toBe(points);
});

const finding = (value: number, possible: number) => ({
  at: "outputs[0].validators[0]",
  type: "file-exists",
  value,
  points: { earned: value * possible, possible },
  detail: "",
});

test("weights go to the layers that are there, in the shares the task gives them", () => {
  const { profile } = agentBenchTask();
  if (profile.format !== "agentbench") throw new Error("the fixture changed");
  const observation = observed(
    { findings: [finding(0.5, 40), finding(1, 30)], calls: callsFrom(3, 5) },
    { profile: { ...profile, metrics, weights: [0.1, 0.2, 0.1, 0.3] }, inputs: [] },
  );
  const score = agentbench.score(observation);
  // 50 of 70 in layer 0, everything in 1 and 2, nobody to say 3: (0.1 x 71.43 + 0.2 x 100 + 0.1 x 100) / 0.4
  expect(score.value).toBeCloseTo((0.1 * (500 / 7) + 30) / 0.4 / 100, 12);
  expect(score.passed).toBe(true);
  expect(score.parts).toMatchObject({ layer1: 1, layer2: 1, layer3: null });
  expect(score.missing).toEqual({ "layer2.adherence": "no judge is named", layer3: "no judge is named" });
  expect(score.breakdown).toMatchObject({ weights: { layer0: 0.25, layer1: 0.5, layer2: 0.25 } });
});

test("a crash is worth nothing in any layer, whatever was there before it", () => {
  const score = agentbench.score(
    observed({ crash: "timed_out", findings: [finding(1, 30)], calls: callsFrom(3, 5) }),
  );
  expect(score).toMatchObject({
    value: 0,
    passed: false,
    parts: { layer0: 0, layer1: 0, layer2: 0, layer3: 0 },
  });
});

test("nothing that can be scored is no score", () => {
  const { profile } = agentBenchTask();
  if (profile.format !== "agentbench") throw new Error("the fixture changed");
  const score = agentbench.score(observed({}, { profile: { ...profile, weights: [1, 0, 0, 0] } }));
  expect(score).toMatchObject({ value: null, passed: null });
});

test("domains count alike whatever their size, tasks alike whatever their trials", () => {
  const of = (suite: string, taskId: string, value: number | null) => ({ suite, taskId, value });
  const attempts = [
    of("memory", "m1", 1),
    of("memory", "m1", 0.5),
    of("memory", "m2", 0.25),
    of("files", "f1", 1),
    of("files", "f2", null),
    of("repo", "r1", null),
  ];
  expect(overallScore(attempts)).toEqual({
    score: 75,
    domains: [
      { suite: "memory", score: 50, tasks: 2, scoredTasks: 2 },
      { suite: "files", score: 100, tasks: 2, scoredTasks: 1 },
      { suite: "repo", score: null, tasks: 1, scoredTasks: 0 },
    ],
  });
  expect(overallScore([])).toEqual({ score: null, domains: [] });
});
