import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DockerPlan } from "../../bench/stack/docker/docker-plan.ts";
import { noDockerd, startDockerd, type TestDockerd } from "../docker/dockerd.ts";
import { importSimulatedSglang, simulatedSglang } from "../docker/simulated-sglang-image.ts";
import {
  cellRuns,
  containersOf,
  DockerPlace,
  dockerStack,
  killContainer,
  nameOf,
  serverOf,
  slowEngine,
} from "./docker-experiment.ts";
import { lastLine, sound, unchecked, Workplace } from "./small-experiment.ts";
import { cellSummaries, episodesOf, expectExit, pause, readRecords, tollgate } from "./tollgate-process.ts";

const arms = [{ kind: "raw" }, { kind: "gateway", image: simulatedSglang }];

describe.skipIf(noDockerd !== null)(
  `a real Docker daemon${noDockerd === null ? "" : `: ${noDockerd}`}`,
  () => {
    let dockerd: TestDockerd;
    beforeAll(async () => {
      dockerd = await startDockerd();
      await importSimulatedSglang(dockerd.cli);
    }, 120_000);
    afterAll(() => dockerd?.[Symbol.asyncDispose]());

    test("two engines and a gateway in containers count what the embedded stack counts", async () => {
      using place = new DockerPlace(dockerd, { stack: dockerStack(), arms });
      using embedded = new Workplace();
      const contained = await place.sweep();
      expectExit(contained, 0);
      const reference = await embedded.sweep();
      expectExit(reference, 0);
      const [run, other] = [lastLine(contained), lastLine(reference)];
      expect(countsOf(run)).toEqual(countsOf(other));
      expect(countsOf(run)).toHaveLength(4);
      for (const cell of ["c2-r0-raw", "c2-r0-gateway"]) {
        const tokens = (of: string) => cellSummaries(of)[cell]?.["tokenCheck"];
        expect(tokens(run)).toEqual(tokens(other));
        expect(cellSummaries(run)[cell]).toMatchObject({ verdict: sound, tokenCheck: { status: "exact" } });
      }
      expect(contained.stdout).toContain("SIMULATED ENGINES");

      // The split, as the runtime was asked for it, and as the servers saw it.
      const asked = dockerd.gpuRequests().map(({ devices }) => devices);
      expect(asked.slice(-2).toSorted()).toEqual(["0,1,2,3", "4,5,6,7"]);
      expect(serverOf(run, "agent")).toMatchObject({
        adopted: false,
        image: { reference: simulatedSglang },
        container: { gpus: ["0", "1", "2", "3"], running: true },
        serverInfo: { tp_size: 4, visible_devices: { NVIDIA_VISIBLE_DEVICES: "0,1,2,3" } },
      });
      expect(serverOf(run, "user")).toMatchObject({
        serverInfo: { visible_devices: { NVIDIA_VISIBLE_DEVICES: "4,5,6,7" } },
      });
      const identity = JSON.parse(engineIdentity(run)) as { container: { id: string; adopted: boolean } };
      expect(identity.container).toMatchObject({ id: serverOf(run, "agent").container.id, adopted: false });
      expect(readdirSync(join(run, "logs"))).toEqual(
        expect.arrayContaining(["agent-engine.log", "gateway.log", "user-engine.log"]),
      );
      expect(readFileSync(join(run, "logs", "agent-engine.log"), "utf8")).toContain(
        "fired up and ready to roll",
      );
      expect(await containersOf(dockerd)).toEqual([]);
    }, 240_000);

    test("an engine that is killed in a cell is started again, and the cell ends in a new segment", async () => {
      using place = new DockerPlace(dockerd, {
        stack: dockerStack({ speed: slowEngine }),
        arms: [{ kind: "raw" }],
        workload: { domain: "library", tasks: { count: 4 } },
      });
      await using driver = place.start(...unchecked);
      const run = await driver.runDirectory();
      await driver.until(() => cellRuns(run), { what: "a running cell", timeoutMs: 120_000 });
      await killContainer(dockerd, `tollgate-${nameOf(run)}-agent`);
      const ended = await driver.finished();
      const segments = readRecords(run).filter(({ type }) => type === "segment-ended");
      expect(segments.map((record) => "reason" in record && [record.reason])).toEqual([
        ["engine-died"],
        ["complete"],
      ]);
      const results = new Map(episodesOf(run).map((episode) => [episode.taskId, episode]));
      expect([...results.values()].map(({ status, reward }) => [status, reward])).toEqual(
        Array.from({ length: 4 }, () => ["completed", 1]),
      );
      expect(readRecords(run).at(-1)).toMatchObject({ reason: "complete" });
      // The cell says what happened in it, so the run is no clean one.
      expectExit(ended, 1);
      expect(cellSummaries(run)["c2-r0-raw"]).toMatchObject({ verdict: "engine-died" });
      expect(readdirSync(join(run, "evidence", "servers"))).toHaveLength(3);
      expect(ended.stderr).toContain("the engine died and is started again");
      expect(await containersOf(dockerd)).toEqual([]);
    }, 240_000);

    test("the printed command line starts the same server when it is pasted", async () => {
      using place = new DockerPlace(dockerd, { stack: dockerStack() });
      const planned = await tollgate(["plan", place.file, "--json"], place.environment);
      const { docker } = JSON.parse(planned.stdout) as { docker: DockerPlan };
      const agent = docker.engines.find(({ role }) => role === "agent");
      const environment = { ...process.env, ...place.environment };
      const run = (line: string) =>
        execFileSync("bash", ["-c", line], { env: environment, encoding: "utf8" });
      const id = run(agent?.dockerRun ?? "false").trim();
      try {
        await waitUntil(async () => (await fetch(`${agent?.url}/health`).catch(() => null))?.status === 200);
        const info = (await (await fetch(`${agent?.url}/server_info`)).json()) as Record<string, unknown>;
        expect(info).toMatchObject({ tp_size: 4, visible_devices: { NVIDIA_VISIBLE_DEVICES: "0,1,2,3" } });
      } finally {
        run(`docker rm -f ${id}`);
      }
    }, 120_000);

    test("a second run on the node is refused; a killed driver leaves no container", async () => {
      using first = new DockerPlace(dockerd, {
        stack: dockerStack({ speed: slowEngine }),
        arms: [{ kind: "raw" }],
        workload: { domain: "library" },
      });
      await using driver = first.start(...unchecked);
      const run = await driver.runDirectory();
      await driver.until(() => cellRuns(run), { what: "a running cell", timeoutMs: 120_000 });
      using second = new DockerPlace(dockerd, { stack: dockerStack({ stack: { basePort: 41_000 } }) });
      const refused = await second.sweep();
      expectExit(refused, 3);
      expect(refused.stderr).toContain(
        `GPU 0, 1, 2, 3 of the agent engine is held by container tollgate-${nameOf(run)}-agent of run ${nameOf(run)}`,
      );
      driver.child.kill("SIGKILL");
      await expectNoContainers(dockerd, 20_000);
    }, 240_000);

    test("what cannot start says why: an unknown image, a server that is another one, Ctrl-C while it loads", async () => {
      using place = new DockerPlace(dockerd, {
        stack: dockerStack({ stack: { image: "nobody/nothing:1" } }),
      });
      const missing = await place.sweep();
      expectExit(missing, 3);
      expect(missing.stderr).toContain("The image nobody/nothing:1 is not on this node and pull is never");

      const cache = join(place.path, "cache");
      place.write({ stack: dockerStack({ stack: { simulated: false, cache } }) });
      const other = await place.sweep();
      expectExit(other, 3);
      expect(other.stderr).toContain("stack.simulated is false, but the server says that it is a simulator");

      place.write({ stack: dockerStack({ extraEnv: { TOLLGATE_SIM_LOAD_MS: "60000" } }) });
      await using loading = place.start();
      await loading.until(() => loading.stderr.includes("agent started on GPU"), { what: "a container" });
      loading.child.kill("SIGINT");
      expectExit(await loading.finished(), 130);
      expect(await containersOf(dockerd)).toEqual([]);
    }, 240_000);
  },
);

