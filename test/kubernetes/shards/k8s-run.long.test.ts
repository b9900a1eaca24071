import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { finishedEpisodes } from "../../../bench/store/progress.ts";
import type { RunJson } from "../../../bench/store/run-json.ts";
import { reportOf } from "../../e2e/shard-report.ts";
import { fastEngine, lastLine, Workplace } from "../../e2e/small-experiment.ts";
import {
  expectExit,
  pause,
  readRecords,
  TollgateProcess,
  tollgate,
  type Finished,
} from "../../e2e/tollgate-process.ts";
import { joinByHand } from "../../merge/join-by-hand.ts";

/** A cluster that test/kubernetes/cluster.sh started, with the image that images.sh made. */
const cluster = process.env["TOLLGATE_KUBERNETES"];
const kubeconfig = join(cluster ?? "", "run", "kubeconfig");
const hasCluster = cluster !== undefined && existsSync(kubeconfig);
const image = process.env["TOLLGATE_KUBERNETES_IMAGE"] ?? "quay.io/tollgate/tollgate:test";
const namespace = `shards-${process.pid}`;
const count = 4;
/** A pod that asks for nothing gets what others leave of the processors. */
const resources = { requests: { cpu: "200m" } };

const kubectl = (...words: readonly string[]) =>
  execFileSync("kubectl", ["-n", namespace, ...words], {
    encoding: "utf8",
    env: { ...process.env, KUBECONFIG: kubeconfig },
  });

afterAll(() => {
  if (hasCluster) kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false");
});

test.skipIf(!hasCluster)(
  "four shards as pods, one killed and one failing for good: run again alone, merged they are the whole sweep",
  async () => {
    const engine = { ...fastEngine, decodeStepMs: 12 };
    using place = new Workplace({
      stack: { kind: "embedded", agent: engine, user: engine },
      sweep: { concurrency: [1, 2, 3, 4] },
      workload: { domain: "library", tasks: { count: 4 } },
      kubernetes: { image, resources, retries: 1, results: { size: "1Gi" } },
    });
    const words = ["k8s", "run", place.file, "--shards", String(count), "--namespace", namespace, "--yes"];
    const args = [...words, "--out", place.runs];
    const environment = { ...place.environment, KUBECONFIG: kubeconfig };
    await using first = new TollgateProcess(args, environment);
    await first.until(() => runningPods() === count, { what: "four pods", timeoutMs: 300_000 });

    // Shard 1: its driver is killed as often as it is started. Shard 0: its pod is taken away in the middle.
    const [doomed = ""] = podsOf(0);
    let ended: Finished;
    const killing = setInterval(() => killDriver(1), 500);
    try {
      await first.until(() => episodesOf(0) > 0, { what: "an episode of shard 0", timeoutMs: 300_000 });
      kubectl("delete", "pod", doomed, "--grace-period=0", "--force", "--wait=false");
      ended = await first.finished();
    } finally {
      clearInterval(killing);
    }
    expectExit(ended, 3);
    expect(ended.stderr).toMatch(/1 of 4 shards failed for good \(1\); 3 are done/);
    expect(ended.stderr).toMatch(/pod \S+ of shard 1 failed: exit code 137/);
    expect(podsOf(0)).toEqual([expect.not.stringMatching(doomed)]);

    const again = await tollgate(args, environment);
    expect([0, 1]).toContain(again.code);
    expect(again.stderr).toContain("ended without shards 1; each is run again by itself");
    const run = lastLine(again);
    const results = [...finishedEpisodes(readRecords(run)).values()];
    const { cells, merged } = JSON.parse(readFileSync(join(run, "run.json"), "utf8")) as RunJson;
    const planned = cells.flatMap(({ episodeIds }) => episodeIds);
    expect(results.map(({ episodeId }) => episodeId).toSorted()).toEqual(planned.toSorted());
    expect(results).toHaveLength(count * 2 * 4);
    expect(merged?.shards.map(({ index }) => index)).toEqual([0, 1, 2, 3]);

    const shards = shardRuns(place);
    expect(shards).toHaveLength(count);
    // The pod after the one that was taken away went on with its run.
    expect(readRecords(shards[0] ?? "").filter(({ type }) => type === "run-started")).toHaveLength(2);
    const undivided = joinByHand(shards, join(place.path, "undivided"));
    await tollgate(["report", undivided], environment);
    expect(reportOf(run)).toBe(reportOf(undivided));
    expectExit(await tollgate(["verify", run], environment), 0);

    // The volume still has the shards, the cluster no pod that reads them, and the run is here already.
    expect(
      kubectl(
        "get",
        "pods",
        "-l",
        "tollgate.dev/role=reader",
        "--field-selector=status.phase=Running",
        "-o",
        "name",
      ),
    ).toBe("");
    const third = await tollgate(args, environment);
    expectExit(third, 2);
    expect(third.stderr).toContain("was merged and copied");
  },
);

