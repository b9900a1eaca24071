import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { keepWorkspace, makeWorkspace } from "../../../../suites/tasks/workspace/make-workspace.ts";
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
