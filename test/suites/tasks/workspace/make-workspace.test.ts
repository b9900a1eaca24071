import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  keepWorkspace,
  makeWorkspace,
  removeWorkspace,
} from "../../../../suites/tasks/workspace/make-workspace.ts";
import { Folder } from "../temporary-folder.ts";

test("inputs are copied to where the task wants them, and can be changed there", async () => {
  using folder = new Folder();
  const from = join(folder.path, "script.sh");
  writeFileSync(from, "echo", { mode: 0o555 });
  const workspace = join(folder.path, "w");
  await makeWorkspace(workspace, { inputs: [{ from, to: "bin/deep/script.sh" }] });
  const copy = join(workspace, "bin/deep/script.sh");
  expect(lstatSync(copy).mode & 0o777).toBe(0o755);
  writeFileSync(copy, "changed");
  expect(readFileSync(from, "utf8")).toBe("echo");
});

test("a kept copy has files, folders and links as they are, and no pipes", async () => {
  using folder = new Folder();
  const from = join(folder.path, "w");
  mkdirSync(join(from, "sub"), { recursive: true });
  writeFileSync(join(from, "sub/a"), "a");
  symlinkSync("/etc/shadow", join(from, "out"));
  execFileSync("mkfifo", [join(from, "pipe")]);
  const to = join(folder.path, "kept/one");
  await keepWorkspace(from, to);
  expect(readdirSync(to).toSorted()).toEqual(["out", "sub"]);
  expect(lstatSync(join(to, "out")).isSymbolicLink()).toBe(true);
});

test("a folder goes although the agent has closed it for itself", async () => {
  using folder = new Folder();
  const workspace = join(folder.path, "w");
  mkdirSync(join(workspace, "closed/inner"), { recursive: true });
  writeFileSync(join(workspace, "closed/inner/file"), "x");
  chmodSync(join(workspace, "closed/inner"), 0);
  chmodSync(join(workspace, "closed"), 0);
  await removeWorkspace(workspace);
  expect(existsSync(workspace)).toBe(false);
  await removeWorkspace(workspace);
});
