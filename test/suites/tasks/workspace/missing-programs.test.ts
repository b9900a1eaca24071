import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { missingPrograms } from "../../../../suites/tasks/workspace/missing-programs.ts";
import { factoryOf, testFolder } from "../../../sandbox/kinds.ts";

test.for(["none", "unshare"] as const)(
  "programs and modules that are not in a sandbox (%s) are named with the tasks that need them",
  async (kind, context) => {
    using folder = testFolder();
    const sandboxes = await factoryOf(kind, folder.path);
    if (sandboxes === null) return context.skip(`no ${kind} on this machine`);
    const before = readdirSync(folder.path);
    const tasks = [
      { id: "one", programs: ["sh", "no-such-program", "python3 -m no_such_module"] },
      { id: "two", programs: ["python3 -m json", "no-such-program", "it's; touch /tmp/x"] },
    ];
    expect(Object.fromEntries(await missingPrograms(sandboxes, tasks, folder.path))).toEqual({
      "no-such-program": ["one", "two"],
      "python3 -m no_such_module": ["one"],
      "it's; touch /tmp/x": ["two"],
    });
    expect(readdirSync(folder.path)).toEqual(before);
  },
);

test("where nothing is needed no sandbox is started", async () => {
  const never = { kind: "none" as const, facts: {}, open: () => Promise.reject(new Error("started")) };
  expect(await missingPrograms(never, [{ id: "one", programs: [] }], "/nowhere")).toEqual(new Map());
});
