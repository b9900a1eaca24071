import { execFileSync } from "node:child_process";
import { createServer } from "node:net";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { runLabels } from "../../bench/docker/container-labels.ts";
import {
  containerSpec,
  dockerRunLine,
  specSha256,
  type ContainerSpec,
} from "../../bench/docker/container-spec.ts";
import { inspectContainer, listContainers } from "../../bench/docker/container-state.ts";
import {
  adoptContainer,
  removeContainer,
  startContainer,
  type RunningContainer,
} from "../../bench/docker/container.ts";
import type { StackPart } from "../../bench/stack/part.ts";
import { noDockerd, startDockerd, type TestDockerd } from "./dockerd.ts";
import { importProgram, importSimulatedSglang, simulatedSglang } from "./simulated-sglang-image.ts";

const owner = { runId: "run-1", supervisorId: "supervisor-1", driver: "-/-/1/1" };
const folder = mkdtempSync(join(tmpdir(), "tollgate-containers-"));
mkdirSync(join(folder, "model"));
writeFileSync(join(folder, "model/config.json"), "{}");
afterAll(() => rmSync(folder, { recursive: true }));

let docker: TestDockerd;
let names = 0;

function spec(facts: Partial<ContainerSpec>): ContainerSpec {
  const labels = runLabels(owner, "agent");
  return containerSpec({ name: `tollgate-test-${++names}`, image: simulatedSglang, labels, ...facts });
}

const node = (script: string, facts: Partial<ContainerSpec> = {}) =>
  spec({ command: ["node", "-e", script], ...facts });
const server = (...flags: string[]) => ["python3", "-m", "sglang.launch_server", ...flags];