/** What is in the way of every pod, and how it is named. */
const inTheWay: readonly (readonly [
  string,
  { readonly kubernetes?: object; readonly quota?: true },
  RegExp,
])[] = [
  [
    "an image that nobody has",
    { kubernetes: { image: "registry.example/nobody/has-this:1" } },
    /its image registry\.example\/nobody\/has-this:1 cannot be had/,
  ],
  [
    "no node",
    { kubernetes: { image, nodeSelector: { gpu: "h200" } } },
    /has no node: .*node affinity\/selector/,
  ],
  [
    "GPUs that there are not",
    { kubernetes: { image, gpus: 8 } },
    /has no node: .*Insufficient nvidia\.com\/gpu/,
  ],
  [
    "a storage class that there is not",
    { kubernetes: { image, results: { storageClass: "none-such" } } },
    /volume claim tollgate-results is not bound: storageclass.*"none-such" not found/,
  ],
  [
    "a quota",
    { quota: true, kubernetes: { image } },
    /the cluster refuses the pods: .*exceeded quota.*have it raised/,
  ],
];

test.skipIf(!hasCluster).for(inTheWay)(
  "in the way of every pod, named, and nothing is left: %s",
  async ([name, { quota, kubernetes }, message]) => {
    using place = new Workplace({ sweep: { concurrency: [1, 2] }, kubernetes });
    const other = `${namespace}-${name.replaceAll(/[^a-z]+/gi, "-").toLowerCase()}`;
    if (quota === true) {
      kubectl("create", "namespace", other);
      kubectl("create", "quota", "none", "--hard=pods=0", "-n", other);
    }
    const words = `k8s run ${place.file} --shards 2 --namespace ${other} --yes --timeout 15s`;
    const finished = await tollgate(words.split(" "), { ...place.environment, KUBECONFIG: kubeconfig });
    expectExit(finished, 3);
    expect(finished.stderr).toMatch(message);
    // A namespace that somebody else made stays, without anything of ours.
    const left = () =>
      quota === true
        ? kubectl("get", "jobs,configmaps,pvc", "-l", "app=tollgate-shards", "-n", other, "-o", "name")
        : kubectl("get", "namespace", other, "--ignore-not-found", "-o", "name");
    for (let tries = 0; left() !== "" && tries < 90; tries += 1) await pause(1_000);
    expect(left()).toBe("");
    if (quota === true) kubectl("delete", "namespace", other, "--wait=false");
  },
);

