import { join } from "node:path";
import { expect, test } from "vitest";
import { loadTasks } from "../../../suites/tasks/loading.ts";
import { everyTask } from "../../../suites/tasks/loading.ts";
import { chooseScripts } from "../../../suites/tasks/scripts.ts";
import { plantSuite, say } from "./planted-suite.ts";
import { Folder } from "./temporary-folder.ts";

const planted = (folder: string) => {
  plantSuite(
    folder,
    ["a", "b"].map((id) => ({ id, turns: [[say("x")]] })),
  );
  return loadTasks(folder, everyTask).tasks;
};

test("each task plays the script of that name, and one without any is told", () => {
  using folder = new Folder();
  const tasks = planted(folder.path);
  const file = (id: string) => join(folder.path, "scripts", id, "good.json");
  expect(chooseScripts(folder.path, tasks, "good")).toEqual({ files: [file("a"), file("b")], without: [] });
  using bare = new Folder();
  expect(chooseScripts(bare.path, tasks, "good")).toEqual({ files: [], without: ["a", "b"] });
});

test("a script that no file has, and a task that is not selected, are refused by name", () => {
  using folder = new Folder();
  const tasks = planted(folder.path);
  expect(() => chooseScripts(folder.path, tasks, "evil")).toThrow(
    'Task a has no script "evil" for the simulated agent. It has good (workload.script).',
  );
  expect(() => chooseScripts(folder.path, tasks, { a: "good", b: "other" })).toThrow(
    /Task b has no script "other"/,
  );
  expect(() => chooseScripts(folder.path, tasks, { c: "good" })).toThrow(/names c, which is not among/);
  expect(chooseScripts(folder.path, tasks, { "*": "good" }).without).toEqual([]);
});
