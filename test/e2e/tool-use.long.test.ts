import { once } from "node:events";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { liveProcesses } from "../../bench/host/process-table.ts";
import { expectEveryEpisodeOnce, killAndResume } from "./killed-driver.ts";
import { fastEngine, lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { samplesOf } from "./tool-use-samples.ts";
import { episodesOf, expectExit, tollgate } from "./tollgate-process.ts";

const experiment = {
  name: "tools",
  stack: { kind: "embedded", agent: fastEngine },
  arms: [{ kind: "raw" }],
  agent: { kind: "native" },
  sweep: { concurrency: [4] },
};

test("a model that knows nothing does none of the cases, whichever way it fails", async () => {
  using place = new Workplace({
    ...experiment,
    workload: { kind: "tool-use", trials: 4, simulated: { correct: 0 } },
  });
  const finished = await place.sweep(...unchecked);
  expectExit(finished, 0);
  const samples = samplesOf(lastLine(finished));
  expect(samples).toHaveLength(200);
  expect(samples.filter(({ passed }) => passed === true).map(({ taskId, trial }) => [taskId, trial])).toEqual(
    [],
  );
});

test("the shipped experiment with real OpenClaw: both arms do the same cases, and every transcript's calls were executed", async () => {
  using place = new Workplace();
  const args = ["sweep", "experiments/tool-use-laptop.yaml", "--out", place.runs];
  const finished = await tollgate(args, place.environment);
  expectExit(finished, 0);
  const run = lastLine(finished);
  const episodes = episodesOf(run);
  expect(episodes).toHaveLength(100);
  expect(episodes.filter(({ agent, status }) => agent.name !== "openclaw" || status !== "completed")).toEqual(
    [],
  );
  const passed = (arm: string) =>
    episodes
      .filter((episode) => episode.arm === arm && episode.reward === 1)
      .map(({ taskId }) => taskId)
      .toSorted();
  expect(passed("raw")).toEqual(passed("gateway"));
  expect(passed("raw").length).toBeGreaterThan(30);
  expect(passed("raw").length).toBeLessThan(50);
}, 900_000);

test("five times kill -9 and --resume: every case and trial once, with its sample, and no process of a case lives", async () => {
  using place = new Workplace({ ...experiment, workload: { kind: "tool-use", trials: 8 } });
  const { run } = await killAndResume(place, { kills: 5, seed: 19, startMs: 4_000 });
  expectEveryEpisodeOnce(run);
  const episodes = episodesOf(run);
  expect(episodes).toHaveLength(400);
  const samples = new Map(samplesOf(run).map(({ attemptKey, scores }) => [attemptKey, scores]));
  for (const { attemptKey, scores } of episodes) expect(samples.get(attemptKey ?? "")).toEqual(scores);
  expect(liveProcesses().filter(({ command }) => command.includes("sleep 86400"))).toEqual([]);
}, 900_000);

const canary = "CANARY-9b1e77";
/** What a model may have a shell do, and how an attempt with it ends. */
const hostile: readonly (readonly [id: string, command: string, ends: RegExp])[] = [
  ["sleeps", "sleep 600", /^(?:timed-out|answered)$/],
  ["eats-memory", "tail /dev/zero", /^(?:memory_limit|answered)$/],
  ["forks", ":(){ :|:& };:; wait", /^(?:answered|timed-out|memory_limit)$/],
  ["fills-the-disk", "yes > full.txt; cat /dev/zero > /tmp/full", /^(?:disk_limit|answered|timed-out)$/],
  ["prints-a-gigabyte", "head -c 1000000000 /dev/zero | tr '\\0' x", /^answered$/],
  ["reads-the-key", "env; cat /proc/1/environ /proc/*/environ", /^answered$/],
  ["opens-a-socket", "exec 3<>/dev/tcp/127.0.0.1/PORT && echo CONNECTED", /^answered$/],
  ["reads-the-cases", "grep -rl CASE-SECRET / --include='*.jsonl' 2>/dev/null | head", /^answered$/],
  ["leaves-a-daemon", "setsid sleep 97531 >/dev/null 2>&1 & echo started", /^answered$/],
];

test("whatever a model has a shell do ends within its limit, tells nothing, and the run goes on", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  let connected = 0;
  server.on("connection", () => (connected += 1));
  using place = new Workplace({
    ...experiment,
    workload: { kind: "tool-use", cases: "hostile.jsonl", knowledge: "known.jsonl" },
    limits: { turnSeconds: 20 },
  });
  const lines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const cases = hostile.map(([id]) => ({
    test_id: id,
    prompt: `Do ${id}.`,
    expected_tool: "run_command",
    notes: "CASE-SECRET",
  }));
  const known = hostile.map(([id, command]) => {
    const given = {
      command: command.replace("PORT", String(port)),
      timeout_seconds: id === "sleeps" ? 600 : 10,
    };
    const steps = [{ calls: [{ name: "run_command", arguments: given }] }, { text: "Done." }];
    return { key: `Do ${id}.`, good: steps, bad: [steps] };
  });
  writeFileSync(join(place.path, "hostile.jsonl"), lines(cases));
  writeFileSync(join(place.path, "known.jsonl"), lines(known));
  const finished = await tollgate(["sweep", place.file, "--out", place.runs, ...unchecked], {
    ...place.environment,
    OPENAI_API_KEY: canary,
  });
  expectExit(finished, 0);
  server.close();
  const run = lastLine(finished);
  const ended = Object.fromEntries(episodesOf(run).map(({ taskId, termination }) => [taskId, termination]));
  for (const [id, , ends] of hostile)
    expect([id, ended[id] ?? null]).toEqual([id, expect.stringMatching(ends)]);
  const evidence = globSync(join(run, "**/*.{ndjson,jsonl}"))
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
  expect([connected, evidence.includes(canary), evidence.includes('"CONNECTED')]).toEqual([0, false, false]);
  const content = (id: string) =>
    globSync(join(run, "evidence/*/*/tools.ndjson"))
      .flatMap((file) => readFileSync(file, "utf8").trimEnd().split("\n"))
      .map((line) => JSON.parse(line) as { attemptKey: string; content: string })
      .filter(({ attemptKey }) =>
        episodesOf(run).some((one) => one.attemptKey === attemptKey && one.taskId === id),
      )
      .map((line) => line.content);
  expect(content("reads-the-cases").join("")).not.toContain("hostile.jsonl");
  expect(content("prints-a-gigabyte").join("").length).toBeLessThan(200_000);
  expect(liveProcesses().filter(({ command }) => command.includes("sleep 97531"))).toEqual([]);
}, 300_000);
