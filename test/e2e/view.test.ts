import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unpack } from "../pack/unpacked.ts";
import { ask } from "../view/server/asked.ts";
import { slowStack, unchecked, Workplace } from "./small-experiment.ts";
import { expectExit, TemporaryFolder, tollgate, TollgateProcess } from "./tollgate-process.ts";

/** The real command over a run that an older Tollgate wrote, and over one that goes on. */
const folder = new TemporaryFolder();
const runs = join(folder.path, "runs");
let name: string;
beforeAll(async () => {
  mkdirSync(runs);
  await unpack(join(import.meta.dirname, "../fixtures/stored-runs/sweep.tar.zst"), runs);
  name = readdirSync(runs)[0] ?? "";
});
afterAll(() => folder[Symbol.dispose]());

/** The address, once it is printed. */
async function addressOf(view: TollgateProcess): Promise<string> {
  await view.until(() => /^http:\S+\n/.test(view.stdout), { what: "an address" });
  return view.stdout.trim();
}

test.each([
  ["every run of the folder", ["--runs", runs]],
  ["the folder, as an argument", [runs]],
])("%s", async (_, args) => {
  await using view = new TollgateProcess(["view", ...args, "--no-open"]);
  const url = await addressOf(view);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  const list = await ask(url, "/");
  expect([list.status, list.body]).toEqual([200, expect.stringContaining(name)]);
  view.child.kill("SIGINT");
  expectExit(await view.finished(), 0);
});

test("one run alone: its pages and nobody else's", async () => {
  mkdirSync(join(runs, "other"), { recursive: true });
  await using view = new TollgateProcess(["view", join(runs, name), "--no-open"]);
  const url = await addressOf(view);
  expect(new URL(url).pathname).toBe(`/runs/${name}`);
  const page = await ask(url, `/runs/${name}`);
  expect([page.status, page.body]).toEqual([200, expect.stringContaining("Cells")]);
  expect((await ask(url, "/runs/other")).status).toBe(404);
  const before = readdirSync(join(runs, name)).toSorted();
  expect((await ask(url, `/runs/${name}/episodes?sort=-seconds`)).status).toBe(200);
  expect(readdirSync(join(runs, name)).toSorted()).toEqual(before);
  view.child.kill("SIGTERM");
  expectExit(await view.finished(), 0);
});

test("what is not there is said, and so is a port that is taken", async () => {
  const nothing = await tollgate(["view", join(folder.path, "none"), "--no-open"]);
  expectExit(nothing, 2);
  expect(nothing.stderr).toMatch(/none is no folder/);
  expectExit(await tollgate(["view", "package.json", "--no-open"]), 2);
  expectExit(await tollgate(["view", "--runs", join(folder.path, "none"), "--no-open"]), 2);
  await using view = new TollgateProcess(["view", runs, "--no-open"]);
  const { port } = new URL(await addressOf(view));
  const taken = await tollgate(["view", runs, "--no-open", "--port", port]);
  expectExit(taken, 3);
  expect(taken.stderr).toContain(`port ${port}`);
});

test("a sweep that goes on is seen going on, and its end", async () => {
  using place = new Workplace({
    stack: slowStack,
    arms: [{ kind: "raw" }],
    workload: { domain: "library", tasks: { count: 3 } },
    sweep: { concurrency: [1] },
  });
  await using driver = place.start(...unchecked);
  const run = await driver.runDirectory();
  await using view = new TollgateProcess(["view", run, "--no-open"]);
  const url = await addressOf(view);
  const page = async () => (await ask(url, `/runs/${run.slice(run.lastIndexOf("/") + 1)}`)).body;
  const seen = new Set<string>();
  while (!driver.ended) {
    const body = await page();
    for (const [state] of body.matchAll(/state live">running|\d of 3 episodes/g)) seen.add(state);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(seen).toContain('state live">running');
  expect(seen.size).toBeGreaterThan(2);
  expect(await page()).toMatch(/state good">complete.*3 of 3 episodes/s);
  expect(existsSync(join(run, "report", "report.html"))).toBe(true);
  expect((await ask(url, `/runs/${run.slice(run.lastIndexOf("/") + 1)}/report`)).status).toBe(200);
});
