import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  beginningOf,
  readState,
  StateFile,
  type SidecarState,
} from "../../../bench/kubernetes/sidecar/state-file.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tollgate-sidecar-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("is whole at any time, and keeps what it was not told anew", async () => {
  const file = new StateFile(folder, { pod: "p", nowIso: () => "2026-01-01T00:00:00Z" });
  await file.write({ experiment: "e" });
  await file.write({ state: "running", run: "r" });
  expect(await readState(folder)).toEqual({
    schemaVersion: 1,
    state: "running",
    pod: "p",
    experiment: "e",
    run: "r",
    exitCode: null,
    mlflow: "none",
    message: null,
    updatedAt: "2026-01-01T00:00:00Z",
  });
  expect(readdirSync(folder)).toEqual(["sidecar.json"]);
  expect(readFileSync(join(folder, "sidecar.json"), "utf8")).toMatch(/\}\n$/);
});

test.each(["", "{", "[]", `{"schemaVersion":2}`])("what cannot be read is nothing: %j", async (text) => {
  writeFileSync(join(folder, "sidecar.json"), text);
  expect(await readState(folder)).toBeNull();
});

const state = (more: Partial<SidecarState>): SidecarState => ({
  schemaVersion: 1,
  state: "running",
  pod: "p",
  experiment: "e",
  run: "r",
  exitCode: null,
  mlflow: "none",
  message: null,
  updatedAt: "",
  ...more,
});

test.each([
  ["nothing before", null, "new"],
  ["another experiment", state({ experiment: "other" }), "new"],
  ["interrupted before a run", state({ state: "waiting", run: null }), "new"],
  ["interrupted in a run", state({}), "go-on"],
  ["interrupted in a run of another pod", state({ pod: "evicted" }), "go-on"],
  ["a late gateway before a run", state({ state: "failed", run: null }), "new"],
  ["a late gateway when a run was to be gone on with", state({ state: "failed" }), "go-on"],
  ["interrupted before it was logged", state({ state: "logging", exitCode: 0 }), "log"],
  ["finished in this pod", state({ state: "finished", exitCode: 0 }), "stay"],
  ["failed in this pod", state({ state: "failed", exitCode: 1 }), "stay"],
  ["finished in another pod", state({ state: "finished", exitCode: 0, pod: "old" }), "new"],
] as const)("after %s", (_, before, beginning) => {
  expect(beginningOf(before, { pod: "p", experiment: "e" })).toBe(beginning);
});
