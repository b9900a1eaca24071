import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sections } from "../../bench/commands/parts.ts";
import { experimentSchema, type Experiment } from "../../bench/config/experiment.ts";
import { sectionIdentities } from "../../bench/config/section.ts";
import { expandCells } from "../../bench/plan/cells.ts";
import { estimateCells, measuredEpisodeSeconds } from "../../bench/plan/estimate.ts";
import { episodeId, experimentFingerprint } from "../../bench/plan/identity.ts";

const experiment = (changes: Record<string, unknown> = {}): Experiment =>
  experimentSchema(sections).parse({
    name: "x",
    stack: { kind: "embedded" },
    workload: { domain: "library" },
    ...changes,
  });
const identified = (changes?: Record<string, unknown>) => {
  const made = experiment(changes);
  return { experiment: made, written: made, identities: sectionIdentities(made, sections) };
};
const task = { taskId: "1", trial: 0, seed: 7, facts: { domain: "library" } };

test("the matrix is complete, without repetition, and its ids are folder names", () => {
  const matrix = fc.record({
    concurrency: fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 6 }),
    repetitions: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(matrix, (sweep) => {
      const cells = expandCells(experiment({ sweep }));
      expect(cells).toHaveLength(sweep.concurrency.length * sweep.repetitions * 2);
      expect(new Set(cells.map(({ cellId }) => cellId)).size).toBe(cells.length);
      expect(cells.every(({ cellId }) => /^[a-z0-9-]+$/.test(cellId))).toBe(true);
    }),
  );
});

test("arms alternate between blocks, so that drift meets both alike", () => {
  const cells = expandCells(experiment({ sweep: { concurrency: [1, 4], repetitions: 2 } }));
  expect(cells.map(({ arm }) => arm.name).join(" ")).toBe("raw gateway gateway raw raw gateway gateway raw");
});

test("an episode id is 16 hex digits of what the episode is, and of nothing else", () => {
  const here = identified();
  const [raw, gateway] = expandCells(here.experiment);
  if (!raw || !gateway) throw new Error("two arms make two cells");
  const id = episodeId(here, raw, task);
  expect(id).toMatch(/^[0-9a-f]{16}$/);
  expect(episodeId(identified({ name: "y", note: "other", output: { directory: "/z" } }), raw, task)).toBe(
    id,
  );
  expect(episodeId(identified({ workload: { domain: "library", data: "/moved" } }), raw, task)).toBe(id);
  const others = [
    episodeId(here, gateway, task),
    episodeId(here, raw, { ...task, trial: 1 }),
    episodeId(here, raw, { ...task, seed: 8 }),
    episodeId(here, raw, { ...task, facts: { domain: "mock" } }),
    episodeId(identified({ sampling: { temperature: 1 } }), raw, task),
  ];
  expect(new Set([id, ...others]).size).toBe(6);
});

test("the experiment's fingerprint ignores where things are and how long they may take", () => {
  expect(experimentFingerprint(identified({ limits: { callSeconds: 5 } }))).toBe(
    experimentFingerprint(identified()),
  );
  expect(experimentFingerprint(identified({ sweep: { concurrency: [9] } }))).not.toBe(
    experimentFingerprint(identified()),
  );
});

test("a server by command line is the same one in another folder, at another port and on other GPUs of as many", () => {
  const command = ["/a/bin/python", "-m", "serve", "--model=/a/library", "--port={port}"];
  const printOf = (agent: object) =>
    experimentFingerprint(
      identified({
        stack: { kind: "process", agent: { command, gpus: [0], ...agent }, user: { kind: "simulator" } },
      }),
    );
  const moved = ["/b/bin/python", "-m", "serve", "--model=../library", "--port={port}"];
  const same = [
    { command: moved },
    { gpus: [3] },
    { port: 30_000 },
    { startSeconds: 9 },
    { workingDirectory: "/w" },
  ];
  expect(new Set([printOf({}), ...same.map(printOf)]).size).toBe(1);
  const others = [
    { command: [...command, "--disable-radix-cache"] },
    { command: command.with(3, "--model=/a/other") },
    { gpus: [0, 1] },
    { environment: { OMP_NUM_THREADS: "2" } },
    { simulated: true },
  ];
  expect(new Set([printOf({}), ...others.map(printOf)]).size).toBe(1 + others.length);
});

test("time is estimated from what was measured at the same load and arm, and is unknown otherwise", () => {
  const records = [
    { type: "episode", arm: "raw", load: "closed:1", startedNs: 0, endedNs: 2e9 },
    { type: "episode", arm: "raw", load: "closed:1", startedNs: 0, endedNs: 4e9 },
    { type: "cell" },
  ];
  const cells = expandCells(experiment({ sweep: { concurrency: [1] } }));
  expect(estimateCells(cells, 10, measuredEpisodeSeconds(records)).map(({ seconds }) => seconds)).toEqual([
    30,
    null,
  ]);
});
