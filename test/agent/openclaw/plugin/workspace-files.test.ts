import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TemporaryFolder } from "../../../e2e/tollgate-process.ts";

interface Target {
  readonly filePath: string;
  readonly cwd?: string;
}
interface Files {
  resolvePath(target: Target): { readonly containerPath: string; readonly relativePath: string };
  readFile(target: Target & { readonly maxBytes?: number }): Promise<Buffer>;
  writeFile(target: Target & { readonly data: string | Buffer; readonly mkdir?: boolean }): Promise<void>;
  mkdirp(target: Target): Promise<void>;
  remove(target: Target & { readonly recursive?: boolean; readonly force?: boolean }): Promise<void>;
  rename(names: { readonly from: string; readonly to: string }): Promise<void>;
  stat(target: Target): Promise<{ readonly type: string; readonly size: number } | null>;
}
const source = new URL("../../../../bench/agent/openclaw/plugin/workspace/files.js", import.meta.url).href;
const { WorkspaceFiles }: { WorkspaceFiles: new (workspace: object, localRoot: string) => Files } =
  await import(source);

/** Without a sandbox the bridge alone must keep to the workspace, which is the harder case. */
let folder: TemporaryFolder;
let root: string;
let files: Files;
const localRoot = "/gateway/ws";

beforeEach(() => {
  folder = new TemporaryFolder();
  root = join(folder.path, "ws");
  mkdirSync(root);
  writeFileSync(join(folder.path, "secret"), "secret");
  const enter = { file: "/usr/bin/env", arguments: [], environment: { PATH: "/usr/bin:/bin" } };
  files = new WorkspaceFiles({ directory: root, enter }, localRoot);
});
afterEach(() => folder[Symbol.dispose]());

describe("paths", () => {
  test.each([
    ["a.txt", "a.txt"],
    ["./sub/../a.txt", "a.txt"],
    ["..a/b", "..a/b"],
    [".", ""],
  ])("%s is the workspace's, relative to it or to where OpenClaw believes it to be", (filePath, relative) => {
    const expected = { containerPath: join(root, relative), relativePath: relative };
    expect(files.resolvePath({ filePath })).toEqual(expected);
    expect(files.resolvePath({ filePath, cwd: localRoot })).toEqual(expected);
    expect(files.resolvePath({ filePath: join(localRoot, filePath) })).toEqual(expected);
    expect(files.resolvePath({ filePath: join(root, filePath), cwd: localRoot })).toEqual(expected);
  });

  test.each(["../secret", "/etc/passwd", "a/../../secret", "/gateway/ws2/x", "/gateway/ws/../x", "/"])(
    "%s is outside",
    (filePath) => {
      expect(() => files.resolvePath({ filePath, cwd: localRoot })).toThrow(/outside the workspace/);
    },
  );
});

describe("links", () => {
  beforeEach(() => {
    symlinkSync("../secret", join(root, "out"));
    symlinkSync("/", join(root, "all"));
    symlinkSync("nothing", join(root, "dangling"));
    symlinkSync("../new", join(root, "dangling-out"));
    symlinkSync("loop", join(root, "loop"));
    mkdirSync(join(root, "d"));
    writeFileSync(join(root, "d/in"), "in");
    symlinkSync("d", join(root, "to-d"));
  });

  test.each(["out", "all/etc/passwd", "loop", "all/etc/no/such"])(
    "%s leads out for every operation",
    async (filePath) => {
      await expect(files.readFile({ filePath })).rejects.toThrow(/out of the workspace/);
      await expect(files.writeFile({ filePath, data: "x" })).rejects.toThrow(/out of the workspace/);
      await expect(files.stat({ filePath })).rejects.toThrow(/out of the workspace/);
      await expect(files.remove({ filePath, recursive: true, force: true })).rejects.toThrow(
        /out of the workspace/,
      );
      await expect(files.rename({ from: "d/in", to: filePath })).rejects.toThrow(/out of the workspace/);
      await expect(files.mkdirp({ filePath: join(filePath, "x") })).rejects.toThrow(/out of the workspace/);
      expect(readFileSync(join(folder.path, "secret"), "utf8")).toBe("secret");
    },
  );

  test("one to a file that is not there yet is written through, where that is inside", async () => {
    await files.writeFile({ filePath: "dangling", data: "x" });
    expect(readFileSync(join(root, "nothing"), "utf8")).toBe("x");
    await expect(files.writeFile({ filePath: "dangling-out", data: "x" })).rejects.toThrow(
      /out of the workspace/,
    );
  });

  test("one within the workspace is followed", async () => {
    expect(String(await files.readFile({ filePath: "to-d/in" }))).toBe("in");
    await files.writeFile({ filePath: "to-d/new", data: "n" });
    expect(readFileSync(join(root, "d/new"), "utf8")).toBe("n");
  });
});