/** What an episode counted, without times and without how much of it was cached, which depends on them. */
function countsOf(run: string): readonly unknown[] {
  return episodesOf(run)
    .map(({ cellId, taskId, trial, seed, status, termination, reward, ...rest }) => {
      const { steps, toolCalls, toolErrors, requests, promptTokens, completionTokens, userUsage } = rest;
      const user = { ...userUsage, cachedTokens: null };
      const counts = { steps, toolCalls, toolErrors, requests, promptTokens, completionTokens, user };
      return { cellId, taskId, trial, seed, status, termination, reward, ...counts };
    })
    .toSorted((a, b) => `${a.cellId} ${a.taskId}`.localeCompare(`${b.cellId} ${b.taskId}`));
}

function engineIdentity(run: string): string {
  const facts = JSON.parse(
    readFileSync(join(run, "evidence", "c2-r0-raw", "s0", "segment.json"), "utf8"),
  ) as { engineIdentity: { agent: string } };
  return facts.engineIdentity.agent;
}

async function waitUntil(holds: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
  const until = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > until) throw new Error("it did not happen in time");
    await pause(200);
  }
}

async function expectNoContainers(dockerd: TestDockerd, withinMs: number): Promise<void> {
  const until = Date.now() + withinMs;
  while ((await containersOf(dockerd)).length > 0 && Date.now() < until) await pause(200);
  expect(await containersOf(dockerd)).toEqual([]);
}
