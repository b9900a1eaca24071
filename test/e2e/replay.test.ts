import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkNames } from "../../bench/preflight/run-checks.ts";
import type { ReplayReport } from "../../bench/analysis/replay/replay-report.ts";
import { preflightPath, readPreflights } from "../../bench/store/preflight-record.ts";
import { fastEngine, lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { expectExit, processesOf, readRecords, tollgate, TollgateProcess } from "./tollgate-process.ts";

/** One recorded sweep; every test replays it. */
const place = new Workplace({
  arms: [{ kind: "raw", name: "raw" }],
  stack: { kind: "embedded", agent: { ...fastEngine, decodeStepMs: 8 }, user: fastEngine },
});
let run: string;
const small = [
  "--repetitions",
  "4",
  "--load",
  "closed:2",
  "--max-tokens",
  "16",
  "--think",
  "0",
  "--conversations",
  "1",
];
const replay = (...args: readonly string[]) => ["replay", run, "--out", place.runs, ...small, ...args];
const reportOf = (directory: string) =>
  JSON.parse(readFileSync(join(directory, "report", "report.json"), "utf8")) as ReplayReport;
/** The picture's rows: what each is called, and what it says. */
const picturedIn = (directory: string) =>
  [
    ...readFileSync(join(directory, "report", "report.html"), "utf8").matchAll(
      /<g class="row"><title>([^:<]*): ([^<]*)</g,
    ),
  ].map(([, label, value]) => [label, value]);

beforeAll(async () => {
  const sweep = await place.sweep();
  expectExit(sweep, 0);
  run = lastLine(sweep);
}, 240_000);
afterAll(() => place[Symbol.dispose]());

const interval = /^[-+]?[\d.]+ \[[-+]?[\d.]+, [-+]?[\d.]+\] ms$/;

test("raw against itself: a run directory with its report, every request paired, nothing left running", async () => {
  const finished = await tollgate(
    replay("--arms", "raw,raw", "--no-floor", "--margin", "±10s", "--verbose"),
    place.environment,
  );
  expectExit(finished, 0);
  const directory = lastLine(finished);
  expect(finished.stdout).toContain("A/A: raw.2");
  expect(finished.stdout).toContain("(negligible)");
  const report = reportOf(directory);
  const [comparison] = report.comparisons;
  expect(comparison).toMatchObject({ blocks: 4 });
  expect(comparison?.metrics.e2e).toMatchObject({ count: 4 * report.plan.requests, interval: { units: 4 } });
  expect(Object.values(comparison?.dropped ?? {}).every((count) => count === 0)).toBe(true);
  expect(report.arms.map(({ joined }) => joined.samples)).toEqual(
    [8, 8].map((turns) => turns * report.plan.requests),
  );
  expect(readdirSync(join(directory, "report")).toSorted()).toEqual([
    "cells.csv",
    "report.html",
    "report.json",
    "report.md",
  ]);
  expect(picturedIn(directory)).toEqual([["raw.2 (A/A floor)", expect.stringMatching(interval)]]);
  // Before the first block the stack was checked, but for the one check that asks about tasks.
  const [checked, ...others] = await readPreflights(directory);
  expect(others).toEqual([]);
  expect(checked?.checks.filter(({ skipped }) => skipped).map(({ name }) => name)).toEqual([
    "context-length",
  ]);
  const statuses = (checked?.checks ?? []).flatMap(({ findings }) => findings.map(({ status }) => status));
  expect(statuses).toContain("ok");
  expect(statuses).not.toContain("failed");
  expect(finished.stderr).toMatch(/preflight: \d+ ok, \d+ warnings, 0 failed/);
  expect(finished.stderr).toMatch(/preflight: a replay runs no tasks.* left out: context-length/);
  expect(finished.stdout).toMatch(/context-length\s*│ ?skipped/);
  expect(readdirSync(join(directory, "evidence", "servers")).toSorted()).toEqual(["agent.json", "user.json"]);
  expect(processesOf(directory.slice(place.runs.length + 1))).toEqual([]);
  const again = await tollgate(["report", directory, "--format", "json"], place.environment);
  expect(JSON.parse(again.stdout)).toEqual(report);
}, 180_000);

test("a gateway that retries, buffers, drops usage or rewrites prompts is named, and gives no wrong number", async () => {
  const program = resolve("test/run/replay/fixtures/odd-gateway-program.ts");
  const habits = ["retry", "buffer", "drop-usage", "rewrite"];
  const arms = [
    { kind: "raw", name: "raw" },
    ...habits.map((habit) => {
      return {
        kind: "command",
        name: habit,
        command: [process.execPath, program, "{engine}", "{port}", habit],
      };
    }),
  ];
  const finished = await tollgate(
    replay(
      "--arms",
      ["raw", ...habits].join(","),
      "--no-floor",
      "--set",
      `arms=${JSON.stringify(arms)}`,
      "--verbose",
      ...unchecked,
    ),
    place.environment,
  );
  expectExit(finished, 1);
  const { comparisons, verdict, reasons, plan } = reportOf(lastLine(finished));
  expect(picturedIn(lastLine(finished))).toEqual([
    ["retry", expect.stringMatching(interval)],
    ["buffer", expect.stringMatching(interval)],
    ["drop-usage", "not comparable: altered"],
    ["rewrite", "not comparable: altered"],
  ]);
  expect(verdict).toBe("request-altered");
  const [retry, buffer, dropUsage, rewrite] = comparisons;
  const all = 4 * plan.requests;
  expect(reasons.map(({ detail }) => detail).join("\n")).toMatch(
    /\.retry b000-p\d: \d+ requests were sent more than once/,
  );
  expect(retry?.path?.wholeMs).toMatchObject({ interval: null, count: 0 });
  expect(buffer?.streaming).toBe("simulated");
  expect(buffer?.metrics).toMatchObject({ ttft: { count: 0 }, itl: { count: 0 }, e2e: { count: all } });
  expect(finished.stdout).toContain("TTFT not comparable");
  expect(dropUsage?.metrics.e2e.count).toBe(0);
  expect(dropUsage?.dropped["no usage told"]).toBe(all);
  expect(rewrite?.metrics.e2e.count).toBe(0);
  expect(rewrite?.dropped["other prompt tokens"]).toBe(all);
}, 180_000);

test("Ctrl-C ends with what is whole: exit code 130, a report, and its verdict says so", async () => {
  const args = replay(
    "--arms",
    "raw,raw",
    "--no-floor",
    "--cache",
    "cold",
    "--repetitions",
    "500",
    ...unchecked,
  );
  await using replaying = new TollgateProcess(args, place.environment);
  await replaying.until(() => replaying.stderr.includes("block 2 of 500"), { what: "a second block" });
  replaying.child.kill("SIGINT");
  const finished = await replaying.finished();
  expectExit(finished, 130);
  const report = reportOf(lastLine(finished));
  expect(report.verdict).toBe("interrupted");
  expect(report.comparisons[0]?.blocks).toBeGreaterThanOrEqual(1);
  expect(processesOf(report.runId)).toEqual([]);
}, 180_000);

test("a server that fails its preflight ends the replay before its first block, with the exit code of a sweep", async () => {
  const others = checkNames
    .filter((name) => !["generation", "metrics"].includes(name))
    .flatMap((name) => ["--skip-preflight", name]);
  const broken = ["--set", 'stack.user.faults=["no-metrics"]'];
  const refused = await tollgate(
    replay("--arms", "raw,raw", "--no-floor", ...broken, ...others),
    place.environment,
  );
  expectExit(refused, 3);
  expect(refused.stderr).toMatch(/metrics: user engine: .*\n.*--enable-metrics/);
  const directory = lastLine(refused);
  expect(readRecords(directory).map(({ type }) => type)).toEqual(["run-started", "run-ended"]);
  expect(readRecords(directory).at(-1)).toMatchObject({ reason: "failed", exitCode: 3 });
  expect(readFileSync(preflightPath(directory), "utf8")).toContain("--enable-metrics");
  expect(processesOf(directory.slice(place.runs.length + 1))).toEqual([]);
});

test("what cannot be meant is refused before anything starts", async () => {
  const finished = await tollgate(replay("--arms", "raw,raw", "--repetitions", "3"), place.environment);
  expectExit(finished, 2);
  expect(finished.stderr).toMatch(/--repetitions has to be 4 or more/);
});
