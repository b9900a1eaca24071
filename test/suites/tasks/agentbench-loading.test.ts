import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { everyTask, loadTasks, ownTasksFolder, type TaskSelection } from "../../../suites/tasks/loading.ts";
import { folderOf, load, refusal } from "./task-folder.ts";

const task = (lines: string, id = "a") => `id: ${id}\nuser_message: Do it.\n${lines}\n`;
const one = (lines: string) => ({ "tasks/s/a/task.yaml": task(lines) });
const validator = (line: string) =>
  one(`expected_outputs:\n  - pattern: x.md\n    validators:\n      - ${line}`);

test("a task has what its file says, defaults, and what nobody reads", () => {
  const { tasks, hashes, name, suiteVersion } = load({
    "skill.json": '{"name": "mine", "suite_version": 2.5, "platform": "openclaw"}',
    "tasks/notes/a/task.yaml": task(
      "version: 1.0\nextra: {deep: [1]}\nscoring: {layer0_weight: 1, layer9_weight: 2}\nnetwork: true\ntimeout_seconds: 2.5\nexpected_metrics: {tool_calls: [1, 3]}\nexpected_outputs:\nturns:",
    ),
    "tasks/notes/a/inputs/deep/in.txt": "x",
    "tasks/notes/a/setup.sh":
      "git init -q\ncat > x.py << 'EOF'\nnode is no program here\nEOF\npython3 -m pytest\n",
  });
  expect([name, suiteVersion]).toEqual(["mine", "2.5"]);
  expect(Object.keys(hashes)).toEqual(["tasks/notes/a"]);
  expect(tasks).toHaveLength(1);
  const [read] = tasks;
  expect(read).toMatchObject({
    id: "a",
    name: "a",
    suite: "notes",
    version: "1",
    timeoutMs: 2500,
    network: true,
  });
  expect(read?.programs).toEqual(["bash", "git", "python3", "python3 -m pytest"]);
  expect(read?.inputs.map(({ to }) => to)).toEqual(["deep/in.txt"]);
  expect(read?.unknown).toEqual({ extra: { deep: [1] }, "scoring.layer9_weight": 2 });
  expect(read?.turns).toEqual([
    { message: "Do it.", expect: null, validators: [], conditions: null, newSession: false },
  ]);
  expect(read?.profile).toEqual({
    format: "agentbench",
    weights: [1, 0.35, 0.2, 0.25],
    outputs: [],
    behavior: [],
    metrics: { toolCalls: [1, 3], planningRatio: null },
    mode: null,
  });
});

test.each([
  ["file-exists, pattern: y.md", { type: "file-exists", path: "y.md" }],
  ["file-exists, path: y.md", { type: "file-exists", path: "y.md" }],
  ["file-exists", { type: "file-exists", path: null }],
  [
    "content-contains, sections: one",
    { type: "content-contains", sections: ["one"], match: "all", in: null },
  ],
  [
    "content-contains, sections: [' a', b], match: any, in: any-output",
    { type: "content-contains", sections: [" a", "b"], match: "any", in: "any-output" },
  ],
  ["content-not-contains, sections: [a]", { type: "content-not-contains", sections: ["a"], in: null }],
  ["word-count-range, min: 1, max: 2", { type: "word-count-range", min: 1, max: 2 }],
  ["git-log-contains, min_commits: 2", { type: "git-log-contains", contains: [], minCommits: 2 }],
  ["git-log-contains, contains: [v1]", { type: "git-log-contains", contains: ["v1"], minCommits: null }],
  ["directory-structure, paths: [a]", { type: "directory-structure", paths: ["a"] }],
  ["directory-structure, expected: [a, b]", { type: "directory-structure", paths: ["a", "b"] }],
  [
    "command-output-contains, command: ls, contains: a",
    { type: "command-output-contains", command: "ls", contains: ["a"] },
  ],
  ["file-unchanged, file: a", { type: "file-unchanged", files: ["a"] }],
  ["file-unchanged, files: [a, b]", { type: "file-unchanged", files: ["a", "b"] }],
  ["file-modified, patterns: ['**/a']", { type: "file-modified", patterns: ["**/a"] }],
  ["link-consistency, files: '*.md'", { type: "link-consistency", files: ["*.md"] }],
  ["response-contains, values: [a]", { type: "response-contains", values: ["a"], match: "all" }],
  ["response-not-contains, values: [a]", { type: "response-not-contains", values: ["a"] }],
  ["filename-matches, pattern: '^a+$'", { type: "filename-matches", pattern: "^a+$" }],
  [
    "content-uses-british-spelling, check_words: [colour]",
    { type: "content-uses-british-spelling", words: ["colour"] },
  ],
  ["no-crash", { type: "no-crash" }],
  [
    "response-contains-analysis, description: thinks",
    { type: "response-contains-analysis", description: "thinks" },
  ],
])("the validator %s", (written, read) => {
  const { profile } = load(validator(`{type: ${written}}`)).tasks[0] ?? {};
  expect(profile).toMatchObject({ outputs: [{ pattern: "x.md", required: true, validators: [read] }] });
});

