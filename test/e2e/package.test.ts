import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runJsonSchema } from "../../bench/store/run-json.ts";
import { UserProject } from "./packed.ts";
import { lastLine } from "./small-experiment.ts";
import { expectExit } from "./tollgate-process.ts";

let project: UserProject;
beforeAll(() => {
  project = new UserProject();
  project.link();
});
afterAll(() => project[Symbol.dispose]());

const home = () => join(project.folder, "node_modules/tollgate");
const quick = [
  "sweep node_modules/tollgate/experiments/laptop.yaml --set agent.kind=native --set workload.tasks.count=2",
  "--set sweep.concurrency=[2] --set stack.agent.decodeStepMs=1 --set stack.user.decodeStepMs=1",
].join(" ");

test("the package holds what runs and what is read, and nothing of the tests and sources", () => {
  const files = globSync("**/*", { cwd: home() });
  const folders = new Set(files.map((file) => file.split("/")[0]));
  expect(folders).toEqual(
    new Set(
      "ARCHITECTURE.md CHANGELOG.md LICENSE README.md bin dist docs experiments package.json".split(" "),
    ),
  );
  expect(files.filter((file) => /\.ts$|\btest\b|__pycache__/.test(file))).toEqual([]);
  // Every file that is no source has its place in the package.
  const other = globSync("{bench,openclaw-tau2,suites}/**/*.*", { exclude: ["**/__pycache__/**"] });
  const missing = other
    .filter((file) => !file.endsWith(".d.ts"))
    .filter((file) => !existsSync(join(home(), "dist", file.replace(/\.ts$/, ".js"))));
  expect(missing).toEqual([]);
});

test("no built module names a source file", () => {
  const naming = globSync("dist/**/*.js", { cwd: home() }).filter((file) =>
    /(?:from|import)\s*\(?\s*"[^"]+\.ts"/.test(readFileSync(join(home(), file), "utf8")),
  );
  expect(naming).toEqual([]);
});

test("a sweep of the shipped experiment, and its report work in another project", async () => {
  const swept = await project.run(`tollgate ${quick}`);
  expectExit(swept, 0);
  const run = lastLine(swept);
  const { git, versions } = runJsonSchema.parse(JSON.parse(readFileSync(join(run, "run.json"), "utf8")));
  const head = execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" }).trim();
  expect(git?.revision).toBe(head);
  expect(versions["node"]).toBe(process.versions.node);
  expect(readFileSync(join(run, "report/report.html"), "utf8")).toContain("<svg");
  expectExit(await project.run("tollgate report @last"), 0);
  expect(project.sh("git status --porcelain")).toBe("");
});

test("without OpenClaw its agent is refused with what to install, and nothing is started", async () => {
  const { code, stderr } = await project.run("tollgate sweep node_modules/tollgate/experiments/laptop.yaml");
  expect(code).toBe(3);
  const { optionalDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
    optionalDependencies: { openclaw: string };
  };
  expect(stderr).toContain(
    `npm install --ignore-scripts --save-exact openclaw@${optionalDependencies.openclaw}`,
  );
  expect(stderr).toContain("--set agent.kind=native");
});