describe("files", () => {
  test("are written as they are given, with their folders, and keep their mode", async () => {
    const data = Buffer.from([0, 255, 10, 13, 10, 0xc3]);
    await files.writeFile({ filePath: "a/b/-n '$x\" ü", data });
    expect(readFileSync(join(root, "a/b/-n '$x\" ü"))).toEqual(data);
    expect(await files.readFile({ filePath: "a/b/-n '$x\" ü" })).toEqual(data);
    chmodSync(join(root, "a/b/-n '$x\" ü"), 0o755);
    await files.writeFile({ filePath: "a/b/-n '$x\" ü", data: "#!" });
    expect(statSync(join(root, "a/b/-n '$x\" ü")).mode & 0o777).toBe(0o755);
    await expect(files.writeFile({ filePath: "no/folder/x", data: "", mkdir: false })).rejects.toThrow(
      /No such file|nonexistent/,
    );
  });

  test("of a megabyte survive", async () => {
    const data = Buffer.alloc(1024 ** 2, "0123456789é");
    await files.writeFile({ filePath: "big", data });
    expect((await files.readFile({ filePath: "big" })).equals(data)).toBe(true);
    await expect(files.readFile({ filePath: "big", maxBytes: 10 })).rejects.toThrow(RangeError);
  });

  test("larger than may be read are refused, and a pipe holds nobody", async () => {
    execFileSync("truncate", ["-s", "40M", join(root, "huge")]);
    execFileSync("mkfifo", [join(root, "pipe")]);
    await expect(files.readFile({ filePath: "huge" })).rejects.toThrow(/larger than 32 MiB/);
    await expect(files.readFile({ filePath: "pipe" })).rejects.toThrow(/Not a regular file/);
    await expect(files.writeFile({ filePath: "pipe", data: "x" })).rejects.toThrow(/Not a regular file/);
    await expect(files.readFile({ filePath: "." })).rejects.toThrow(/Not a regular file/);
  });

  test("that are not there say so by their code, and have no state", async () => {
    await expect(files.readFile({ filePath: "none" })).rejects.toMatchObject({ code: "ENOENT" });
    expect(await files.stat({ filePath: "none/at/all" })).toBeNull();
  });

  test("have a kind and a size, are moved and removed", async () => {
    await files.mkdirp({ filePath: "d/e" });
    await files.writeFile({ filePath: "d/e/f", data: "" });
    await files.writeFile({ filePath: "g", data: "12345" });
    expect(await files.stat({ filePath: "d/e" })).toMatchObject({ type: "directory" });
    expect(await files.stat({ filePath: "d/e/f" })).toMatchObject({ type: "file", size: 0 });
    expect(await files.stat({ filePath: "g" })).toMatchObject({ type: "file", size: 5 });
    await files.rename({ from: "g", to: "d/h" });
    expect(String(await files.readFile({ filePath: "d/h" }))).toBe("12345");
    await expect(files.remove({ filePath: "d" })).rejects.toThrow(/Is a directory/);
    await files.remove({ filePath: "d", recursive: true, force: true });
    expect(await files.stat({ filePath: "d" })).toBeNull();
  });
});