const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const bomb = Array.from(
  { length: 9 },
  (_, level) =>
    `l${level}: &l${level} [${
      level === 0
        ? "x, x"
        : Array(9)
            .fill(`*l${level - 1}`)
            .join(", ")
    }]`,
).join("\n");

test.each([
  [
    "no id",
    { "tasks/s/a/task.yaml": "user_message: Do it.\n" },
    "tasks/s/a/task.yaml:1: id: is missing: write one (string)",
  ],
  [
    "an id that is a path",
    { "tasks/s/a/task.yaml": task("", "../a") },
    "tasks/s/a/task.yaml:1: id: write 1 to 100",
  ],
  [
    "an id twice",
    { "tasks/s/a/task.yaml": task(""), "tasks/t/b/task.yaml": task("") },
    "Two tasks have the id a: tasks/s/a/task.yaml and tasks/t/b/task.yaml",
  ],
  ["no message", { "tasks/s/a/task.yaml": "id: a\n" }, "tasks/s/a/task.yaml:1: turns: the user says nothing"],
  [
    "a message of spaces",
    { "tasks/s/a/task.yaml": 'id: a\nuser_message: " "\n' },
    "task.yaml:2: user_message: ",
  ],
  ["a message and turns", one("turns: [{message: x}]"), "task.yaml:2: user_message: there are turns, too"],
  ["multi-turn without turns", one("type: multi-turn"), "task.yaml:3: type: a multi-turn task needs turns"],
  ["an unknown type", one("type: duel"), "task.yaml:3: type: "],
  ["an unknown difficulty", one("difficulty: insane"), "task.yaml:3: difficulty: "],
  [
    "a turn of the system",
    { "tasks/s/a/task.yaml": "id: a\nturns: [{role: system, message: x}]" },
    "turns[0].role",
  ],
  ["weights of nothing", one("scoring: {layer0_weight: 0}"), "task.yaml:3: scoring: all weights are 0"],
  ["a weight below nothing", one("scoring: {layer0_weight: -1}"), "task.yaml:3: scoring.layer0_weight: "],
  [
    "a range upside down",
    one("expected_metrics: {tool_calls: [3, 1]}"),
    "expected_metrics.tool_calls: the first",
  ],
  ["an endless timeout", one("timeout_seconds: .inf"), "task.yaml:3: timeout_seconds: "],
  [
    "an unknown validator",
    validator("{type: file-exist}"),
    'task.yaml:6: expected_outputs[0].validators[0].type: no validator is called "file-exist", so nobody could give its points. Did you mean file-exists?',
  ],
  [
    "a validator that is a word",
    validator("file-exists"),
    "expected_outputs[0].validators[0]: must be a mapping",
  ],
  [
    "a validator without its words",
    validator("{type: file-unchanged}"),
    "must name a file, in `file` or `files`",
  ],
  ["words upside down", validator("{type: word-count-range, min: 3, max: 2}"), "min must not be above max"],
  [
    "a pattern that is none",
    validator("{type: filename-matches, pattern: '(a'}"),
    "validators[0].pattern: is no regular expression",
  ],
  [
    "an output outside",
    one("expected_outputs: [{pattern: ../x}]"),
    "expected_outputs[0].pattern: must be a path within",
  ],
  [
    "an absolute output",
    one("expected_outputs: [{pattern: /etc/passwd}]"),
    "must be a path within the workspace",
  ],
  [
    "a check outside",
    validator("{type: content-contains, sections: [a], in: a/../../b}"),
    "must be a path within",
  ],
  ["an input outside", one("input_files: [../secret]"), "task.yaml:3: input_files[0]: must be a path within"],
  [
    "a named input outside",
    one("input_files:\n  - name: /etc/passwd"),
    "task.yaml:4: input_files[0].name: must be",
  ],
  [
    "a program that is a line of shell",
    one("programs: [git; rm -rf /]"),
    "task.yaml:3: programs[0]: write the name",
  ],
  ["a list", { "tasks/s/a/task.yaml": "- id: a\n" }, "task.yaml must hold a mapping"],
  ["nothing", { "tasks/s/a/task.yaml": "" }, "task.yaml must hold a mapping"],
  ["broken YAML", one("x: [1"), "task.yaml is not valid YAML: "],
  ["a key twice", one("id: b"), "task.yaml is not valid YAML: Map keys must be unique at line 3"],
  ["two documents", one("---\nid: b"), "task.yaml is not valid YAML: "],
  ["aliases of aliases", one(bomb), "task.yaml cannot be read: Excessive alias count"],
  ["brackets in brackets", one(`x: ${nested(100_000)}`), "task.yaml is not valid YAML: Maximum call stack"],
  ["a list that holds itself", one("x: &x [*x]"), "task.yaml cannot be read"],
  ["two megabytes", one(`x: ${"y".repeat(2_000_000)}`), "a task file may have 1048576"],
  [
    "Latin-1",
    { "tasks/s/a/task.yaml": Buffer.from(task("name: caf\u00e9"), "latin1") },
    "is not text in UTF-8: line 3",
  ],
  ["UTF-16", { "tasks/s/a/task.yaml": Buffer.from(`\ufeff${task("")}`, "utf16le") }, "is written in UTF-16"],
  ["a skill.json that is none", { ...one(""), "skill.json": "{" }, "skill.json is not valid JSON"],
  [
    "a suite_version of yes",
    { ...one(""), "skill.json": '{"suite_version": true}' },
    "skill.json cannot be used: suite_version",
  ],
  ["a folder setup.sh", { ...one(""), "tasks/s/a/setup.sh/x": "" }, "setup.sh is a folder"],
  [
    "no tasks",
    { "README.md": "" },
    "is no folder of tasks: it must be laid out as agentbench (tasks/SUITE/TASK/task.yaml)",
  ],
])("%s is refused with its place", (_, files, message) => {
  expect(refusal(files)).toContain(message);
});

