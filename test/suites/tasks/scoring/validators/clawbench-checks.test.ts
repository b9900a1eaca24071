import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test, type TestContext } from "vitest";
import type { ObservedCall, TaskFinding } from "../../../../../suites/tasks/contract/observation.ts";
import { finalFindings, takeBaseline } from "../../../../../suites/tasks/scoring/validators/find.ts";
import type {
  ClawBenchProfile,
  ExecutionCheck,
  FileAssertion,
} from "../../../../../suites/tasks/contract/task.ts";
import type { SandboxEnd } from "../../../../../bench/sandbox/sandbox.ts";
import { openPlace } from "../../../../sandbox/kinds.ts";
import { agentBenchTask } from "../../attempts/fixtures.ts";
import { clawBenchProfile, observedCall } from "../observed.ts";

type Files = Readonly<Record<string, string>>;

const fileAssertion: FileAssertion = {
  path: "out.txt",
  exists: true,
  contentContains: [],
  contentNotContains: [],
  contentMatches: null,
  minSizeBytes: 0,
};
const check: ExecutionCheck = {
  name: "run",
  command: "cat out.txt",
  cwd: ".",
  env: {},
  timeoutMs: 20_000,
  shell: true,
  expectedExitCode: 0,
  stdoutContains: [],
  stdoutNotContains: [],
  stderrContains: [],
  stdoutMatches: null,
  stderrMatches: null,
  expectedStdout: null,
  expectedStdoutFile: null,
  expectedJson: undefined,
  expectedJsonFile: null,
};

interface Attempt {
  readonly profile: Partial<ClawBenchProfile>;
  readonly before?: Files;
  readonly after?: Files | ((directory: string) => void);
  readonly calls?: readonly ObservedCall[];
  readonly programs?: readonly string[];
  /** How the sandbox has ended by itself; absent: it is open. */
  readonly ended?: SandboxEnd;
}

async function found(context: TestContext, attempt: Attempt): Promise<readonly TaskFinding[]> {
  await using place = await openPlace("none", context);
  const { request } = place;
  const sandbox =
    attempt.ended === undefined ? place.sandbox : { ...place.sandbox, ended: Promise.resolve(attempt.ended) };
  const put = (files: Files) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(request.workspace, path)), { recursive: true });
      writeFileSync(join(request.workspace, path), text);
    }
  };
  const profile = { ...clawBenchProfile, ...attempt.profile };
  const workspace = {
    task: agentBenchTask({ profile, suite: "coding", programs: attempt.programs ?? [] }),
    sandbox,
    hostDirectory: request.workspace,
    values: { app_port: "8080", word: "it's" },
    signal: AbortSignal.timeout(30_000),
  };
  put(attempt.before ?? {});
  const baseline = await takeBaseline(workspace, new Map());
  if (typeof attempt.after === "function") attempt.after(request.workspace);
  else put(attempt.after ?? {});
  return await finalFindings(workspace, baseline, { turns: [], calls: attempt.calls ?? [], crash: null });
}

const there = { "out.txt": "total: 42\nport 8080\n" };
const fileCases: readonly (readonly [string, Partial<FileAssertion>, number | null])[] = [
  ["it is there", {}, 1],
  ["another is not", { path: "none.txt" }, 0],
  ["it should not be there", { exists: false }, 0],
  ["what should not be there is not", { path: "none.txt", exists: false }, 1],
  ["its text", { contentContains: ["total: 42", "port {app_port}"] }, 1],
  ["its text in another case", { contentContains: ["Total"] }, 0],
  ["an unwanted text", { contentNotContains: ["42"] }, 0],
  ["a pattern over lines", { contentMatches: "^total.*^port" }, 1],
  ["a pattern in Python's words", { contentMatches: String.raw`(?i)(?P<n>TOTAL): \d+\Z` }, 0],
  ["a pattern that nobody can read", { contentMatches: "(?(1)a|b)" }, null],
  ["too few bytes", { minSizeBytes: 100 }, 0],
  ["a path out of the workspace", { path: "../../../../etc/passwd" }, 0],
];

