import * as fc from "fast-check";
import { expect, test } from "vitest";
import { indexesIn, indexText, jobStatus } from "../../../bench/kubernetes/shards/job-status.ts";
import { countsIn, progressLine } from "../../../bench/kubernetes/shards/shard-progress.ts";
import { sharedNodes, shardPods } from "../../../bench/kubernetes/shards/shard-pods.ts";

const job = (status: object) => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "j" },
  status,
});

test("indexes are read as Kubernetes writes them, and back", () => {
  expect(indexesIn("0-2,5")).toEqual([0, 1, 2, 5]);
  expect(indexesIn("")).toEqual([]);
  expect(indexesIn(undefined)).toEqual([]);
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(300)), (indexes) => {
      expect(indexesIn(indexText(indexes))).toEqual(indexes.toSorted((a, b) => a - b));
    }),
  );
});

test.each([
  [
    "it goes on",
    { active: 2, completedIndexes: "0,1" },
    { completed: [0, 1], failed: [], active: 2, end: null },
  ],
  [
    "done",
    { completedIndexes: "0-3", conditions: [{ type: "Complete", status: "True" }] },
    { completed: [0, 1, 2, 3], end: { complete: true, why: null } },
  ],
  [
    "a shard failed for good",
    {
      completedIndexes: "0,2-3",
      failedIndexes: "1",
      conditions: [
        { type: "Failed", status: "True", reason: "FailedIndexes", message: "Job has failed indexes" },
      ],
    },
    { failed: [1], end: { complete: false, why: "FailedIndexes: Job has failed indexes" } },
  ],
  ["a condition that does not hold", { conditions: [{ type: "Failed", status: "False" }] }, { end: null }],
  ["nothing is known yet", {}, { completed: [], failed: [], active: 0, end: null }],
])("%s", (_, status, expected) => {
  expect(jobStatus(job(status))).toMatchObject(expected);
});

test("a Job of one shard speaks of that shard", () => {
  expect(jobStatus(job({ conditions: [{ type: "Complete", status: "True" }] }), 3).completed).toEqual([3]);
  expect(jobStatus(job({ conditions: [{ type: "Failed", status: "True" }] }), 3).failed).toEqual([3]);
});

const pod = (index: number, more: { node?: string; from?: string; to?: string; status?: object } = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: `p${index}`, labels: { "batch.kubernetes.io/job-completion-index": String(index) } },
  spec: { nodeName: more.node ?? "a", containers: [{ name: "tollgate" }] },
  status: {
    phase: "Running",
    containerStatuses: [
      {
        name: "tollgate",
        state:
          more.to === undefined
            ? { running: { startedAt: more.from ?? "2026-01-01T00:00:00Z" } }
            : { terminated: { exitCode: 0, startedAt: more.from, finishedAt: more.to } },
      },
    ],
    ...more.status,
  },
});

test("a reader is no shard, and a shard that is run again by itself is known by its arguments", () => {
  const reader = { ...pod(0), metadata: { name: "reader" } };
  const again = {
    ...reader,
    spec: { containers: [{ name: "tollgate", args: ["sweep", "e.yaml", "--shard", "7/9"] }] },
  };
  expect(shardPods([reader, again, pod(2)]).map(({ index }) => index)).toEqual([7, 2]);
});

test("a pod that failed says why, with its last lines", () => {
  const failed = pod(1, {
    status: {
      phase: "Failed",
      containerStatuses: [
        { name: "tollgate", state: { terminated: { exitCode: 3, message: "one\ntwo\nthree\nfour\n" } } },
      ],
    },
  });
  const evicted = pod(2, {
    status: { phase: "Failed", reason: "Evicted", message: "low on memory", containerStatuses: [] },
  });
  const full = pod(3, {
    status: {
      phase: "Failed",
      containerStatuses: [
        { name: "tollgate", state: { terminated: { exitCode: 137, reason: "OOMKilled" } } },
      ],
    },
  });
  expect(shardPods([failed, evicted, full, pod(4)]).map(({ failure }) => failure)).toEqual([
    "exit code 3; it said last:\n      two\n      three\n      four",
    "Evicted: low on memory",
    "out of memory",
    null,
  ]);
});

test("shards that were on one node at the same time are said", () => {
  const at = (index: number, node: string, [from, to]: readonly [string, string?]) =>
    pod(index, {
      node,
      from: `2026-01-01T0${from}:00:00Z`,
      ...(to !== undefined && { to: `2026-01-01T0${to}:00:00Z` }),
    });
  const lines = (...pods: ReturnType<typeof pod>[]) => sharedNodes(shardPods(pods));
  expect(lines(at(0, "a", ["1"]), at(1, "b", ["1"]))).toEqual([]);
  expect(lines(at(0, "a", ["1", "2"]), at(1, "a", ["2", "3"]))).toEqual([]);
  expect(lines(at(0, "a", ["1", "3"]), at(1, "a", ["2", "4"]), at(2, "b", ["1"]))).toEqual([
    expect.stringContaining("shards 0, 1 ran at the same time on node a"),
  ]);
});

test("a line says of every shard once where it is, also while one pod takes the place of another", () => {
  const going = { completed: [2], failed: [3] };
  const two = shardPods([pod(0), { ...pod(0), metadata: { ...pod(0).metadata, name: "next" } }]);
  expect(progressLine(going, two, { shards: 5 })).toBe(
    "1 of 5 shards done, 1 running, 2 waiting, 3 failed for good",
  );
  // Its Job has counted the shard before the pod says so.
  expect(progressLine({ completed: [0], failed: [] }, shardPods([pod(0)]), { shards: 2 })).toBe(
    "1 of 2 shards done, 0 running, 1 waiting",
  );
  expect(progressLine({ completed: [], failed: [] }, shardPods([pod(7)]), { index: 7 })).toBe(
    "0 of shard 7 done, 1 running, 0 waiting",
  );
});

test("episodes as a driver's page has them; what has no such line says nothing", () => {
  const page = [
    "# TYPE tollgate_episodes_total counter",
    'tollgate_episodes_total{status="completed"} 7',
    'tollgate_episodes_total{status="failed"} 1',
    "tollgate_episodes_planned 12",
  ].join("\n");
  expect(countsIn(page)).toEqual({ finished: 8, planned: 12, drivers: 1 });
  expect(countsIn("wget: can't connect")).toBeNull();
});
