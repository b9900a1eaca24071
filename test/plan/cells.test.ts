import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sections } from "../../bench/commands/parts.ts";
import { experimentSchema, type Experiment } from "../../bench/config/experiment.ts";
import { sectionIdentities } from "../../bench/config/section.ts";
import { expandCells } from "../../bench/plan/cells.ts";
import { estimateCells, measuredEpisodeSeconds } from "../../bench/plan/estimate.ts";
import { episodeId, experimentFingerprint } from "../../bench/plan/identity.ts";
import { plannedCellSchema } from "../../bench/store/run-json.ts";

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

const names = fc.stringMatching(/^[a-c0-9]+(?:[-_.][a-c0-9]+)*$/, { maxLength: 30 });

test("with variants the matrix is complete as well, and no two cells have one name or one episode", () => {
  const matrix = fc.record({
    variants: fc.uniqueArray(names, { minLength: 1, maxLength: 4 }),
    arms: fc.uniqueArray(fc.stringMatching(/^[a-c0-9][a-c0-9.-]{0,5}$/), { minLength: 1, maxLength: 3 }),
    concurrency: fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 3 }),
    repetitions: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(matrix, ({ variants, arms, ...sweep }) => {
      const here = identified({
        arms: arms.map((name) => ({ kind: "raw", name })),
        sweep: { ...sweep, variants: Object.fromEntries(variants.map((name) => [name, {}])) },
      });
      const cells = expandCells(here.experiment);
      expect(cells).toHaveLength(
        variants.length * arms.length * sweep.concurrency.length * sweep.repetitions,
      );
      for (const ids of [cells.map(({ cellId }) => cellId), cells.map((cell) => episodeId(here, cell, task))])
        expect(new Set(ids).size).toBe(cells.length);
      expect(cells.every(({ cellId }) => plannedCellSchema.shape.cellId.safeParse(cellId).success)).toBe(
        true,
      );
    }),
    { numRuns: 30 },
  );
});

test("variants run in the opposite order in every second repetition, each with the same blocks of arms", () => {
  const sweep = { concurrency: [1, 4], repetitions: 2, variants: { a: {}, b: { decodeStepMs: 9 } } };
  const cells = expandCells(experiment({ sweep })).map(({ cellId }) => cellId);
  const expected = [
    "c1-r0-a--raw c1-r0-a--gateway c4-r0-a--gateway c4-r0-a--raw",
    "c1-r0-b--raw c1-r0-b--gateway c4-r0-b--gateway c4-r0-b--raw",
    "c1-r1-b--raw c1-r1-b--gateway c4-r1-b--gateway c4-r1-b--raw",
    "c1-r1-a--raw c1-r1-a--gateway c4-r1-a--gateway c4-r1-a--raw",
  ];
  expect(cells.join(" ")).toBe(expected.join(" "));
});

test("what a variant is decides on its episodes' ids and on the run's fingerprint; where its server is does not on ids", () => {
  const of = (variants: object, stack: object = { kind: "embedded" }) => {
    const here = identified({ stack, sweep: { variants } });
    const [first] = expandCells(here.experiment);
    if (first === undefined) throw new Error("a sweep has a cell");
    return { id: episodeId(here, first, task), run: experimentFingerprint(here) };
  };
  const one = of({ a: { decodeStepMs: 9 } });
  expect(of({ a: { decodeStepMs: 9 } })).toEqual(one);
  expect(of({ a: { decodeStepMs: 8 } }).id).not.toBe(one.id);
  expect(of({ b: { decodeStepMs: 9 } }).id).not.toBe(one.id);
  const both = of({ a: { decodeStepMs: 9 }, b: {} });
  expect(both.id).toBe(one.id);
  expect(both.run).not.toBe(one.run);
  const attach = { kind: "attach", agent: { url: "http://a:1" }, user: { url: "http://u:1" } };
  expect(of({ a: { url: "http://b:1" } }, attach).id).toBe(of({ a: { url: "http://c:1" } }, attach).id);
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
