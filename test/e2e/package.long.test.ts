import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { once } from "node:events";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UserProject } from "./packed.ts";
import { lastLine } from "./small-experiment.ts";
import { cellSummaries, episodesOf, expectExit } from "./tollgate-process.ts";

const laptop = "node_modules/tollgate/experiments/laptop.yaml";
const native = `${laptop} --set agent.kind=native --set workload.tasks.count=2 --set sweep.concurrency=[2]`;
const megabytes = (folder: string) =>
  Number(execFileSync("du", ["-sm", folder], { encoding: "utf8" }).split("\t")[0]);

/** Its list names the run, and the run's pages open. */
async function expectView(project: UserProject, run: string): Promise<void> {
  const view = project.start("exec tollgate view --no-open");
  const ended = once(view, "close");
  try {
    const [url] = (await once(createInterface({ input: view.stdout }), "line")) as [string];
    for (const path of ["/", `/runs/${run}`, `/runs/${run}/episodes`, `/runs/${run}/report`]) {
      const response = await fetch(new URL(path, url));
      expect({ path, status: response.status }).toEqual({ path, status: 200 });
      expect(await response.text()).toContain(run);
    }
  } finally {
    view.kill("SIGTERM");
    await ended;
  }
}

describe("a tarball that npm installed in another project", () => {
  let project: UserProject;
  beforeAll(() => {
    project = new UserProject();
    project.sh(`npm install --no-audit --no-fund --loglevel=error '${project.tarball}'`);
  }, 600_000);
  afterAll(() => project[Symbol.dispose]());

  test("sweeps the shipped laptop experiment with the real OpenClaw", async () => {
    const swept = await project.run(`npx tollgate sweep ${laptop}`);
    expectExit(swept, 0);
    const run = lastLine(swept);
    expect(Object.keys(cellSummaries(run))).toHaveLength(4);
    expect(episodesOf(run).map(({ status }) => status)).toEqual(Array(48).fill("completed"));
    const { versions } = JSON.parse(readFileSync(join(run, "run.json"), "utf8")) as {
      versions: Record<string, string>;
    };
    const { optionalDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
      optionalDependencies: Record<string, string>;
    };
    expect(versions["openclaw"]).toBe(optionalDependencies["openclaw"]);
    expect(project.sh("git status --porcelain")).toBe(" M package.json\n?? package-lock.json\n");
    await expectView(project, basename(run));
    for (const line of [
      "report @last",
      "runs",
      "status @last",
      "export @last -o runs/out",
      "selftest --quick",
    ])
      expectExit(await project.run(`npx tollgate ${line}`), 0);
  });
});

describe("a tarball that was installed without OpenClaw", () => {
  let project: UserProject;
  beforeAll(() => {
    project = new UserProject();
    project.sh(`npm install --omit=peer --no-audit --no-fund --loglevel=error '${project.tarball}'`);
  }, 600_000);
  afterAll(() => project[Symbol.dispose]());

  test("is small, and everything but OpenClaw works", async () => {
    expect(existsSync(join(project.folder, "node_modules/openclaw"))).toBe(false);
    expect(megabytes(join(project.folder, "node_modules"))).toBeLessThan(300);
    expectExit(await project.run(`npx tollgate sweep ${native}`), 0);
    for (const line of ["report @last", "compare @last @last", "export @last -o runs/out", "inspect @last"])
      expectExit(await project.run(`npx tollgate ${line}`), 0);
    const refused = await project.run(`npx tollgate sweep ${laptop}`);
    expectExit(refused, 3);
    expect(refused.stderr).toContain("npm install --ignore-scripts --save-exact openclaw@");
  });
});
