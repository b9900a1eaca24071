import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { unpack } from "../pack/unpacked.ts";
import { invoke } from "./invoke.ts";

const folder = new TemporaryFolder();
afterAll(() => folder[Symbol.dispose]());
let run = "";
beforeAll(async () => {
  await unpack(join(import.meta.dirname, "../fixtures/stored-runs/sweep.tar.zst"), folder.path);
  run = join(folder.path, readdirSync(folder.path)[0] ?? "");
});

/** A run against itself: nothing moved, so a limit in the wanted direction is kept and one in the other is crossed. */
async function compared(name: string, ...limits: readonly string[]) {
  const [junit, summary] = [join(folder.path, `${name}.xml`), join(folder.path, `${name}.md`)];
  const flags = limits.flatMap((limit) => ["--fail-on", limit]);
  const environment = { GITHUB_STEP_SUMMARY: summary };
  const { code } = await invoke(["compare", run, run, ...flags, "--junit", junit], { environment });
  return { code, xml: readFileSync(junit, "utf8"), page: readFileSync(summary, "utf8") };
}

test("limits that are kept: every case passes, and the job's page shows the screen", async () => {
  const { code, xml, page } = await compared("kept", "reward < -0.5");
  expect(code).toBe(0);
  expect(xml).toMatch(/<testsuite name="tollgate compare" tests="(\d+)" failures="0" errors="0"/);
  expect(xml).toContain('<testcase classname="compare" name="reward &lt; -0.5 at raw closed:');
  expect(page).toMatch(/^### Tollgate compare: limits kept\n\n```text\nA /);
});

test("a limit that is crossed is a failure with what was seen; one that nothing can be said of is no pass", async () => {
  const { code, xml, page } = await compared("crossed", "reward > -0.5", "ttft_p99 > 1ms");
  expect(code).toBe(6);
  const failures = [...xml.matchAll(/<failure type="([\w-]+)" message="(.*?)"/g)].map(([, type, message]) => [
    type,
    message,
  ]);
  expect(failures.filter(([type]) => type === "crossed").length).toBeGreaterThan(0);
  expect(failures.find(([type]) => type === "crossed")?.[1]).toMatch(
    /reward &gt; -0\.5 at \w+ closed:\d+: CROSSED, seen /,
  );
  expect(failures.find(([type]) => type === "cannot-tell")?.[1]).toMatch(
    /ttft_p99.*cannot tell \(not a pass\)/,
  );
  expect(page).toMatch(/^### Tollgate compare: LIMITS NOT KEPT/);
});

test("without a limit there is one case, so that no reader takes the file for an empty one", async () => {
  const { code, xml } = await compared("none");
  expect([code, /tests="(\d+)" failures="(\d+)"/.exec(xml)?.slice(1)]).toEqual([0, ["1", "0"]]);
});
