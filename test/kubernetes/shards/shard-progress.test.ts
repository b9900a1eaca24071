import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { ProcessCall } from "../../../bench/kubernetes/kubectl/kubectl-process.ts";
import { Kubectl } from "../../../bench/kubernetes/kubectl/kubectl.ts";
import { shardPods } from "../../../bench/kubernetes/shards/shard-pods.ts";
import { episodeCounts } from "../../../bench/kubernetes/shards/shard-progress.ts";

const pods = shardPods([
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", labels: { "batch.kubernetes.io/job-completion-index": "0" } },
    status: {
      phase: "Running",
      containerStatuses: [{ name: "tollgate", state: { running: { startedAt: "2026-11-21T12:00:00Z" } } }],
    },
  },
]);

test("drivers are counted with a program that Tollgate's image has, and one that does not answer is left out", async () => {
  await using server = createServer((request, response) => {
    response.end(
      request.url === "/metrics"
        ? 'tollgate_episodes_planned 6\ntollgate_episodes_total{status="completed"} 4\n'
        : "",
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const calls: ProcessCall[] = [];
  const kubectlAt = (address: string) =>
    new Kubectl({
      environment: {},
      // In this process's place, as a container of the image would run it.
      run: async (_place, words, call) => {
        calls.push(call);
        const [program = "", ...more] = words.slice(words.indexOf("--") + 1);
        expect(program).toBe("node");
        const here = more.map((word) => word.replace(/^http:\/\/127\.0\.0\.1:\d+/, address));
        const ended = await promisify(execFile)(process.execPath, here).catch(
          ({ stdout, stderr, code }: { stdout: string; stderr: string; code: number }) => ({
            stdout,
            stderr,
            code,
          }),
        );
        return { stdout: ended.stdout, stderr: ended.stderr, exitCode: "code" in ended ? ended.code : 0 };
      },
    });
  expect(await episodeCounts(kubectlAt(own), "ns", pods)).toEqual({ finished: 4, planned: 6, drivers: 1 });
  expect(await episodeCounts(kubectlAt("http://127.0.0.1:1"), "ns", pods)).toEqual({
    finished: 0,
    planned: 0,
    drivers: 0,
  });
  expect(calls.map(({ timeoutMs }) => timeoutMs)).toEqual([15_000, 15_000]);
});