function start(spec: ContainerSpec, secrets: Record<string, string> = {}): Promise<RunningContainer> {
  return startContainer(docker.cli, spec, {
    part: "agent engine",
    logFile: join(folder, `${spec.name}.log`),
    stopGraceMs: 1_000,
    tell: (line) => {
      throw new Error(line);
    },
    secrets,
  });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function getJson(url: string): Promise<Record<string, unknown>> {
  for (let attempt = 0; ; attempt++) {
    const answer = await request(url).catch(() => null);
    if (answer?.statusCode === 200) return (await answer.body.json()) as Record<string, unknown>;
    if (attempt > 300) throw new Error(`${url} does not answer`);
    await sleep(100);
  }
}

describe.skipIf(noDockerd !== null)(
  `containers on a real Docker daemon${noDockerd ? ` (${noDockerd})` : ""}`,
  () => {
    beforeAll(async () => {
      docker = await startDockerd();
      await importSimulatedSglang(docker.cli);
    });
    afterAll(async () => {
      const left = (await listContainers(docker.cli)).map(({ name }) => name);
      await docker[Symbol.asyncDispose]();
      if (left.length > 0) throw new Error(`containers were left: ${left.join(", ")}`);
    });

    test("a model server sees its GPUs, its model and its secrets, and nothing tells the secrets", async () => {
      const port = await freePort();
      const flags = ["--model-path", "/models/m", "--port", String(port), "--tp", "4", "--enable-metrics"];
      const wanted = spec({
        command: server(...flags),
        gpus: ["4", "5", "6", "7"],
        volumes: [{ source: join(folder, "model"), target: "/models/m", readOnly: true }],
        secretEnvironment: ["HF_TOKEN"],
        environment: { HTTPS_PROXY: "http://user:password@proxy:3128", TOKENIZERS_PARALLELISM: "false" },
      });
      await using container = await start(wanted, { HF_TOKEN: "hf_secret" });
      const part: StackPart = container;
      expect(part.name).toBe(`agent engine (container ${wanted.name})`);
      const info = await getJson(`http://127.0.0.1:${port}/server_info`);
      expect(info).toMatchObject({ tp_size: 4, model_path: "/models/m", simulator: true });
      expect(info["visible_devices"]).toEqual({
        CUDA_VISIBLE_DEVICES: null,
        NVIDIA_VISIBLE_DEVICES: "4,5,6,7",
      });
      expect(docker.gpuRequests()).toEqual([{ containerId: container.id, devices: "4,5,6,7" }]);
      const facts = await inspectContainer(docker.cli, wanted.name);
      expect(facts).toMatchObject({
        running: true,
        exitCode: null,
        gpus: ["4", "5", "6", "7"],
        command: server(...flags),
      });
      expect(facts.environment).toEqual(
        expect.arrayContaining([
          "HF_TOKEN=<redacted>",
          "HTTPS_PROXY=http://<redacted>@proxy:3128",
          "TOKENIZERS_PARALLELISM=false",
        ]),
      );
      expect(JSON.stringify(facts)).not.toMatch(/hf_secret|user:password/);
      expect(facts.labels["tollgate.spec"]).toBe(specSha256(wanted));
      await container[Symbol.asyncDispose]();
      expect(await container.ended).toBe("code 0");
      const log = readFileSync(join(folder, `${wanted.name}.log`), "utf8");
      expect(log).toContain("The server is fired up and ready to roll!");
      expect(log).not.toMatch(/[^\P{Cc}\n]/u);
    });

    test("the printed docker run line makes the same container", async () => {
      const wanted = node("setInterval(() => {}, 1000)", {
        environment: { TEXT: 'it\'s "quoted" $HOME' },
        entrypoint: ["node", "--no-warnings"],
        command: ["-e", "setInterval(() => {}, 1000)"],
        gpus: ["0", "1"],
        ipc: "host",
        memoryBytes: 512 * 1024 ** 2,
        ulimits: [{ name: "nofile", soft: 1024, hard: 4096 }],
        volumes: [{ source: folder, target: "/data", readOnly: true }],
        cpusetCpus: "0",
        user: "1000:1000",
        labels: { "tollgate.owner": "run" },
      });
      const schema = z.object({
        Config: z.looseObject({ Entrypoint: z.array(z.string()), Cmd: z.array(z.string()) }),
        HostConfig: z.looseObject({
          DeviceRequests: z.array(z.object({ DeviceIDs: z.array(z.string()), Capabilities: z.unknown() })),
          Mounts: z.array(
            z.object({ Type: z.string(), Source: z.string(), Target: z.string(), ReadOnly: z.boolean() }),
          ),
        }),
      });
      const decisive = async (name: string) => {
        const text = await docker.cli(["inspect", "--format", "{{json .}}", name]);
        const { Config, HostConfig } = schema.parse(JSON.parse(text));
        const { DeviceRequests, Mounts } = HostConfig;
        const host = [
          "NetworkMode",
          "IpcMode",
          "Memory",
          "ShmSize",
          "CpusetCpus",
          "Ulimits",
          "RestartPolicy",
        ];
        return {
          argv: [...Config.Entrypoint, ...Config.Cmd],
          config: ["Env", "User", "WorkingDir", "Image"].map((key) => Config[key]),
          host: host.map((key) => HostConfig[key]),
          DeviceRequests,
          Mounts,
        };
      };
      const container = await start(wanted);
      const ours = await decisive(wanted.name);
      await container[Symbol.asyncDispose]();
      const environment = { PATH: process.env["PATH"], DOCKER_HOST: docker.host, DOCKER_BUILDKIT: "0" };
      execFileSync("sh", ["-c", dockerRunLine(wanted)], { env: environment, stdio: "pipe" });
      const byHand = await decisive(wanted.name);
      await removeContainer(docker.cli, wanted.name);
      expect(byHand).toEqual(ours);
    });

    test.each([
      [
        "out of GPU memory while it loads",
        {
          environment: {
            TOLLGATE_SIM_CRASH: "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB",
          },
        },
        /^code 1; GPU memory is too small.*nvidia-smi/,
      ],
      [
        "an unknown flag",
        { command: server("--model", "m", "--nonsense") },
        /^code 2; the server does not know a flag/,
      ],
      ["no such model", { command: server("--model", "/models/m") }, /^code 1; the model is not there/],
      [
        "too few GPUs",
        { command: server("--model", "m", "--tp", "4"), gpus: ["0"] },
        /^code 1; .*sees no or too few GPUs/,
      ],
      [
        "used-up memory",
        {
          command: ["node", "-e", "const all = []; for (;;) all.push(Buffer.alloc(1e6, 1))"],
          memoryBytes: 96 * 1024 ** 2,
        },
        /^code 137, out of memory; .*Raise memory/,
      ],
      ["a mistake of its own", { command: ["node", "-e", "process.exit(7)"] }, /^code 7$/],
    ] satisfies [string, Partial<ContainerSpec>, RegExp][])(
      "a server that ends by %s says so",
      async (_name, facts, text) => {
        await using container = await start(spec({ command: server("--model", "m"), ...facts }));
        expect(await container.ended).toMatch(text);
        expect((await container.end).facts?.running).toBe(false);
      },
    );

    test("a port that is taken is found in the log, and only in this container's part of it", async () => {
      const taken = createServer().listen(0, "127.0.0.1");
      await new Promise((resolve) => taken.once("listening", resolve));
      const { port } = taken.address() as { port: number };
      const wanted = node(`require("net").createServer().listen(${port}, "127.0.0.1")`);
      try {
        await using container = await start(wanted);
        expect(await container.ended).toMatch(/^code 1; a port is taken.*basePort/);
        expect(container.lastLogLines(50)).toContain("EADDRINUSE");
      } finally {
        await new Promise((resolve) => taken.close(resolve));
      }
      await using next = await start({ ...wanted, command: ["node", "-e", "process.exit(3)"] });
      expect(await next.ended).toBe("code 3");
      expect(next.lastLogLines(50)).toBe("");
    });

    test("a container that ignores SIGTERM is killed at the deadline", async () => {
      const port = await freePort();
      const wanted = spec({
        command: server("--model", "m", "--port", String(port)),
        environment: { TOLLGATE_SIM_IGNORE_SIGTERM: "1" },
      });
      const container = await start(wanted);
      await getJson(`http://127.0.0.1:${port}/server_info`);
      const startMs = performance.now();
      await container[Symbol.asyncDispose]();
      expect(performance.now() - startMs).toBeGreaterThan(900);
      expect(await container.ended).toBe("code 137, killed");
      expect(container.lastLogLines(10)).toContain("ignored SIGTERM");
    });

    test("keys on a command line are not told, and a container that somebody else removes is noticed", async () => {
      const words = ["--api-key", "k1", "--admin-key=k2", "--admin-key-env", "NAME", "--auth"];
      const command = ["node", "-e", "setInterval(() => {}, 1000)", "--", ...words];
      await using container = await start(spec({ command }));
      expect(container.facts.command.slice(4)).toEqual([
        "--api-key",
        "<redacted>",
        "--admin-key=<redacted>",
        "--admin-key-env",
        "NAME",
        "--auth",
      ]);
      await removeContainer(docker.cli, container.id);
      expect(await container.ended).toMatch(/^code 137, killed$|the container has been removed/);
    });

    test.each([
      [
        "an image that is not there",
        { image: "nowhere/nothing:1" },
        /the image is not on this node.*pull: missing/,
      ],
      [
        "a folder that is not there",
        { volumes: [{ source: "/nowhere", target: "/x", readOnly: true }] },
        /a folder to be mounted does not exist.*\/nowhere/,
      ],
      ["another image than SGLang's", { command: ["sglang"] }, /the image lacks the program that is started/],
      ["CPUs that are not there", { cpusetCpus: "0-4095" }, /the CPUs or NUMA nodes asked for do not exist/],
      [
        "a NUMA node that is not there",
        { cpusetMems: "63" },
        /the CPUs or NUMA nodes asked for do not exist/,
      ],
    ] satisfies [string, Partial<ContainerSpec>, RegExp][])(
      "%s is refused with what to change",
      async (_name, facts, text) => {
        await expect(start(spec({ command: server("--model", "m"), ...facts }))).rejects.toMatchObject({
          name: "StartError",
          message: expect.stringMatching(text) as string,
        });
        expect(await listContainers(docker.cli)).toEqual([]);
      },
    );

    test("a name that is taken says whose it is", async () => {
      await using ours = await start(node("setInterval(() => {}, 1000)"));
      await expect(start(node("0", { name: ours.facts.name }))).rejects.toThrow(
        /the name is taken. It belongs to run run-1 \(running\)\. `tollgate clean run-1`/,
      );
      await using foreign = await start(node("setInterval(() => {}, 1000)", { labels: {} }));
      await expect(start(node("0", { name: foreign.facts.name }))).rejects.toThrow(/It is not Tollgate's/);
    });

    test("an adopted container runs on when it is let go, and its log is followed from then on", async () => {
      const wanted = node("let n = 0; setInterval(() => console.log('line', n++), 100)");
      await using container = await start(wanted);
      const options = {
        part: "agent engine",
        logFile: join(folder, "adopted.log"),
        stopGraceMs: 1_000,
        tell: () => undefined,
      };
      {
        await using adopted = await adoptContainer(docker.cli, wanted.name, options);
        while (!adopted.lastLogLines(1).startsWith("line")) await sleep(50);
      }
      expect((await inspectContainer(docker.cli, wanted.name)).running).toBe(true);
      await removeContainer(docker.cli, container.id);
      await expect(adoptContainer(docker.cli, wanted.name, options)).rejects.toThrow(/No such container/);
    });
  },
);

describe.skipIf(noDockerd !== null)(`a Docker daemon that fails${noDockerd ? ` (${noDockerd})` : ""}`, () => {
  test("GPUs without a GPU runtime are refused, nothing stays behind, and a daemon that dies is told", async () => {
    await using bare = await startDockerd({ gpus: false });
    docker = bare;
    await importProgram(bare.cli, "test/sleep:1", "/bin/sleep");
    const sleeping = spec({ image: "test/sleep:1", command: ["/bin/sleep", "600"] });
    await expect(start({ ...sleeping, gpus: ["0"] })).rejects.toThrow(
      /this Docker has no GPU runtime. Install nvidia-container-toolkit.*could not select device driver/,
    );
    expect(await listContainers(bare.cli)).toEqual([]);

    const told: string[] = [];
    const container = await startContainer(bare.cli, sleeping, {
      part: "agent engine",
      logFile: join(folder, "sleep.log"),
      stopGraceMs: 1_000,
      tell: (line) => told.push(line),
      secrets: {},
    });
    process.kill(bare.pid, "SIGKILL");
    expect(await container.ended).toMatch(/^an unknown code: the Docker daemon went away/);
    await container[Symbol.asyncDispose]();
    expect(told).toEqual([expect.stringMatching(/may still be there.*`tollgate clean` removes it/)]);
  });

  test("a daemon that restarts loses neither the container nor its log", async () => {
    await using bare = await startDockerd({ gpus: false });
    docker = bare;
    await importProgram(bare.cli, "test/sh:1", "/bin/sh");
    const looping =
      "n=0; while [ $n -lt 100000000 ]; do n=$((n+1)); [ $((n % 100000)) != 0 ] || echo line $n; done";
    await using container = await start(spec({ image: "test/sh:1", command: ["/bin/sh", "-c", looping] }));
    while (!container.lastLogLines(1).startsWith("line")) await sleep(50);
    await bare.restart();
    const before = container.lastLogLines(1);
    while (container.lastLogLines(1) === before) await sleep(50);
    expect((await inspectContainer(bare.cli, container.id)).running).toBe(true);
    await container[Symbol.asyncDispose]();
    expect(await container.ended).toBe("code 137, killed");
  });
});
