import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolder } from "../../bench/store/make-folder.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";

test("folders that are not there are made, and those that are stay", async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, "a/b/c");
  await makeFolder(path);
  await makeFolder(path);
  expect(existsSync(path)).toBe(true);
});

test("where no folder can be made it ends with an error", async () => {
  // Node's own mkdir with `recursive` never returns here.
  await expect(makeFolder("/proc/tollgate/x")).rejects.toThrow("ENOENT");
  using folder = new TemporaryFolder();
  writeFileSync(join(folder.path, "file"), "");
  await expect(makeFolder(join(folder.path, "file/x"))).rejects.toThrow("ENOTDIR");
});
