import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { changedBetween, WorkspaceFiles } from "../../../../suites/tasks/workspace/workspace-files.ts";
import { Folder } from "../temporary-folder.ts";

test("files that were made or changed are told, sorted, and nothing else is", async () => {
  using folder = new Folder();
  const at = (path: string) => join(folder.path, path);
  mkdirSync(at("deep/er"), { recursive: true });
  writeFileSync(at("same.txt"), "same");
  writeFileSync(at("edited.txt"), "old");
  writeFileSync(at("gone.txt"), "gone");
  writeFileSync(at("deep/er/z.txt"), "z");
  const files = new WorkspaceFiles(folder.path);
  const before = await files.look();
  writeFileSync(at("edited.txt"), "new");
  writeFileSync(at("a.md"), "");
  writeFileSync(at("deep/er/z.txt"), "zz");
  rmSync(at("gone.txt"));
  expect(changedBetween(before, await files.look())).toEqual(["a.md", "deep/er/z.txt", "edited.txt"]);
  expect(changedBetween(before, before)).toEqual([]);
});

test("a change is seen although the size is the same and the time was set back", async () => {
  using folder = new Folder();
  const path = join(folder.path, "report.csv");
  writeFileSync(path, "1,2,3");
  const files = new WorkspaceFiles(folder.path);
  const before = await files.look();
  const { atime, mtime } = statSync(path);
  writeFileSync(path, "9,9,9");
  utimesSync(path, atime, mtime);
  expect(changedBetween(before, await files.look())).toEqual(["report.csv"]);
});

test("touching a file, or writing again what is in it, is no change of it", async () => {
  using folder = new Folder();
  const path = join(folder.path, "notes.txt");
  writeFileSync(path, "notes");
  const files = new WorkspaceFiles(folder.path);
  const before = await files.look();
  writeFileSync(path, "notes");
  utimesSync(path, 0, 0);
  expect(changedBetween(before, await files.look())).toEqual([]);
});

test("links are not followed, pipes are not opened, large files are not read, and none of it takes long", async () => {
  using folder = new Folder();
  const at = (path: string) => join(folder.path, path);
  symlinkSync("/etc/passwd", at("out"));
  symlinkSync("/", at("everything"));
  execFileSync("mkfifo", [at("pipe")]);
  writeFileSync(at("large"), "");
  truncateSync(at("large"), 3 * 1024 ** 3);
  const states = await new WorkspaceFiles(folder.path).look();
  expect([...states.keys()]).toEqual(["everything", "large", "out", "pipe"]);
  expect(states.get("out")).toBe("link to /etc/passwd");
  expect(states.get("pipe")).toBe("no file");
  expect(states.get("large")).toMatch(/^3221225472 bytes, changed \d+$/);
});

test("what git keeps for itself is no file of the task", async () => {
  using folder = new Folder();
  mkdirSync(join(folder.path, "repo/.git"), { recursive: true });
  writeFileSync(join(folder.path, "repo/.git/HEAD"), "ref: main");
  writeFileSync(join(folder.path, ".gitignore"), "x");
  expect([...(await new WorkspaceFiles(folder.path).look()).keys()]).toEqual([".gitignore"]);
});

test("a folder that the agent has deleted holds nothing", async () => {
  using folder = new Folder();
  const files = new WorkspaceFiles(join(folder.path, "none"));
  expect((await files.look()).size).toBe(0);
});
