import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runLabels, warmLabels } from "../../bench/docker/container-labels.ts";
import { containerSpec } from "../../bench/docker/container-spec.ts";
import { listContainers } from "../../bench/docker/container-state.ts";
import { removeContainer, startContainer } from "../../bench/docker/container.ts";
import { sendSignal } from "../../bench/host/signals.ts";
import { liveProcess } from "../../bench/host/process-table.ts";
import { noDockerd, startDockerd, type TestDockerd } from "./dockerd.ts";
import { importProgram } from "./simulated-sglang-image.ts";

const folder = mkdtempSync(join(tmpdir(), "tollgate-left-"));
afterAll(() => rmSync(folder, { recursive: true }));
const drivers: ChildProcess[] = [];
let docker: TestDockerd;

interface Driver {
  readonly process: ChildProcess;
  readonly runId: string;
  readonly scratch: string;
  readonly supervisor: number;
  readonly child: number;
  readonly container: string;
}

async function startDriver(): Promise<Driver> {
  const runId = `left-${randomUUID().slice(0, 8)}`;
  const scratch = join(folder, `tg-${runId}`);
  mkdirSync(scratch);
  const driver = spawn(
    process.execPath,
    [join(import.meta.dirname, "fixtures/container-driver.ts"), runId, scratch, folder],
    { stdio: ["ignore", "pipe", "inherit"], env: { PATH: process.env["PATH"], DOCKER_HOST: docker.host } },
  );
  drivers.push(driver);
  const [line] = (await once(createInterface({ input: driver.stdout }), "line")) as [string];
  const facts = JSON.parse(line) as Pick<Driver, "supervisor" | "child" | "container">;
  return { process: driver, runId, scratch, ...facts };
}

interface Item {
  readonly kind: string;
  readonly name: string;
  readonly remove: boolean;
  readonly why: string;
  readonly failure: string | null;
}

async function clean(...words: string[]): Promise<{ code: number; items: Item[]; error: string }> {
  const main = join(import.meta.dirname, "../../bench/main.ts");
  // Its own temporary folder: other runs of this machine are nobody's business here.
  const env = { PATH: process.env["PATH"], DOCKER_HOST: docker.host, TMPDIR: folder };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, "clean", "--json", ...words], { env }, (failure, stdout, stderr) => {
      const items = stdout === "" ? [] : (JSON.parse(stdout) as { items: Item[] }).items;
      resolve({ code: Number(failure?.code ?? 0), items, error: stderr });
    });
  });
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; !(await what()); attempt++) {
    if (attempt > 800) throw new Error("it did not happen within 40 s");
    await sleep(50);
  }
}

const names = async () => (await listContainers(docker.cli)).map(({ name }) => name).toSorted();
const gone = (pid: number) => () => liveProcess(pid) === null;