test.skipIf(!hasCluster)("an API server that is gone for 30 s ends nothing", async () => {
  using place = new Workplace({ sweep: { concurrency: [1, 2] }, kubernetes: { image, resources } });
  const other = `${namespace}-away`;
  const server = /https:\/\/([\d.]+):(\d+)/.exec(readFileSync(kubeconfig, "utf8"));
  await using gate = await openGate(server?.[1] ?? "", Number(server?.[2]));
  const config = join(place.path, "kubeconfig");
  writeFileSync(
    config,
    readFileSync(kubeconfig, "utf8").replace(server?.[0] ?? "", `https://127.0.0.1:${gate.port}`),
  );
  const words = `k8s run ${place.file} --shards 2 --namespace ${other} --yes --out ${place.runs}`;
  await using run = new TollgateProcess(words.split(" "), { ...place.environment, KUBECONFIG: config });
  await run.until(() => run.stderr.includes("2 running"), { what: "two pods", timeoutMs: 300_000 });
  await gate.shutFor(30_000);
  const ended = await run.finished();
  kubectl("delete", "namespace", other, "--wait=false");
  expect([0, 1]).toContain(ended.code);
  expect(ended.stderr).toContain("The API server does not answer");
  expect(ended.stdout).toMatch(/complete, 8\/8 episodes/);
});

/** A way to a server that can be shut. */
async function openGate(host: string, port: number) {
  const sockets = new Set<Socket>();
  let isOpen = true;
  const gate = createServer((client) => {
    if (!isOpen) {
      client.destroy();
      return;
    }
    const server = connect(port, host);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  gate.listen(0, "127.0.0.1");
  await once(gate, "listening");
  return {
    port: (gate.address() as AddressInfo).port,
    shutFor: async (ms: number) => {
      isOpen = false;
      for (const socket of sockets) socket.destroy();
      await pause(ms);
      isOpen = true;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      gate.close();
      await once(gate, "close");
    },
  };
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: { readonly phase: string };
  }[];
}

function pods(...selector: readonly string[]): PodList["items"] {
  try {
    return (JSON.parse(kubectl("get", "pods", ...selector, "-o", "json")) as PodList).items;
  } catch {
    return []; // There is no namespace yet.
  }
}

const runningPods = () => pods().filter(({ status }) => status.phase === "Running").length;
const podsOf = (index: number) =>
  pods("-l", `batch.kubernetes.io/job-completion-index=${index}`).map(({ metadata }) => metadata.name);

/** Folder of the volume on this machine: the cluster's volumes are folders of its only node. */
function volume(): string {
  const claim = kubectl("get", "pvc", "tollgate-results", "-o", "jsonpath={.spec.volumeName}");
  return kubectl("get", "pv", claim, "-o", "jsonpath={.spec.hostPath.path}");
}

function shardFolders(): readonly string[] {
  const [results = ""] = readdirSync(volume());
  const folder = join(volume(), results, "shards");
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

const shardIn = (folder: string) =>
  (JSON.parse(readFileSync(join(folder, "run.json"), "utf8")) as RunJson).shard?.index;

function episodesOf(index: number): number {
  const own = shardFolders().find(
    (folder) => existsSync(join(folder, "run.json")) && shardIn(folder) === index,
  );
  if (own === undefined || !existsSync(join(own, "records.jsonl"))) return 0;
  return readRecords(own).filter(({ type }) => type === "episode").length;
}

/** Copies, in the order of their indexes: what is on the volume stays as it is. */
function shardRuns(place: Workplace): string[] {
  return shardFolders()
    .toSorted((a, b) => (shardIn(a) ?? 0) - (shardIn(b) ?? 0))
    .map((folder) => {
      const copy = join(place.path, "shards", folder.slice(folder.lastIndexOf("/") + 1));
      cpSync(folder, copy, { recursive: true });
      return copy;
    });
}

/** kill -9 from outside the pod. */
function killDriver(index: number): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      if (!environment.includes(`JOB_COMPLETION_INDEX=${index}`) || !command.includes("--shard")) continue;
      if (environment.some((line) => line.startsWith("HOSTNAME=tollgate-small")))
        process.kill(Number(pid), "SIGKILL");
    } catch {
      continue; // It ended while we looked.
    }
  }
}