test("UTF-8 with a byte-order mark is text as any other", () => {
  expect(load({ "tasks/s/a/task.yaml": `\ufeff${task("name: café")}` }).tasks[0]?.name).toBe("café");
});

test.each([
  ["a link out of the task's folder", "/etc/passwd", "outside of"],
  ["a link to nothing", "nowhere", "cannot be read"],
  ["a link to the folder that it lies in", ".", "is a link to a folder that it lies in"],
  ["a link to the folder around that", "..", "is a link to a folder that it lies in"],
])("%s is refused", (_, target, message) => {
  using folder = folderOf({ ...one(""), "tasks/s/a/inputs/in.txt": "" });
  symlinkSync(target, join(folder.path, "tasks/s/a/inputs/link"));
  expect(() => loadTasks(folder.path, everyTask)).toThrow(message);
});

test("a folder that is not there, and a file", () => {
  using folder = folderOf(one(""));
  expect(() => loadTasks(join(folder.path, "no"), everyTask)).toThrow("is not there");
  expect(() => loadTasks(join(folder.path, "tasks/s/a/task.yaml"), everyTask)).toThrow("is a file");
});

test("what a person should know: a folder without a task, an input that nobody made", () => {
  const { notes } = load({ ...one("input_files: [in.csv]"), "tasks/s/b/notes.md": "" });
  expect(notes).toEqual([
    "tasks/s/b has no task.yaml and is left out",
    expect.stringMatching(/tasks\/s\/a\/task.yaml: in.csv is among its input_files and not in inputs\/$/),
  ]);
});