describe.skipIf(noDockerd !== null)(
  `what a killed driver leaves${noDockerd ? ` (${noDockerd})` : ""}`,
  () => {
    beforeAll(async () => {
      docker = await startDockerd();
      await importProgram(docker.cli, "test/sleep:1", "/bin/sleep");
    });
    afterAll(async () => {
      for (const driver of drivers) driver.kill("SIGKILL");
      await docker[Symbol.asyncDispose]();
    });

    test("the supervisor removes the containers of a driver that was killed with SIGKILL", async () => {
      const driver = await startDriver();
      expect(await names()).toEqual([driver.container]);
      driver.process.kill("SIGKILL");
      await until(gone(driver.supervisor));
      expect(await names()).toEqual([]);
      expect(liveProcess(driver.child)).toBeNull();
      expect(existsSync(driver.scratch)).toBe(false);
      const line = readFileSync(join(folder, "supervisor.log"), "utf8").trimEnd().split("\n").at(-1) ?? "";
      expect(JSON.parse(/\{.*\}/.exec(line)?.[0] ?? "")).toMatchObject({
        runId: driver.runId,
        reason: "driver gone",
        left: [],
        containers: [driver.container],
        containersFailure: null,
      });
    });

    test("clean removes what is left when the supervisor was killed as well, and nothing of a living run", async () => {
      const alive = await startDriver();
      const dead = await startDriver();
      for (const pid of [dead.supervisor, dead.process.pid ?? 0]) sendSignal(pid, "SIGKILL");
      await until(gone(dead.supervisor));
      await until(gone(dead.process.pid ?? 0));
      expect(liveProcess(dead.child)).not.toBeNull();

      const look = await clean("--dry-run");
      const verdicts = (runId: string) =>
        look.items
          .filter((item) => (item as unknown as { runId: string }).runId === runId)
          .map(({ kind, remove, why }) => `${kind} ${remove ? "goes" : "stays"}: ${why}`);
      // The processes are the child, and the calls of docker that follow the container.
      expect(new Set(verdicts(dead.runId))).toEqual(
        new Set(["container", "process", "scratch"].map((kind) => `${kind} goes: its driver is gone`)),
      );
      expect(new Set(verdicts(alive.runId))).toEqual(
        new Set(["container", "process", "scratch"].map((kind) => `${kind} stays: its run lives`)),
      );
      expect(await names()).toHaveLength(2);

      const refused = await clean(alive.runId);
      expect(refused).toMatchObject({ code: 2, items: [] });
      expect(refused.error).toContain(`Run ${alive.runId} lives; nothing of it was removed.`);

      const done = await clean(dead.runId);
      expect(done.code).toBe(0);
      expect(new Set(done.items.map(({ kind, failure }) => `${kind}: ${failure}`))).toEqual(
        new Set(["container: null", "process: null", "scratch: null"]),
      );
      expect(await names()).toEqual([alive.container]);
      expect([liveProcess(dead.child), existsSync(dead.scratch)]).toEqual([null, false]);
      expect(liveProcess(alive.child)).not.toBeNull();
      expect(existsSync(alive.scratch)).toBe(true);
      expect((await clean(dead.runId)).items).toEqual([]);

      alive.process.kill("SIGKILL");
      await until(gone(alive.supervisor));
      expect(await names()).toEqual([]);
    });

    test("warm containers, those of other machines and those of others stay unless they are named", async () => {
      const elsewhere = runLabels({ runId: "far", supervisorId: "s", driver: "boot/1/2/3" }, "agent");
      const started = [
        { name: "warm-1", labels: warmLabels({ experiment: "node" }, "agent") },
        { name: "far-1", labels: elsewhere },
        { name: "foreign-1", labels: {} },
      ];
      for (const { name, labels } of started) {
        const spec = containerSpec({ name, image: "test/sleep:1", command: ["/bin/sleep", "600"], labels });
        const container = await startContainer(docker.cli, spec, {
          part: name,
          logFile: join(folder, `${name}.log`),
          stopGraceMs: 0,
          tell: () => undefined,
          secrets: {},
        });
        container.detach();
      }
      const look = await clean("--dry-run", "--warm");
      const of = (name: string) => look.items.find((item) => item.name === name);
      expect(of("warm-1")).toMatchObject({ remove: true });
      expect(of("far-1")).toMatchObject({
        remove: false,
        why: expect.stringContaining("--elsewhere") as string,
      });
      expect(of("foreign-1")).toBeUndefined();
      expect((await clean("far")).items).toMatchObject([{ name: "far-1", remove: false }]);
      expect(await clean("--elsewhere")).toMatchObject({ code: 2, items: [] });
      expect((await clean("far", "--elsewhere")).items).toMatchObject([{ name: "far-1", remove: true }]);
      expect(await names()).toEqual(["warm-1"]);
      for (const name of ["warm-1", "foreign-1"]) await removeContainer(docker.cli, name);
    });
  },
);

test("a Docker that does not answer is told, and the rest is cleaned all the same", async () => {
  docker = { host: "unix:///nowhere/docker.sock" } as TestDockerd;
  const { code, items, error } = await clean("no-such-run");
  expect({ code, items }).toEqual({ code: 3, items: [] });
  expect(error).toMatch(/containers were not looked for: .*\/nowhere\/docker\.sock does not answer/);
});
