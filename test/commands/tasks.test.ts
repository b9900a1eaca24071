import { expect, test } from "vitest";
import { folderOf } from "../suites/tasks/task-folder.ts";
import { invoke } from "./invoke.ts";

const task = (id: string, rest: string) => `id: ${id}\nuser_message: Do ${id}.\n${rest}\n`;
const two = {
  "skill.json": '{"name": "mine", "suite_version": "3"}',
  "tasks/s/a/task.yaml": task("a", "difficulty: easy\nextra: 1\nexpected_metrics: {tool_calls: [1, 2]}"),
  "tasks/t/b/task.yaml": task("b", "difficulty: hard\nnetwork: true\nprograms: [jq]"),
};

test("without a folder, our own tasks are listed: those of the format that is asked for", async () => {
  const ours = await invoke(["tasks", "list"]);
  expect([ours.code, ours.stderr]).toEqual([0, ""]);
  expect(ours.stdout).toMatch(/repo-commit-the-fix +│ repo +│ hard +│ +1 │ +0 │ setup.sh, bash, git/);
  expect(ours.stdout).toContain("11 of 11 tasks, 7 suites");
  const others = await invoke(["tasks", "list", "--format", "clawbench"]);
  expect(others.stdout).toMatch(/t2-status-page +│ tools +│ tier 2 +│ +1 │ +3 │ services, python3/);
});

test("list: a folder of one's own, as a table and as JSON, with what should be known on stderr", async () => {
  using folder = folderOf({ ...two, "tasks/t/empty/notes.txt": "" });
  const listed = await invoke(["tasks", "list", folder.path, "--fast"]);
  expect(listed.stdout).toMatch(/^mine 3 \(agentbench\)[^]*│ a  │ s[^]*1 of 2 tasks, 1 suite/);
  expect(listed.stdout).not.toContain("│ b ");
  expect(listed.stderr).toBe("note: tasks/t/empty has no task.yaml and is left out\n");
  const { code, stdout } = await invoke([
    "tasks",
    "list",
    folder.path,
    "--suite",
    "t",
    "--task",
    "b",
    "--json",
  ]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    name: "mine",
    format: "agentbench",
    suiteVersion: "3",
    tasksTotal: 2,
    tasks: [{ id: "b", difficulty: "hard", turns: 1, programs: ["jq"], network: true, timeoutSeconds: null }],
  });
});

test("show: all of a task, and what nobody reads of it", async () => {
  using folder = folderOf(two);
  const { code, stdout } = await invoke(["tasks", "show", "a", folder.path]);
  expect(code).toBe(0);
  expect(stdout).toBe(`a: a

file       tasks/s/a/task.yaml
suite      s
difficulty easy
time       as the experiment says

the user says (1):
  Do a.

expected   tool calls 1 to 2
weights    the format's own

kept, and read by nothing: extra
`);
  const shown = await invoke(["tasks", "show", "a", folder.path, "--json"]);
  expect(JSON.parse(shown.stdout)).toMatchObject({ id: "a", unknown: { extra: 1 } });
});

test("show: a task of ClawBench with its checks, conditions and sessions", async () => {
  const { stdout } = await invoke(["tasks", "show", "t3-two-sessions", "--format", "clawbench"]);
  expect(stdout).toContain("the user says (2, to a fresh session):");
  expect(stdout).toMatch(/the user says \(3, if after assistant turns 1 and when assistant contains "cannot/);
  expect(stdout).toContain(
    'check one label for each parcel: wc -l < labels.txt; stdout matches "^\\\\s*2$"\n',
  );
  expect(stdout).toContain(
    "passes     with every check held and a score of 0.7 or more\njudge\n  Score from",
  );
});

test("a file that moves the cursor does not move it here", async () => {
  using folder = folderOf({ "tasks/s/a/task.yaml": 'id: a\nuser_message: "\\e[2Jgone"\n' });
  const { stdout } = await invoke(["tasks", "show", "a", folder.path]);
  expect(stdout).toContain("gone");
  expect(stdout).not.toContain("\u001b");
});

test.each([
  [["list", "nowhere"], "nowhere is not there"],
  [["list", "--tier", "x"], "Give a whole number"],
  [["list", "--tier", "1"], "tier needs tasks that state one"],
  [["show"], "missing required argument 'id'"],
  [["show", "files-shoping-list"], "Did you mean files-shopping-list?"],
  [["list", "--format", "xml"], "Allowed choices are auto, agentbench, clawbench"],
])("%j is a mistake of whoever typed it", async (words, message) => {
  const { code, stderr } = await invoke(["tasks", ...words]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});

test("a file that cannot be used ends the list with its line", async () => {
  using folder = folderOf({ "tasks/s/a/task.yaml": "id: a\nuser_message: x\ndifficulty: odd\n" });
  const { code, stderr, stdout } = await invoke(["tasks", "list", folder.path]);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("tasks/s/a/task.yaml:3: difficulty: ");
});
