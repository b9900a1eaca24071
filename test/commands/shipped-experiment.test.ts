import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";

const folder = new TemporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** In a folder that has no experiments of its own, as where Tollgate is installed as a package. */
function plan(file: string) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [resolve("bench/main.ts"), "plan", file, "--json"],
    { cwd: folder.path, encoding: "utf8" },
  );
  return { code: status, stdout, stderr };
}

test("a shipped experiment goes by its name, wherever one is", () => {
  const { code, stdout, stderr } = plan("experiments/laptop.yaml");
  expect([code, stderr]).toEqual([
    0,
    `experiments/laptop.yaml is not here; the shipped one is used: ${resolve("experiments/laptop.yaml")}\n`,
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ experiment: "laptop" });
  expect(plan("laptop").stdout).toBe(stdout);
});

test("a name that is none is refused with one that is near", () => {
  const { code, stderr } = plan("labtop.yaml");
  expect([code, stderr]).toEqual([2, expect.stringContaining("the name of a shipped one, such as laptop.")]);
});
