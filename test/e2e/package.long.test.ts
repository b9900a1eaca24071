import { existsSync, readFileSync, rmSync } from "node:fs";
import { once } from "node:events";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UserProject } from "./packed.ts";
import { lastLine } from "./small-experiment.ts";
import { episodesOf, expectExit } from "./tollgate-process.ts";

const laptop = "node_modules/tollgate/experiments/laptop.yaml";
const native = `${laptop} --set agent.kind=native --set workload.tasks.count=2 --set sweep.concurrency=[2]`;

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

const { openclaw = "" } = (
  JSON.parse(readFileSync("package.json", "utf8")) as { optionalDependencies: Record<string, string> }
).optionalDependencies;

describe.each([
  { how: "with OpenClaw named beside it", words: `--ignore-scripts TARBALL openclaw@${openclaw}` },
  { how: "alone", words: "TARBALL" },
])("a tarball that npm installed in another project, $how", ({ words }) => {
  let project: UserProject;
  beforeAll(() => {
    project = new UserProject();
    const line = `npm install --no-audit --no-fund --loglevel=error ${words}`;
    project.sh(line.replace("TARBALL", `'${project.tarball}'`));
  }, 600_000);
  afterAll(() => project[Symbol.dispose]());

  /** Alone it comes without OpenClaw where the machine's own Node does not suit that. */
  const hasOpenClaw = () => existsSync(join(project.folder, "node_modules/openclaw"));

  test("runs, shows and gives away", async () => {
    const machine = project.sh("/usr/bin/env PATH=/usr/local/bin:/usr/bin:/bin node --version");
    const suits = /^v(24\.(1[6-9]|[2-9]\d)|2[6-9])/.test(machine);
    expect(hasOpenClaw()).toBe(suits || words !== "TARBALL");
    const [experiment, episodes] = hasOpenClaw() ? [laptop, 48] : [native, 4];
    const swept = await project.run(`npx tollgate sweep ${experiment}`);
    expectExit(swept, 0);
    const run = lastLine(swept);
    expect(episodesOf(run).map(({ status }) => status)).toEqual(Array(episodes).fill("completed"));
    expect(project.sh("git status --porcelain")).toBe(" M package.json\n?? package-lock.json\n");
    await expectView(project, basename(run));
    for (const line of [
      "report @last",
      "inspect @last",
      "runs",
      "status @last",
      "export @last -o runs/out",
      "compare @last @last",
      "clean --dry-run",
    ])
      expectExit(await project.run(`npx tollgate ${line}`), 0);
    // On a machine that others use a limit may be missed; what counts here is that all of its programs start.
    expect([0, 1]).toContain((await project.run("npx tollgate selftest --quick")).code);
  });

  test("says what OpenClaw needs where it is missing", async () => {
    rmSync(join(project.folder, "node_modules/openclaw"), { recursive: true, force: true });
    const refused = await project.run(`npx tollgate sweep ${laptop}`);
    expectExit(refused, 3);
    expect(refused.stderr).toContain(`npm install --ignore-scripts --save-exact openclaw@${openclaw}`);
  });
});
