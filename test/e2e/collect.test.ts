import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { manifestSchema } from "../../bench/export/manifest.ts";
import { templateSource, writeModelFolder } from "../export/template-folders.ts";
import { expectEveryEpisodeOnce } from "./killed-driver.ts";
import { fastEngine, lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { episodesOf, expectExit, tollgate } from "./tollgate-process.ts";

const collect = (place: Workplace, ...args: readonly string[]) =>
  tollgate(["collect", place.file, "--out", place.runs, ...args], place.environment);

test("groups of a task, all with token ids, and an export that says what can be learnt from", async () => {
  using place = new Workplace();
  const collected = await collect(place, "--group-size", "2", "--min-reward", "1", "--concurrency", "2");
  expectExit(collected, 0);
  const run = lastLine(collected);
  expectEveryEpisodeOnce(run);
  expect(
    episodesOf(run)
      .map(({ taskId, trial }) => `${taskId}.${trial}`)
      .toSorted(),
  ).toHaveLength(4);
  expect(collected.stdout).toMatch(/with token ids and logprobs\s+│ 4 /);
  expect(collected.stdout).toMatch(/kept by --min-reward\s+│ 4 /);
  expect(collected.stdout).toMatch(/complete groups\s+│ 2 of 2 /);
  // The report speaks of what is on the disk when the command has ended: the ids are compressed by then.
  const report = JSON.parse(readFileSync(join(run, "report/report.json"), "utf8")) as {
    readonly totals: { readonly diskBytes: { readonly all: number } };
  };
  const onDisk = readdirSync(run, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  expect(Math.abs(report.totals.diskBytes.all - onDisk)).toBeLessThan(3_000);
  const out = join(place.path, "areal");
  expectExit(await tollgate(["export", run, "--format", "areal", "--min-reward", "1", "-o", out]), 0);
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(out, "manifest.json"), "utf8")));
  expect(manifest.tokens).toMatchObject({ byLevel: { L2: 4 }, breaks: {}, sequences: 4 });
  expect(manifest.exclusions).toEqual([]);
  const chats = join(place.path, "chats");
  const verify = ["--format", "sft", "--verify-template", "bench/simulator/model"];
  const verified = await tollgate(["export", run, ...verify, "-o", chats]);
  expectExit(verified, 0);
  expect(verified.stderr).toContain("verified 4 of 4 conversations: 4 by token ids, 0 by text; lines: 4");
  expect(manifestSchema.parse(JSON.parse(verified.stdout)).verification).toMatchObject({
    checked: 4,
    verified: 4,
    differences: [],
  });
  expect(readFileSync(join(chats, "sft.jsonl"), "utf8").trimEnd().split("\n")).toHaveLength(4);
  const other = writeModelFolder(join(place.path, "other"), templateSource("qwen3-coder-like"));
  const refused = await tollgate([
    "export",
    run,
    "--format",
    "sft",
    "--verify-template",
    other,
    "-o",
    `${chats}-2`,
  ]);
  expectExit(refused, 1);
  expect(refused.stderr).toContain("verified 0 of 4 conversations");
  expect(refused.stderr).toMatch(
    /left out: 4 not verified: .*\(first: message \d+, token \d+: the engine had "/,
  );
});

test("an attempt that a failed engine ended is tried again with a new session, and counted", async () => {
  using place = new Workplace({
    stack: { kind: "embedded", agent: { ...fastEngine, faults: ["http-500=7"] }, user: fastEngine },
  });
  const collected = await collect(place, ...unchecked, "--retry-infra", "3", "--concurrency", "1");
  expectExit(collected, 0);
  const episodes = episodesOf(lastLine(collected));
  expect(episodes.map(({ status }) => status)).toEqual(["completed", "completed"]);
  const retries = episodes.reduce((sum, episode) => sum + (episode.retries ?? 0), 0);
  expect(retries).toBeGreaterThan(0);
  expect(collected.stdout).toMatch(new RegExp(`retried attempts\\s+│ ${retries} `));
  expect(collected.stderr).toContain("trying again, 1 of 3");
  expect(episodes.some(({ attemptKey }) => attemptKey?.endsWith("-r1"))).toBe(true);
});

test("what cannot be collected is said before anything starts", async () => {
  using place = new Workplace({ arms: [{ kind: "raw" }] });
  const noArm = await collect(place);
  expectExit(noArm, 2);
  expect(noArm.stderr).toContain("The experiment has no arm that records. Arms that do: none.");
  place.write({ collect: { retryInfra: 1 } });
  const asSweep = await place.sweep();
  expectExit(asSweep, 2);
  expect(asSweep.stderr).toContain("run it with `tollgate collect");
});
