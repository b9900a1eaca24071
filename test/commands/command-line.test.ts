import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { invoke } from "./invoke.ts";
import {
  buildAttempt,
  buildEpisode,
  buildIdentity,
  plannedCell,
  runStarted,
  segmentStarted,
} from "../store/run-builder.ts";

/** What scripts of others rely on: exit codes, JSON on standard output, sentences on standard error. */
const folder = new TemporaryFolder();
const runs = join(folder.path, "runs");
const cell = plannedCell("raw", 2);
const identity = buildIdentity({ cells: [cell], note: "by hand" });
beforeAll(async () => {
  await using run = await RunDirectory.create(runs, { identity, pid: process.pid });
  await run.append(runStarted(identity));
  await run.append(segmentStarted(cell.cellId));
  await run.appendEpisode(buildEpisode(cell, 0), buildAttempt());
});
afterAll(() => folder[Symbol.dispose]());

test.each([
  ["an unknown command", ["swep"], "unknown command 'swep'"],
  ["an unknown subcommand", ["metrics", "dif"], "unknown command 'dif'"],
  ["an unknown command that asks for help", ["inti", "--help"], "unknown command 'inti'"],
  ["an unknown subcommand that asks for help", ["metrics", "dif", "-h"], "unknown command 'dif'"],
  ["a seed that is no number", ["replay", "x", "--seed", "abc"], "Give a whole number."],
  ["tokens that are none", ["replay", "x", "--max-tokens", "0"], "Give a whole number above 0."],
  ["no conversations", ["replay", "x", "--conversations", "0"], "Give a whole number above 0."],
  ["a port that is none", ["sweep", "x.yaml", "--metrics-port", "99999"], "Give a port, 1 to 65535, or 0"],
  [
    "a port that is no number",
    ["collect", "x.yaml", "--metrics-port", "abc"],
    "Give a port, 1 to 65535, or 0",
  ],
  [
    "a time that is none",
    ["metrics", "monitor", "http://x", "-o", "x.csv", "-i", "0"],
    "Give a time above 0",
  ],
  ["an unknown flag", ["runs", "--jsn"], "unknown option '--jsn'"],
  ["a missing argument", ["plan"], "missing required argument 'file'"],
  ["an argument too many", ["schema", "x"], "too many arguments"],
  ["a flag without its value", ["runs", "--out"], "argument missing"],
  ["a value that is none of the choices", ["report", "x", "--format", "pdf"], "table, md, csv, json, html"],
  ["a file that is not there", ["plan", "none.yaml"], "none.yaml"],
  ["no run to speak of", ["status", "--out", join(folder.path, "empty")], "There is no run in"],
])("%s: exit code 2, nothing on standard output", async (_name, args, message) => {
  const { code, stdout, stderr } = await invoke(args);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test.each(["report", "export", "pack"])(
  "%s into a place that cannot be written: exit code 2",
  async (command) => {
    const file = join(folder.path, "file.tar.gz");
    writeFileSync(file, "");
    const out = join(file, "below.tar.gz");
    const { code, stderr } = await invoke([command, join(runs, identity.runId), "-o", out]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/cannot be written: E\w+: .*Give -o another place/),
    ]);
  },
);

test("report makes the folder of its file, and refuses a folder in its place", async () => {
  const out = join(folder.path, "new", "report.csv");
  const args = ["report", join(runs, identity.runId), "--format", "csv", "-o"];
  expect(await invoke([...args, out])).toMatchObject({ code: 0 });
  expect(readFileSync(out, "utf8")).toContain("cell");
  expect(await invoke([...args, join(folder.path, "new")])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("cannot be written: EISDIR"),
  });
});

test("a slip of the pen gets a suggestion", async () => {
  expect((await invoke(["swep"])).stderr).toContain("Did you mean sweep?");
  expect((await invoke(["runs", "--jsn"])).stderr).toContain("Did you mean --json?");
});

