import * as fc from "fast-check";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { expect, test } from "vitest";
import { ConfigError } from "../../../bench/errors.ts";
import { describeTask } from "../../../suites/tasks/describe-task.ts";
import { everyTask, loadTasks, ownTasksFolder, taskFormats } from "../../../suites/tasks/loading.ts";
import { TemporaryFolder } from "../../e2e/tollgate-process.ts";

/** Whatever a task file holds, it is a task or a mistake of whoever wrote it, with its place; never an error of ours. */

const assets = join(ownTasksFolder("clawbench"), "assets");

/** Places of our own tasks, as seeds: every key of both formats that they use. */
const seeds = taskFormats.map((format) => ({
  place: format === "agentbench" ? "tasks/s/a/task.yaml" : "tier1/a.yaml",
  contents: loadTasks(ownTasksFolder(format), everyTask).tasks.map(
    ({ file }) => parse(readFileSync(file, "utf8")) as unknown,
  ),
}));

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): readonly Path[] {
  const entries = Array.isArray(value)
    ? value.map((one, index): [number, unknown] => [index, one])
    : Object.entries(value !== null && typeof value === "object" ? value : {});
  return [path, ...entries.flatMap(([key, one]) => pathsOf(one, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value)) return value.map((one, index) => (index === key ? replaced(one, rest, by) : one));
  const record = value as Readonly<Record<string, unknown>>;
  return { ...record, [key]: replaced(record[key], rest, by) };
}

const odd = fc.oneof(
  fc.constantFrom(
    null,
    true,
    0,
    -1,
    1e308,
    "",
    " ",
    "../x",
    "/etc/passwd",
    "(",
    "a\0b",
    "{x}",
    [],
    {},
    [[]],
    [null],
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Throws what a person could not do anything about. */
function outcomeOf(folder: string): "loaded" | "refused" {
  try {
    const { tasks } = loadTasks(folder, everyTask);
    if (tasks.every((task) => describeTask(task, folder).startsWith(task.id))) return "loaded";
  } catch (error) {
    if (error instanceof ConfigError && error.message.includes(folder)) return "refused";
    throw error;
  }
  throw new Error("a task is not described");
}

test.each(seeds)("any value at any place of $place", ({ place, contents }) => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, place);
  mkdirSync(dirname(file), { recursive: true });
  if (existsSync(assets)) cpSync(assets, join(folder.path, "assets"), { recursive: true });
  const change = fc
    .constantFrom(...contents)
    .chain((content) => fc.tuple(fc.constant(content), fc.constantFrom(...pathsOf(content)), odd));
  const seen = { loaded: 0, refused: 0 };
  fc.assert(
    fc.property(change, ([content, path, by]) => {
      writeFileSync(file, JSON.stringify(replaced(content, path, by)) ?? "null");
      seen[outcomeOf(folder.path)] += 1;
    }),
    { numRuns: 200 },
  );
  expect(Math.min(seen.loaded, seen.refused)).toBeGreaterThan(10);
});
