import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exec, plantSuite, say, write, type PlantedTask } from "../suites/tasks/planted-suite.ts";
import type { ReportModel } from "../../bench/report/model/report-model.ts";
import { attemptLineSchema } from "../../suites/tasks/attempts/attempt-line.ts";
import { fastEngine, lastLine, sound, unchecked, Workplace } from "./small-experiment.ts";
import { cellSummaries, episodesOf, expectExit, processesOf } from "./tollgate-process.ts";

const exists = (path: string) => ({
  expected_outputs: [{ pattern: path, required: true, validators: [{ type: "file-exists", path }] }],
});
/** What it is worth is for the tests of scores. */
const scored: unknown = expect.any(Number);
const done = say("It is done.");

/** What tasks and agents can do to a run, each with the outcome that it must have. */
const planted: readonly (PlantedTask & { readonly outcome: readonly unknown[] })[] = [
  {
    id: "plain",
    turns: [[write("out.txt", "here"), done]],
    more: exists("out.txt"),
    outcome: ["completed", "finished", scored],
  },
  {
    id: "setup-fails",
    turns: [[done]],
    setup: "echo no such luck >&2\nexit 3\n",
    outcome: ["completed", "setup_failed", null],
  },
  {
    id: "setup-hangs",
    turns: [[done]],
    setup: "sleep 1000\n",
    outcome: ["completed", "setup_failed", null],
  },
  {
    id: "deletes-its-workspace",
    turns: [[exec("cd / && rm -rf /workspace /workspace/* /workspace/.[a-z]*"), done]],
    inputs: { "kept.txt": "kept" },
    more: exists("kept.txt"),
    outcome: ["completed", "finished", scored],
  },
  {
    id: "binary-output",
    turns: [[exec("head -c 100000 /dev/urandom > blob.bin; printf 'a\\0b\\377' > nul.txt"), done]],
    more: exists("blob.bin"),
    outcome: ["completed", "finished", scored],
  },
  {
    id: "pipes-and-links",
    turns: [[exec("mkfifo out.txt; ln -s /etc/passwd stolen.txt; ln -s / all"), done]],
    more: {
      expected_outputs: [
        { pattern: "out.txt", validators: [{ type: "content-contains", sections: ["x"] }] },
        { pattern: "stolen.txt", validators: [{ type: "content-contains", sections: ["root:"] }] },
      ],
    },
    outcome: ["completed", "finished", scored],
  },
  {
    id: "huge-file",
    turns: [[exec("head -c 1073741824 /dev/zero > huge.bin"), done]],
    outcome: ["completed", expect.stringMatching(/^(finished|disk_limit)$/), scored],
  },
  {
    id: "too-slow-in-turn-2",
    turns: [
      [write("one.txt", "1"), done],
      [exec("sleep 100"), done],
      [write("three.txt", "3"), done],
    ],
    more: { timeout_seconds: 3, ...exists("one.txt") },
    outcome: ["timed-out", "timed_out", 0],
  },
  {
    id: "needs-what-is-not-here",
    turns: [[done]],
    more: { programs: ["no-such-program", "python3 -m no_such_module"] },
    outcome: ["completed", "finished", scored],
  },
  { id: "says-nothing", turns: [[say("")]], outcome: ["completed", "agent_error", 0] },
];

test("whatever a task or an agent does has a named outcome, the run goes on, and nothing is left", async () => {
  using place = new Workplace();
  const folder = plantSuite(join(place.path, "tasks"), planted);
  place.write({
    stack: { kind: "embedded", agent: fastEngine, user: fastEngine },
    arms: [{ kind: "raw" }],
    workload: { kind: "tasks", folder, setupSeconds: 2, keepWorkspace: true },
    sweep: { concurrency: [3] },
  });
  const finished = await place.sweep(...unchecked);
  expectExit(finished, 0);
  const run = lastLine(finished);
  const told = finished.stderr.split("\n").filter((line) => line.includes("needs-what-is-not-here"));
  const [program, module] = [
    "no-such-program is not among",
    "python3 -m no_such_module is not in the sandbox",
  ];
  expect(told).toEqual(
    [program, module].map((said) => expect.stringContaining(`warning: ${said}`) as unknown),
  );
  // What is known before the run stands with its numbers for good.
  const report = JSON.parse(readFileSync(join(run, "report", "report.json"), "utf8")) as ReportModel;
  expect(report.warnings).toContainEqual(expect.stringContaining(program));
  const episodes = episodesOf(run);
  const outcomes = Object.fromEntries(
    episodes.map(({ taskId, status, termination, reward }) => [taskId, [status, termination, reward]]),
  );
  expect(outcomes).toEqual(Object.fromEntries(planted.map(({ id, outcome }) => [id, outcome])));
  expect(Object.values(cellSummaries(run)).map(({ verdict }) => verdict)).toEqual([sound]);
  const segment = join(run, "evidence", "c3-r0-raw", "s0");
  const lines = readFileSync(join(segment, "tasks.ndjson"), "utf8").trimEnd().split("\n");
  const attempts = lines.map((line) => attemptLineSchema.parse(JSON.parse(line)));
  expect(attempts.map(({ episodeId }) => episodeId).toSorted()).toEqual(
    episodes.map(({ episodeId }) => episodeId).toSorted(),
  );
  const of = (id: string) => attempts.find(({ observation }) => observation.task.id === id);
  expect(of("too-slow-in-turn-2")?.observation.turns.map(({ status }) => status)).toEqual([
    "answered",
    "aborted",
  ]);
  expect(of("plain")?.observation.turns[0]?.changedFiles).toEqual(["out.txt"]);
  const failedSetup = episodes.find(({ taskId }) => taskId === "setup-fails");
  expect(failedSetup?.terminationDetail).toBe("setup.sh ended with exit code 3: no such luck");
  // What a link leads to has not been looked at by anybody.
  expect(lines.join("\n")).not.toMatch(/root:x:0|daemon:/);
  const kept = readdirSync(join(segment, "workspaces", of("plain")?.attemptKey ?? ""));
  expect(kept).toEqual(["out.txt"]);
  expect(place.scratch()).toEqual([]);
  expect(processesOf(run.slice(run.lastIndexOf("/") + 1))).toEqual([]);
});