test.for(fileCases)("a file: %s", async ([, assertion, value], context) => {
  const profile = { files: [{ ...fileAssertion, ...assertion }] };
  expect(await found(context, { profile, after: there })).toMatchObject([
    { at: "files[0]", type: "file", value },
  ]);
});

const executionCases: readonly (readonly [string, Partial<ExecutionCheck>, number | null])[] = [
  ["it ends as expected", {}, 1],
  ["another exit code", { command: "exit 3" }, 0],
  [
    "modules of the original's harness, which are not here",
    { command: "exit 3", env: { NODE_PATH: "{openclaw_node_path}" } },
    null,
  ],
  ["such modules, and it needs none of them", { env: { NODE_PATH: "{benchmark_node_path}" } }, 1],
  ["the exit code that is expected", { command: "exit 3", expectedExitCode: 3 }, 1],
  ["all texts of stdout", { stdoutContains: ["42", "{app_port}"] }, 1],
  ["a text that is lacking", { stdoutContains: ["43"] }, 0],
  ["an unwanted text", { stdoutNotContains: ["42"] }, 0],
  ["a text of stderr", { command: "echo oops >&2", stderrContains: ["oops"] }, 1],
  ["a pattern of stdout", { stdoutMatches: String.raw`^port \d{4}$` }, 1],
  ["a pattern of stderr", { stderrMatches: "x" }, 0],
  ["the whole stdout", { expectedStdout: "total: 42\nport {app_port}" }, 1],
  ["another stdout", { expectedStdout: "total: 42" }, 0],
  [
    "JSON, whatever the order and the form of numbers",
    {
      command: `echo '{"b": [1, {"c": null}], "a": 1.0}'`,
      expectedJson: { a: 1, b: [1, { c: null }] },
    },
    1,
  ],
  ["other JSON", { command: `echo '{"a": 1, "b": 2}'`, expectedJson: { a: 1 } }, 0],
  ["null as JSON", { command: "echo null", expectedJson: null }, 1],
  ["no JSON", { expectedJson: { a: 1 } }, 0],
  ["a value in quotes is data", { command: "printf %s {word}", expectedStdout: "it's" }, 1],
  [
    "words without a shell",
    { command: "printf '%s-%s' 'a b' {word}", shell: false, expectedStdout: "a b-it's" },
    1,
  ],
  ["no shell", { command: "printf %s a;b", shell: false, expectedStdout: "a;b" }, 1],
  ["a quote without an end", { command: "printf 'a", shell: false }, null],
  [
    "an environment and a folder of its own",
    {
      command: 'echo "$A $(basename "$PWD") $PYTHONUNBUFFERED"',
      env: { A: "{app_port}" },
      cwd: "sub",
      expectedStdout: "8080 sub 1",
    },
    1,
  ],
  ["a folder out of the workspace", { cwd: "../.." }, 0],
  ["its time limit", { command: "sleep 20", timeoutMs: 300 }, 0],
  ["a program that this machine lacks", { command: "nosuchprogram -q" }, null],
];

test.for(executionCases)("an execution check: %s", async ([, changed, value], context) => {
  const profile = { executionChecks: [{ ...check, ...changed }] };
  const after = { ...there, "sub/x": "" };
  const [finding] = await found(context, { profile, after, programs: ["nosuchprogram"] });
  expect(finding).toMatchObject({ at: "executionChecks[0]", type: "execution", value });
});

test("a check compares with the file as it stood before the agent", async (context) => {
  const profile = { executionChecks: [{ ...check, expectedStdoutFile: "./expected/report.txt" }] };
  const before = { "expected/report.txt": "total: 42\r\n" };
  const after = { "out.txt": "total: 7\n", "expected/report.txt": "total: 7\n" };
  expect(await found(context, { profile, before, after })).toMatchObject([{ value: 0 }]);
  expect(await found(context, { profile, before, after: { "out.txt": "total: 42\n" } })).toMatchObject([
    { value: 1 },
  ]);
  // Nothing was there before: what the agent wrote is all there is, as in the original.
  expect(await found(context, { profile, after })).toMatchObject([{ value: 1 }]);
});

