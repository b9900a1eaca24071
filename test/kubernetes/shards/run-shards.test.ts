import { expect, test } from "vitest";
import { clusterSettings } from "../../../bench/kubernetes/objects/settings.ts";
import type { Site } from "../../../bench/kubernetes/deploy/site.ts";
import { runShards } from "../../../bench/kubernetes/shards/run-shards.ts";
import { shardObjects } from "../../../bench/kubernetes/shards/shard-job.ts";
import { FakeCluster } from "../fake-cluster.ts";
import { buildPlan } from "./shard-plan-builder.ts";

test("shards of a Job that was ended from outside are run again, though it calls none of them failed", async () => {
  const plan = buildPlan({}, { shards: 3 });
  const cluster = new FakeCluster();
  cluster.put({ kind: "Namespace", metadata: { name: plan.namespace } });
  const conditions = [{ type: "Failed", status: "True", reason: "DeadlineExceeded" }];
  const { job } = shardObjects(plan);
  cluster.put({ ...job, status: { completedIndexes: "1", conditions } });
  cluster.before = () => {
    for (const [key, object] of cluster.objects)
      if (object.kind === "Job" && object["status"] === undefined)
        cluster.objects.set(key, {
          ...object,
          status: { conditions: [{ type: "Complete", status: "True" }] },
        });
  };
  const told: string[] = [];
  const site: Site = {
    kubectl: cluster.kubectl,
    settings: clusterSettings({}, { namespace: plan.namespace }),
    environment: {},
    tell: (text) => told.push(text),
    adopt: false,
    timeoutMs: null,
    newToken: () => "",
  };
  const watching = { patienceMs: 5_000, everyMs: 10, countsEveryMs: 60_000 };
  expect(await runShards(site, plan, watching)).toEqual({ completed: [0, 1, 2], failed: [] });
  expect(told[0]).toBe(`Job ${job.metadata.name} ended without shards 0, 2; each is run again by itself`);
});
