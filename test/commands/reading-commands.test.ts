import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { writeSegment } from "../evidence/evidence-builder.ts";
import { buildIdentity, plannedCell, runStarted } from "../store/run-builder.ts";
import { invoke } from "./invoke.ts";

/** Three whole runs, the second of another experiment: what the commands that read runs decide. */
const folder = new TemporaryFolder();
const runs = join(folder.path, "runs");
const cells = [plannedCell("raw", 3), plannedCell("gateway", 3)];
const ids = [1, 2, 3].map(
  (minute) => `${minute === 2 ? "airline" : "laptop"}-20261121T120${minute}00Z-00000${minute}`,
);
beforeAll(async () => {
  for (const [index, runId] of ids.entries()) {
    const identity = buildIdentity({
      runId,
      experiment: runId.slice(0, runId.indexOf("-")),
      createdAt: `2026-11-21T12:0${index + 1}:00.000Z`,
      resolved: { name: "x", sampling: { temperature: index === 1 ? 1 : 0 } },
      cells,
    });
    await using run = await RunDirectory.create(runs, { identity, pid: process.pid });
    await run.append(runStarted(identity));
    for (const cell of cells) await writeSegment(run, { cell, episodes: [0, 1, 2] });
  }
});
afterAll(() => folder[Symbol.dispose]());

const inRuns = (...args: readonly string[]) => invoke([...args, "--runs", runs]);
const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

test.each([
  ["@prev", "@last", [0, 2]],
  ["@last", "@prev", [2, 0]],
  ["@prev", ids[2] ?? "", [0, 2]],
  [ids[2] ?? "", "@prev", [2, 0]],
])(
  "compare %s %s: the run of the same experiment before the other one",
  async (a, b, [before = 0, after = 0]) => {
    const { code, stdout } = await inRuns("compare", a, b, "--json");
    const compared = json(stdout);
    expect([code, JSON.stringify(compared["before"]), JSON.stringify(compared["after"])]).toEqual([
      0,
      expect.stringContaining(ids[before] ?? ""),
      expect.stringContaining(ids[after] ?? ""),
    ]);
  },
);

test("compare refuses what answers another question, says which, and obeys --unlike", async () => {
  const refused = await inRuns("compare", ids[0] ?? "", ids[1] ?? "");
  expect([refused.code, refused.stdout]).toEqual([2, ""]);
  expect(refused.stderr).toMatch(/resolved\.sampling\.temperature.*--unlike/s);
  expect((await inRuns("compare", ids[0] ?? "", ids[1] ?? "", "--unlike")).code).toBe(0);
});

test("compare --fail-on: a limit that nothing was held against is not kept", async () => {
  const limit = ["--fail-on", "e2e_p50 > +500%"];
  const same = await inRuns("compare", ids[0] ?? "", ids[2] ?? "", ...limit);
  const strict = await inRuns("compare", ids[0] ?? "", ids[2] ?? "", "--fail-on", "e2e_p50 > +0%");
  expect([same.code, strict.code]).toEqual([6, 6]); // Three episodes exclude nothing: "cannot tell" is no pass.
  expect((await inRuns("compare", "@prev", "@last", "--fail-on", "p50 > 5")).code).toBe(2);
});

test("inspect: tokens need an episode, an unknown episode is named, no request is no proof", async () => {
  const tokens = await inRuns("inspect", "@last", "--tokens");
  expect([tokens.code, tokens.stderr]).toEqual([2, expect.stringContaining("inspect RUN EPISODE --tokens")]);
  const unknown = await inRuns("inspect", "@last", "ffffffff00000000");
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining("ffffffff00000000")]);
  expect((await inRuns("inspect", "@last", "--bytes")).code).toBe(1);
  const found = await inRuns("inspect", "@last", cells[0]?.episodeIds[0]?.slice(0, 10) ?? "");
  expect([found.code, found.stdout]).toEqual([0, expect.stringContaining("Yes, one copy.")]);
});

test("runs, status and report go past a damaged run, or say what is wrong with it", async () => {
  const damaged = join(runs, "laptop-20261122T120000Z-00000d");
  cpSync(join(runs, ids[2] ?? ""), damaged, { recursive: true });
  writeFileSync(join(damaged, "records.jsonl"), '{"v":1}\n');
  const listed = await inRuns("runs", "--json");
  expect([listed.code, (JSON.parse(listed.stdout) as unknown[]).length]).toEqual([0, 3]);
  expect(listed.stderr).toMatch(/^warning: .*00000d.records\.jsonl:1 cannot be read/);
  // run.json is whole and the copy says the same time of creation: of equals the later name is the last.
  const status = await inRuns("status", "@last");
  expect([status.code, status.stderr]).toEqual([5, expect.stringContaining("records.jsonl:1")]);
  expect((await inRuns("report", "@last")).code).toBe(5);
  expect((await inRuns("status", ids[2] ?? "")).code).toBe(0);
});

test("a run that is over: attach tells its end at once, stop has nothing to stop", async () => {
  const attached = await inRuns("attach", ids[0] ?? "");
  expect([attached.code, attached.stderr]).toEqual([0, expect.stringMatching(/cells 2\/2, episodes 6\/6/)]);
  expect((await inRuns("stop", ids[0] ?? "")).code).toBe(2);
});

test("export into a folder that holds something is refused, and nothing is written over", async () => {
  const out = join(folder.path, "full");
  mkdirSync(out);
  writeFileSync(join(out, "mine"), "");
  const refused = await inRuns("export", "laptop-20261121T120100Z-000001", "-o", out);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("is not empty")]);
  const split = await inRuns("export", ids[0] ?? "", "-o", join(folder.path, "new"), "--min-reward", "much");
  expect([split.code, split.stderr]).toEqual([2, expect.stringContaining("Give a number.")]);
});

test("plan --from: a time only where every cell was measured", async () => {
  const file = join(folder.path, "plan.yaml");
  const plan = async (arms: readonly object[]) => {
    writeFileSync(
      file,
      JSON.stringify({
        name: "plan",
        stack: { kind: "embedded" },
        arms,
        agent: { kind: "native" },
        workload: { domain: "library", tasks: { count: 2 } },
        sweep: { concurrency: [1] },
      }),
    );
    return inRuns("plan", file, "--json", "--from", ids[0] ?? "");
  };
  const raw = { kind: "raw" };
  expect(json((await plan([raw, { kind: "gateway" }])).stdout)["estimatedSeconds"]).toBeCloseTo(4 * 0.9);
  const partly = json((await plan([raw, { kind: "null-proxy" }])).stdout);
  expect([partly["estimatedSeconds"], (partly["cells"] as { estimatedSeconds: number | null }[])[1]]).toEqual(
    [null, expect.objectContaining({ arm: "null-proxy", estimatedSeconds: null })],
  );
});
