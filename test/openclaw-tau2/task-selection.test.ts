import { join } from "node:path";
import { expect, test } from "vitest";
import { coverageOf, selectTasks } from "../../openclaw-tau2/task-selection.ts";
import { loadDomain } from "../../openclaw-tau2/tau2/loading/load.ts";

const dataDirectory = join(import.meta.dirname, "..", "..", "openclaw-tau2", "data");
const library = loadDomain({ domain: "library", dataDirectory });
const all = library.tasks.map(({ id }) => id);
const coverage = (selection: Parameters<typeof selectTasks>[1]) =>
  coverageOf(library, selectTasks(library, selection), selection);

test("tasks that were not selected are counted against what runs without a selection", () => {
  expect(coverage({})).toBeNull();
  expect(coverage({ count: 2 })).toEqual({
    of: "tasks",
    selected: 2,
    total: all.length,
    excluded: [{ reason: "after the first 2 (workload.tasks.count)", count: all.length - 2 }],
  });
  expect(coverage({ ids: all.slice(0, 1) })).toMatchObject({ selected: 1, total: all.length });
  expect(coverage({ ids: all })).toBeNull();
});

test("a split is a part of the usual one", () => {
  const splits = new Map([
    ["base", all],
    ["test", all.slice(3)],
  ]);
  const domain = { ...library, splits };
  const selection = { split: "test" };
  const tasks = selectTasks(domain, selection);
  expect(coverageOf(domain, tasks, selection)).toMatchObject({
    selected: all.length - 3,
    total: all.length,
    excluded: [{ reason: "not selected (workload.tasks)", count: 3 }],
  });
});

test("of tasks outside of the usual ones the domain is the whole", () => {
  const domain = { ...library, splits: new Map([["base", all.slice(0, 2)]]) };
  const selection = { ids: all.slice(1, 3) };
  expect(coverageOf(domain, selectTasks(domain, selection), selection)).toMatchObject({
    selected: 2,
    total: all.length,
  });
});
