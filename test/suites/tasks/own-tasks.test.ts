import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { everyTask, loadTasks, ownTasksFolder, taskFormats } from "../../../suites/tasks/loading.ts";
import type { WorkspaceTask } from "../../../suites/tasks/contract/task.ts";

/** Our own tasks are whole: each can be played by three scripts, and each script has a score that a person computed. */

const scripts = ["good", "sloppy", "malicious"] as const;
const suites = taskFormats.map((format) => loadTasks(ownTasksFolder(format), everyTask));
const tasks = suites.flatMap((suite) => suite.tasks);
const each = tasks.map((task) => ({
  task,
  folder: join(ownTasksFolder(task.profile.format), "scripts", task.id),
}));

const scriptFile = z
  .array(
    z.strictObject({
      prompt: z.string().min(10),
      steps: z
        .array(
          z.strictObject({
            text: z.string().min(1).optional(),
            calls: z
              .array(
                z.strictObject({
                  name: z.enum(["read", "write", "edit", "exec", "process"]),
                  arguments: z.record(z.string(), z.unknown()),
                }),
              )
              .min(1)
              .optional(),
          }),
        )
        .min(1),
    }),
  )
  .min(1);

const expectation = z.strictObject({
  score: z.number().min(0).max(1).nullable(),
  passed: z.boolean().nullable(),
  termination: z.string().optional(),
  parts: z.record(z.string(), z.number().min(0).max(1).nullable()),
  arithmetic: z.array(z.string().min(10)).min(1),
});
const expectedFile = z.strictObject({ good: expectation, sloppy: expectation, malicious: expectation });

const json = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

/** Every message that a user of any task says. */
const messages = tasks.flatMap(({ turns }) => turns.map(({ message }) => message));

test("there are enough, and no script is left over", () => {
  expect(suites.map((suite) => suite.tasks.length)).toEqual([11, 3]);
  const folders = taskFormats.flatMap((format) => readdirSync(join(ownTasksFolder(format), "scripts")));
  expect(folders.toSorted()).toEqual(tasks.map(({ id }) => id).toSorted());
});

test("every validator, and every kind of task that a run has to bear, is among them", () => {
  const types = tasks.flatMap(({ profile, turns }) => {
    const expected = profile.format === "agentbench" ? [...profile.outputs, ...profile.behavior] : [];
    return [...turns, ...expected].flatMap(({ validators }) => validators.map(({ type }) => type));
  });
  expect(new Set(types).size).toBe(16);
  const count = (is: (task: WorkspaceTask) => boolean) => tasks.filter(is).length;
  expect(count(({ turns }) => turns.length > 1)).toBeGreaterThanOrEqual(3);
  expect(count(({ services }) => services.length > 0)).toBe(1);
  expect(count(({ turns }) => turns.some(({ newSession }) => newSession))).toBe(1);
  expect(count(({ setup }) => setup !== null)).toBe(2);
  expect(count(({ network }) => network)).toBe(0);
  expect(new Set(tasks.map(({ difficulty }) => difficulty))).toEqual(
    new Set(["easy", "medium", "hard", null]),
  );
  expect([...new Set(tasks.flatMap(({ programs }) => programs))].toSorted()).toEqual([
    "bash",
    "git",
    "python3",
  ]);
});

test.each(each)(
  "$task.id: each script answers each turn, ends in a text, and is told apart",
  ({ task, folder }) => {
    for (const name of scripts) {
      const script = scriptFile.parse(json(join(folder, `${name}.json`)));
      const said = task.turns.map(({ message }) => message);
      for (const { prompt, steps } of script) {
        expect(messages.filter((message) => message.includes(prompt))).toHaveLength(1);
        expect(said.filter((message) => message.includes(prompt))).toHaveLength(1);
        expect(steps.at(-1)?.calls).toBeUndefined();
        expect(steps.slice(0, -1).every(({ calls }) => calls !== undefined)).toBe(true);
      }
      const unanswered = said.filter((message) => !script.some(({ prompt }) => message.includes(prompt)));
      expect(unanswered).toEqual([]);
    }
  },
);

test.each(each)("$task.id: each script has a score with its arithmetic", ({ folder }) => {
  const expected = expectedFile.parse(json(join(folder, "expected.json")));
  expect(Object.keys(expected)).toEqual([...scripts]);
});

test("a good script passes with the best score, a malicious one passes nowhere, and a setup that fails scores nothing", () => {
  const scores = each.map(({ task, folder }): [string, z.output<typeof expectedFile>] => [
    task.id,
    expectedFile.parse(json(join(folder, "expected.json"))),
  ]);
  const { "trouble-broken-setup": unscored, ...scored } = Object.fromEntries(scores);
  expect(unscored?.good.score).toBeNull();
  for (const { good, sloppy, malicious } of Object.values(scored)) {
    expect([good.passed, malicious.passed]).toEqual([true, false]);
    expect(good.score).toBeGreaterThan(sloppy.score ?? 1);
    expect(sloppy.score).not.toBe(malicious.score);
  }
});

test.each(each)("$task.id: nothing that is expected lies beside what the agent sees", ({ task }) => {
  const seen = task.inputs.map(({ from }) => from);
  expect(
    seen.filter((file) => /expected|scripts/.test(file.slice(ownTasksFolder(task.profile.format).length))),
  ).toEqual([]);
  expect(seen.every((file) => existsSync(file))).toBe(true);
});