test("a file with JSON is compared as JSON, and one that is none decides nothing", async (context) => {
  const profile = { executionChecks: [{ ...check, expectedJsonFile: "expected.json" }] };
  const after = { "out.txt": '{"b":2,"a":1}' };
  expect(
    await found(context, { profile, before: { "expected.json": '{"a": 1, "b": 2}' }, after }),
  ).toMatchObject([{ value: 1 }]);
  expect(await found(context, { profile, before: { "expected.json": "{" }, after })).toMatchObject([
    { value: null },
  ]);
});

test("an output of several megabytes is looked through and kept short", async (context) => {
  const command = "head -c 3000000 /dev/zero | tr '\\0' x; echo END";
  const profile = { executionChecks: [{ ...check, command, stdoutContains: ["END"] }] };
  const [finding] = await found(context, { profile });
  expect(finding).toMatchObject({ value: 1 });
  expect(finding?.command?.stdout.length).toBeLessThan(3000);
});

const memory = (value: Readonly<Record<string, unknown>>) => ({
  stateAssertions: [{ kind: "memory", value }],
});
const stored = observedCall("memory_store", { key: "launch", text: "Friday" });
const memoryCases: readonly (readonly [string, Attempt, number | null])[] = [
  [
    "in a file",
    {
      profile: memory({ key_pattern: "Launch", value_contains: ["friday"] }),
      after: { "MEMORY.md": "launch: Friday" },
    },
    1,
  ],
  [
    "in a file without the value",
    {
      profile: memory({ key_pattern: "launch", value_contains: ["friday"] }),
      after: { "notes.md": "launch" },
    },
    0,
  ],
  [
    "by a call that wrote it",
    { profile: memory({ key_pattern: "launch", value_contains: ["friday"] }), calls: [stored] },
    1,
  ],
  [
    "by a call that only searched",
    {
      profile: memory({ key_pattern: "launch" }),
      calls: [observedCall("memory_search", { query: "launch" })],
    },
    0,
  ],
  ["nowhere", { profile: memory({ key_pattern: "launch" }) }, 0],
  [
    "what should not be remembered",
    { profile: memory({ key_pattern: "launch", exists: false }), after: { "notes.md": "launch" } },
    0,
  ],
  [
    "through a link out",
    {
      profile: memory({ key_pattern: "root:" }),
      after: (directory) => symlinkSync("/etc/passwd", join(directory, "MEMORY.md")),
    },
    0,
  ],
  ["what cannot be read from the task", { profile: memory({ pattern: "launch" }) }, null],
  [
    "a schedule, which only a gateway knows",
    { profile: { stateAssertions: [{ kind: "cron", value: {} }] } },
    null,
  ],
];

test.for(memoryCases)("memory: %s", async ([, attempt, value], context) => {
  expect(await found(context, attempt)).toMatchObject([{ at: "stateAssertions[0]", value }]);
});

test("a pipe in place of a file to compare with waits for nobody", async (context) => {
  const profile = { executionChecks: [{ ...check, command: "true", expectedStdoutFile: "pipe" }] };
  const after = (directory: string) => void execFileSync("mkfifo", [join(directory, "pipe")]);
  expect(await found(context, { profile, after })).toMatchObject([{ value: null }]);
});

test.for([
  ["disk", 0],
  ["memory", 0],
  ["processes", 0],
  [null, null],
] as const)("a check whose sandbox was ended by %s is worth %s", async ([limit, value], context) => {
  const ended = { limit, message: "The sandbox was ended." };
  const profile = { executionChecks: [check], files: [fileAssertion] };
  const findings = await found(context, { profile, after: { "out.txt": "x" }, ended });
  expect(findings.map((finding) => [finding.type, finding.value])).toEqual([
    ["file", 1],
    ["execution", value],
  ]);
});
