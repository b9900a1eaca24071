import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { namesInside, readInside } from "../../bench/sandbox/open-inside.ts";
import { testFolder } from "./kinds.ts";

const textOf = async (root: string, path: string) => {
  const found = await readInside(root, path, 1000);
  return found === null ? null : Buffer.from(found.bytes).toString();
};

test("what leads out of a folder is not read, whatever it looks like", async () => {
  using folder = testFolder();
  const root = join(folder.path, "workspace");
  mkdirSync(join(root, "sub"), { recursive: true });
  writeFileSync(join(folder.path, "secret"), "secret");
  writeFileSync(join(root, "plain"), "plain");
  mkdirSync(join(folder.path, "workspace-beside"));
  writeFileSync(join(folder.path, "workspace-beside", "file"), "secret");
  symlinkSync(join(folder.path, "secret"), join(root, "absolute"));
  symlinkSync("../../secret", join(root, "sub", "relative"));
  symlinkSync("..", join(root, "up"));
  symlinkSync("plain", join(root, "good"));
  symlinkSync("loop", join(root, "loop"));
  execFileSync("mkfifo", [join(root, "pipe")]);
  expect(await textOf(root, "plain")).toBe("plain");
  expect(await textOf(root, "good")).toBe("plain");
  const outside =
    "absolute sub/relative up/secret ../secret sub/../../secret ../workspace-beside/file loop pipe sub . missing plain/below /etc/passwd";
  for (const path of [...outside.split(" "), "", "nul\0", "x".repeat(5000)])
    expect([path.slice(0, 30), await textOf(root, path)]).toEqual([path.slice(0, 30), null]);
});

test("no more is read than was asked for", async () => {
  using folder = testFolder();
  writeFileSync(join(folder.path, "large"), "abc");
  truncateSync(join(folder.path, "large"), 2 ** 40);
  expect(await readInside(folder.path, "large", 5)).toMatchObject({ sizeBytes: 2 ** 40, truncated: true });
  writeFileSync(join(folder.path, "exact"), "12345");
  expect(await readInside(folder.path, "exact", 5)).toMatchObject({ sizeBytes: 5, truncated: false });
  writeFileSync(join(folder.path, "empty"), "");
  expect(await textOf(folder.path, "empty")).toBe("");
});

test("a folder's names are told without following links", async () => {
  using folder = testFolder();
  mkdirSync(join(folder.path, "b"));
  writeFileSync(join(folder.path, "b", "two"), "22");
  linkSync(join(folder.path, "b", "two"), join(folder.path, "a"));
  symlinkSync("/", join(folder.path, "c"));
  execFileSync("mkfifo", [join(folder.path, "d")]);
  const { names, complete } = await namesInside(folder.path, 100);
  expect(complete).toBe(true);
  expect(names.map(({ path, kind }) => `${path} ${kind}`)).toEqual([
    "a file",
    "b folder",
    "b/two file",
    "c link",
    "d other",
  ]);
  expect(await namesInside(folder.path, 2)).toMatchObject({ complete: false });
  expect(await namesInside(join(folder.path, "missing"), 2)).toEqual({ names: [], complete: true });
});