test.each([
  [["--help"]],
  [["sweep", "--help"]],
  [["metrics", "diff", "-h"]],
  [["help", "plan"]],
  [["--version"]],
])("%j: exit code 0 on standard output", async (args) => {
  const { code, stdout, stderr } = await invoke(args);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).not.toBe("");
});

test("nothing at all: the help, on standard error, with exit code 2", async () => {
  const { code, stdout, stderr } = await invoke([]);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("Usage: tollgate");
});

test("schema: a JSON Schema that names the top-level keys and refuses others", async () => {
  const { code, stdout } = await invoke(["schema"]);
  expect(code).toBe(0);
  const schema = JSON.parse(stdout) as { properties: object };
  expect(Object.keys(schema.properties)).toEqual(
    expect.arrayContaining([
      "name",
      "note",
      "stack",
      "arms",
      "agent",
      "workload",
      "sweep",
      "sampling",
      "limits",
    ]),
  );
  expect(schema).toMatchObject({
    type: "object",
    additionalProperties: false,
    allOf: [{ else: { required: expect.arrayContaining(["name", "stack", "workload"]) } }, {}],
  });
});

test("plan --json: every cell with its episodes, twice the same, and nothing is started or written", async () => {
  const args = ["plan", "experiments/laptop.yaml", "--json", "--set", "sweep.concurrency=[1,2]"];
  const [first, second] = [await invoke(args), await invoke(args)];
  expect([first.code, first.stderr, second.stdout]).toEqual([0, "", first.stdout]);
  const plan = JSON.parse(first.stdout) as {
    episodes: number;
    cells: { cellId: string; arm: string; load: string; episodes: number; episodeIds: string[] }[];
  };
  expect(plan).toMatchObject({ experiment: "laptop", stack: "embedded", agent: { name: "openclaw" } });
  expect(plan.cells.map(({ arm, load }) => `${arm} ${load}`).sort()).toEqual([
    "gateway closed:1",
    "gateway closed:2",
    "raw closed:1",
    "raw closed:2",
  ]);
  const ids = plan.cells.flatMap(({ episodeIds }) => episodeIds);
  expect([new Set(ids).size, plan.cells.reduce((sum, { episodes }) => sum + episodes, 0)]).toEqual([
    plan.episodes,
    plan.episodes,
  ]);
  expect(ids.filter((id) => !/^[0-9a-f]{16}$/.test(id))).toEqual([]);
});

test("runs and status: JSON and tables of a run that was killed", async () => {
  const listed = await invoke(["runs", "--out", runs, "--json"]);
  expect(JSON.parse(listed.stdout)).toMatchObject([
    {
      directory: join(runs, identity.runId),
      experiment: "laptop",
      note: "by hand",
      progress: { state: "interrupted", plannedEpisodes: 2, finishedEpisodes: 1 },
    },
  ]);
  expect((await invoke(["runs", "--out", runs])).stdout).toMatch(/laptop-20261121T120000Z-0a1b2c.*by hand/);
  const status = await invoke(["status", "--out", runs, "--json"]);
  expect(JSON.parse(status.stdout)).toMatchObject({
    runId: identity.runId,
    simulated: true,
    cells: [{ cellId: "c1-r0-raw", state: "interrupted" }],
  });
  const named = await invoke(["status", join(runs, identity.runId)]);
  expect([named.code, named.stdout]).toEqual([0, expect.stringContaining("1")]);
  const stopped = await invoke(["stop", "--out", runs]);
  expect([stopped.code, stopped.stderr]).toEqual([2, expect.stringContaining("there is nothing to stop")]);
});

test("an empty folder has no runs, which is no error", async () => {
  const empty = join(folder.path, "none");
  mkdirSync(empty);
  expect(await invoke(["runs", "--out", empty, "--json"])).toMatchObject({ code: 0, stdout: "[]\n" });
});
