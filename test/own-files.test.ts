import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ownModule, ownProgram, ownRoot, tollgateVersion } from "../bench/own-files.ts";
import { TemporaryFolder } from "./e2e/tollgate-process.ts";

test("in a checkout modules are the sources, and the version is package.json's", () => {
  expect(ownModule(new URL("file:///a/worker.ts")).href).toBe("file:///a/worker.ts");
  expect(ownProgram(new URL("file:///a%20b/program.ts"))).toBe("/a b/program.ts");
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  expect(tollgateVersion()).toBe(version);
  expect(ownRoot).toBe(`${process.cwd()}/`);
});

test("whatever is started as a program or a thread is named through own-files, or the package would not find it", () => {
  const named = /(?<!own(?:Module|Program)\(\s*)new URL\(\s*"[^"]+\.ts"/g;
  expect('spawn(new URL("./program.ts", import.meta.url))').toMatch(named);
  const files = globSync(["bench/**/*.ts", "openclaw-tau2/**/*.ts", "suites/**/*.ts"]);
  expect(files.filter((file) => readFileSync(file, "utf8").search(named) >= 0)).toEqual([]);
});

test("what is started keeps its compiled code where its starter does, and nowhere where that keeps none", () => {
  const script = `const { compileCacheVariable } = await import("./bench/own-files.ts"); console.log(JSON.stringify(compileCacheVariable()))`;
  const saidWith = (env: Record<string, string>): unknown =>
    JSON.parse(
      spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8", env }).stdout,
    );
  using folder = new TemporaryFolder();
  const cache = join(folder.path, "compiled");
  expect(saidWith({ NODE_COMPILE_CACHE: cache })).toEqual({ NODE_COMPILE_CACHE: cache });
  expect(saidWith({})).toEqual({});
});

test("the command is executable in git: npm makes it so, and a checkout would not be clean after the first command", () => {
  const { bin } = JSON.parse(readFileSync("package.json", "utf8")) as { bin: Record<string, string> };
  const programs = Object.values(bin);
  expect(programs).toEqual(["bin/tollgate"]);
  const { stdout } = spawnSync("git", ["ls-files", "-s", ...programs], { encoding: "utf8" });
  expect(stdout).toMatch(/^100755 /);
});