const four = {
  "tasks/s/a/task.yaml": task("difficulty: easy"),
  "tasks/s/b/task.yaml": task("difficulty: hard", "b"),
  "tasks/t/c/task.yaml": task("difficulty: medium", "c"),
  "tasks/t/d/task.yaml": task("", "d"),
};

test.each([
  [{}, "a b c d"],
  [{ fast: true }, "a c"],
  [{ suites: ["t"] }, "c d"],
  [{ suites: ["t"], fast: true }, "c"],
  [{ tasks: ["b", "d"] }, "b d"],
  [{ tasks: ["b"], fast: true }, "b"],
] satisfies [Partial<TaskSelection>, string][])("the selection %o", (selection, ids) => {
  const { tasks, hashes, tasksTotal } = load(four, selection);
  expect(tasks.map(({ id }) => id).join(" ")).toBe(ids);
  expect(Object.keys(hashes)).toHaveLength(tasks.length);
  expect(tasksTotal).toBe(4);
});

test.each([
  [{ tasks: ["e"] }, 'No task is called "e". Did you mean a?'],
  [{ suites: ["memry"] }, 'No suite is called "memry". There are: s, t'],
  [{ suites: ["s"], tasks: ["c"] }, "is called c and of suite s"],
  [{ tiers: [1] }, "tier needs tasks that state one"],
] satisfies [Partial<TaskSelection>, string][])("the selection %o fits nothing", (selection, message) => {
  expect(refusal(four, selection)).toContain(message);
});

test("the hash of a task changes with each of its files, and with no other task's", () => {
  const hash = (files: Readonly<Record<string, string>>) => load({ ...four, ...files }).hashes;
  const before = hash({});
  const input = hash({ "tasks/s/a/inputs/in.txt": "1" });
  expect(input["tasks/s/a"]).not.toBe(before["tasks/s/a"]);
  expect(hash({ "tasks/s/a/inputs/in.txt": "2" })["tasks/s/a"]).not.toBe(input["tasks/s/a"]);
  expect(hash({ "tasks/s/a/inputs/on.txt": "1" })["tasks/s/a"]).not.toBe(input["tasks/s/a"]);
  expect(input["tasks/s/b"]).toBe(before["tasks/s/b"]);
});

test("our own tasks load", () => {
  const { tasks, name, format } = loadTasks(ownTasksFolder("agentbench"), everyTask);
  expect([name, format]).toEqual(["tollgate-tasks", "agentbench"]);
  expect(tasks.map(({ unknown }) => unknown)).toEqual(tasks.map(() => ({})));
});

const copy = process.env["AGENTBENCH_DIR"];
test.skipIf(copy === undefined)(
  "a user's copy of the skill loads: 40 tasks, 19 easy and medium, 7 suites",
  () => {
    const { tasks, notes, suiteVersion } = loadTasks(copy ?? "", everyTask);
    expect(tasks).toHaveLength(40);
    expect(new Set(tasks.map(({ suite }) => suite)).size).toBe(7);
    expect(loadTasks(copy ?? "", { ...everyTask, fast: true }).tasks).toHaveLength(19);
    expect(tasks.filter(({ turns }) => turns.length > 1)).toHaveLength(5);
    expect(tasks.filter(({ setup }) => setup !== null)).toHaveLength(16);
    expect(tasks.flatMap(({ unknown }) => Object.keys(unknown))).toEqual([]);
    expect(suiteVersion).toBe("4.1.0");
    // The original names an input that it does not ship.
    expect(notes).toEqual([expect.stringContaining("log-analysis-report")]);
  },
);
