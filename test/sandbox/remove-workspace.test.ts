import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeWorkspace } from "../../bench/sandbox/remove-workspace.ts";
import { testFolder } from "./kinds.ts";

test("a folder goes although the agent has closed it for itself", async () => {
  using folder = testFolder();
  const workspace = join(folder.path, "w");
  mkdirSync(join(workspace, "closed/inner"), { recursive: true });
  writeFileSync(join(workspace, "closed/inner/file"), "x");
  chmodSync(join(workspace, "closed/inner"), 0);
  chmodSync(join(workspace, "closed"), 0);
  await removeWorkspace(workspace);
  expect(existsSync(workspace)).toBe(false);
  await removeWorkspace(workspace);
});

test("a folder goes that holds others deeper than any path can name, and nothing that it links to goes with it", async () => {
  using folder = testFolder();
  const workspace = join(folder.path, "w");
  const other = join(folder.path, "other");
  for (const path of [workspace, other]) mkdirSync(path);
  writeFileSync(join(other, "kept"), "x");
  symlinkSync(other, join(workspace, "link"));
  const deeper = "i=0; while [ $i -lt 60 ]; do mkdir $0 && cd -P $0 || exit 1; i=$((i + 1)); done; chmod 0 .";
  execFileSync("sh", ["-c", deeper, "a".repeat(200)], { cwd: workspace });
  await removeWorkspace(workspace);
  expect(existsSync(workspace)).toBe(false);
  expect(existsSync(join(other, "kept"))).toBe(true);
});
