import { describe, expect, test } from "vitest";
import { RunUnreadableError } from "../../bench/errors.ts";
import { checkPrograms, checkResumable } from "../../bench/store/resume-check.ts";
import { buildIdentity, plannedCell } from "./run-builder.ts";

const stored = buildIdentity();
const [raw, gateway] = [plannedCell("raw", 2), plannedCell("gateway", 2)];
const reasonOf = (now: Parameters<typeof checkResumable>[1]) => {
  try {
    checkResumable(stored, now);
    return null;
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(RunUnreadableError);
    return (thrown as Error).message;
  }
};

test("the same plan continues, in whatever order its hashes are written, and with a description that changed", () => {
  const hashes = Object.fromEntries(Object.entries(stored.hashes).toReversed());
  // What follows from the experiment is compared by its hash; a new name for a load is not another plan.
  const cells = stored.cells.map((cell) => ({ ...cell, load: "renamed" }));
  expect(reasonOf({ hashes, cells })).toBeNull();
});

test("a hash that is there no more is a change, named with what it was", () => {
  const { data: _data, ...hashes } = stored.hashes;
  expect(reasonOf({ hashes, cells: stored.cells })).toContain(
    "because this changed:\n  data: used then, not used now\nRestore it, or start a new run.",
  );
});

describe("another experiment is told setting by setting", () => {
  const resolved = {
    ...stored.resolved,
    workload: { domain: "airline", trials: 3, tasks: { ids: ["a", "b"] } },
    arms: [{ name: "raw", kind: "raw" }],
  };
  const changes = (now: Record<string, unknown>): string | undefined => {
    const hashes = { ...stored.hashes, experiment: "3333333333333333" };
    try {
      checkResumable(
        { ...stored, resolved },
        { hashes, cells: stored.cells, resolved: { ...resolved, ...now } },
      );
    } catch (thrown) {
      return (thrown as Error).message.split("\n").slice(1, -1).join("\n");
    }
    return undefined;
  };

  test.each([
    ["a number", { workload: { ...resolved.workload, trials: 1 } }, "  workload.trials: 3 then, 1 now"],
    [
      "a list",
      { workload: { ...resolved.workload, tasks: { ids: ["a"] } } },
      '  workload.tasks.ids: ["a","b"] then, ["a"] now',
    ],
    [
      "an arm more",
      { arms: [...resolved.arms, { name: "gateway", kind: "gateway" }] },
      '  arms.gateway.name: not set then, "gateway" now\n  arms.gateway.kind: not set then, "gateway" now',
    ],
    [
      "a setting that is there no more, beside what may change",
      { workload: { domain: "airline", tasks: resolved.workload.tasks }, limits: { failures: 1 }, note: "x" },
      "  workload.trials: 3 then, not set now",
    ],
  ])("%s", (_, now, expected) => {
    expect(changes(now)).toBe(expected);
  });
});

test.each([
  ["one episode less", [raw, { ...gateway, episodeIds: gateway.episodeIds.slice(1) }]],
  ["other episodes", [raw, { ...gateway, episodeIds: gateway.episodeIds.map((id) => `f${id.slice(1)}`) }]],
  ["the same episodes in another order", [raw, { ...gateway, episodeIds: gateway.episodeIds.toReversed() }]],
  ["cells in another order", [gateway, raw]],
  ["a cell less", [raw]],
  ["a cell of another name", [raw, { ...gateway, cellId: "c1-r1-gateway" }]],
])("a plan with %s does not continue the run, and the name of the run is said", (_, cells) => {
  expect(reasonOf({ hashes: stored.hashes, cells })).toBe(
    `Run ${stored.runId} cannot be continued: its plan has other cells or episodes than this experiment. Start a new run.`,
  );
});

test("changed data is said before the plan that follows from it", () => {
  const hashes = { ...stored.hashes, data: "3333333333333333" };
  expect(reasonOf({ hashes, cells: [raw] })).toContain(
    "data: its content is another one (22222222 then, 33333333 now)",
  );
});

describe("other programs than those that began it", () => {
  const git = { revision: "1".repeat(40), dirty: false };
  const before = buildIdentity({ versions: { tollgate: "0.1.0", node: "24.1.0", openclaw: null }, git });
  const checked = (identity: typeof before, now: Parameters<typeof checkPrograms>[1]) => {
    const told: string[] = [];
    checkPrograms(identity, now, (line) => told.push(line));
    return told.join("\n");
  };
  const other = { versions: { tollgate: "0.2.0", node: "24.1.0", openclaw: "2026.9.6" }, git };

  test("are named where a whole run is gone on with, and refused for a shard", () => {
    expect(checked(before, other)).toMatch(
      /^warning: \S+ was begun by other programs.*:\n {2}tollgate: 0\.1\.0 then, 0\.2\.0 now$/,
    );
    const shard = { index: 0, count: 2, by: "loads" as const, plan: [] };
    expect(() => checked({ ...before, shard }, other)).toThrow(
      /is a shard that other programs have begun.*\n {2}tollgate: 0\.1\.0 then, 0\.2\.0 now\nGo on with those of then/s,
    );
  });

  test("are another revision, too, and changes to it", () => {
    const now = { ...before, git: { ...git, dirty: true } };
    expect(checked(before, now)).toContain(
      `revision of Tollgate: ${git.revision} then, ${git.revision} with changes now`,
    );
  });

  test("are none where one of them does not say what it is", () => {
    expect(checked(before, { versions: { tollgate: "0.1.0" }, git: null })).toBe("");
  });
});
