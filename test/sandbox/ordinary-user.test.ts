import { execFile } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, cpSync, mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { factoryOf, testFolder } from "./kinds.ts";

const user = 45_678;
const isRoot = process.getuid?.() === 0;

const processes = `python3 - <<'END'
import os, time
n = 0
try:
  while n < 80:
    if os.fork() == 0:
      time.sleep(2)
      os._exit(0)
    n += 1
except OSError: pass
print("few" if n < 45 else "many")
END`;
const memory = `python3 - <<'END'
import os, time
for _ in range(4):
  if os.fork() == 0:
    held = b"x" * 60_000_000
    time.sleep(10)
    os._exit(0)
for _ in range(4): os.wait()
print("used")
END`;
const disk = `for i in 1 2 3 4 5 6; do head -c 6000000 /dev/zero >$i; done; sleep 20; echo used`;
const files = `id -u; echo x >made; cat made; touch /usr/x 2>/dev/null || echo no; ls '${process.cwd()}' 2>/dev/null || echo none`;

/**
 * For root the kernel asks for less, so what works for it need not work for others. Everything that runs is copied to where
 * they may read it.
 */
describe.skipIf(!isRoot)("for an ordinary user", () => {
  test.for(["bwrap", "unshare"] as const)(
    "%s holds commands, by rlimits and a watcher",
    async (kind, context) => {
      using folder = testFolder();
      context.skip(
        (await factoryOf(kind, folder.path)) === null,
        `this machine has no sandbox of kind ${kind}`,
      );
      const at = (path: string) => join(folder.path, path);
      for (const part of ["bench", "package.json", "test/sandbox/fixtures", "node_modules/zod"])
        cpSync(part, at(part), { recursive: true, dereference: true });
      copyFileSync(realpathSync(process.execPath), at("node"));
      chmodSync(folder.path, 0o755);
      mkdirSync(at("own"));
      chownSync(at("own"), user, user);
      const become = ["--reuid", String(user), "--regid", String(user), "--clear-groups"];
      const program = [at("node"), at("test/sandbox/fixtures/try-scripts.ts"), kind, at("own")];
      const { stdout } = await promisify(execFile)(
        "setpriv",
        [...become, ...program, files, processes, memory, disk],
        { env: { PATH: process.env["PATH"], HOME: at("own") } },
      );
      expect(
        stdout
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as unknown),
      ).toEqual([
        { stdout: "1000\nx\nno\nnone\n", exitCode: 0, ended: null },
        { stdout: "few\n", exitCode: 0, ended: null },
        { stdout: "", exitCode: null, ended: "memory" },
        { stdout: "", exitCode: null, ended: "disk" },
      ]);
    },
  );
});
