import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { fastEngine, lastLine, sound, unchecked, Workplace } from "./small-experiment.ts";
import {
  cellSummaries,
  episodesOf,
  expectExit,
  processesOf,
  readRecords,
  tollgate,
  type TollgateProcess,
} from "./tollgate-process.ts";

const minutes = 60_000;
const data = resolve("openclaw-tau2/data");

/** The simulator as a program of somebody else's: started by its command line, asked over HTTP, and told nothing more. */
const simulator = (...more: readonly string[]) => [
  process.execPath,
  resolve("bench/main.ts"),
  "simulate",
  "--role=agent",
  "--port={port}",
  "--domain=library",
  `--data=${data}`,
  `--schemas=${join(data, "tau2/domains/library")}`,
  "--prefill-tokens-per-second=1000000",
  "--decode-step-ms-per-request=0",
  ...(more.length > 0 ? more : ["--decode-step-ms=0.2"]),
];
const user = { kind: "simulator", ...fastEngine };
const stackOf = (agent: object, more: object = {}) => ({
  kind: "process",
  agent: { simulated: true, startSeconds: 60, stopSeconds: 3, ...agent },
  user,
  ...more,
});
const node = (script: string) => ({ command: [process.execPath, "-e", script, "{port}"], simulated: false });
const raw = [{ kind: "raw" }];

interface ServerEvidence {
  readonly url: string;
  readonly simulated: boolean;
  readonly process: {
    readonly pid: number;
    readonly command: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
    readonly residentBytes: number;
  };
  readonly serverInfo: Readonly<Record<string, unknown>>;
}

const evidenceOf = (run: string, name: string) =>
  JSON.parse(readFileSync(join(run, "evidence/servers", name), "utf8")) as ServerEvidence;
const runIdOf = (run: string) => run.slice(run.lastIndexOf("/") + 1);

test(
  "engines by command line are started, measured, described in evidence without their keys, and gone afterwards",
  async () => {
    using place = new Workplace({
      stack: stackOf({
        command: simulator(),
        environment: { SERVER_KEY: "${SERVER_KEY}", CONFIG_FOLDER: "{logs}" },
        gpus: [],
      }),
      arms: [{ kind: "raw" }, { kind: "gateway" }],
    });
    const sweep = await tollgate(["sweep", place.file, "--out", place.runs], {
      ...place.environment,
      SERVER_KEY: "a-key-of-the-server",
    });
    const run = lastLine(sweep);
    expectExit(sweep, 0);
    expect(Object.values(cellSummaries(run)).map(({ verdict }) => verdict)).toEqual([sound, sound]);
    expect(episodesOf(run).map(({ reward }) => reward)).toEqual([1, 1, 1, 1]);
    const agent = evidenceOf(run, "agent.json");
    expect(agent.simulated).toBe(true);
    expect(agent.process.command).toContain(`--port=${new URL(agent.url).port}`);
    expect(agent.process.environment).toEqual({
      SERVER_KEY: "${SERVER_KEY}",
      CONFIG_FOLDER: join(run, "logs"),
      CUDA_DEVICE_ORDER: "PCI_BUS_ID",
      CUDA_VISIBLE_DEVICES: "",
    });
    expect(agent.process.residentBytes).toBeGreaterThan(1e6);
    expect(agent.serverInfo).toMatchObject({ pid: agent.process.pid, tool_call_parser: "qwen" });
    expect(evidenceOf(run, "user.json").serverInfo).toMatchObject({ simulator: true });
    const written = ["run.json", "evidence/servers/agent.json", "logs/agent-engine.log"];
    for (const file of written)
      expect(readFileSync(join(run, file), "utf8")).not.toContain("a-key-of-the-server");
    expect(processesOf(runIdOf(run))).toEqual([]);
  },
  2 * minutes,
);

/** Episodes that passed, each counted once. */
const passed = (run: string) =>
  new Set(episodesOf(run).flatMap(({ episodeId, reward }) => (reward === 1 ? [episodeId] : []))).size;

/** Waits until a cell is being measured, and gives the pid of the agent's engine. */
async function measuring(driver: TollgateProcess): Promise<{ readonly run: string; readonly pid: number }> {
  const run = await driver.runDirectory();
  await driver.until(() => episodesOf(run).length > 0, { what: "a finished episode" });
  return { run, pid: evidenceOf(run, "agent.json").process.pid };
}

const slow = { command: simulator("--decode-step-ms=8") };
const four = { workload: { domain: "library", tasks: { count: 4 } }, sweep: { concurrency: [1] }, arms: raw };

test(
  "an engine that dies in a cell is started again at the same address, and the cell is finished in a new segment",
  async () => {
    using place = new Workplace({ stack: stackOf(slow, { onEngineDeath: { restart: 1 } }), ...four });
    await using driver = place.start(...unchecked);
    const { run, pid } = await measuring(driver);
    process.kill(pid, "SIGKILL");
    const sweep = await driver.finished();
    expectExit(sweep, 1);
    expect(sweep.stderr).toContain(`agent engine (pid ${pid}) ended with SIGKILL`);
    expect(passed(run)).toBe(4);
    const again = evidenceOf(run, "agent-1.json");
    expect(again.url).toBe(evidenceOf(run, "agent.json").url);
    expect(again.process.pid).not.toBe(pid);
    expect(Object.values(cellSummaries(run)).map(({ verdict }) => verdict)).toEqual(["engine-died"]);
    expect(readRecords(run).filter(({ type }) => type === "segment-started")).toHaveLength(2);
  },
  2 * minutes,
);

test(
  "kill -9 of the driver leaves nothing of an engine, nor of what it started in a session of its own",
  async () => {
    const child = `const c = require("node:child_process");
      c.spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
      c.spawn(process.execPath, process.argv.slice(1), { stdio: "inherit" });`;
    const [, ...words] = simulator("--decode-step-ms=8");
    using place = new Workplace({
      stack: stackOf({ command: [process.execPath, "-e", child, ...words] }),
      ...four,
    });
    await using driver = place.start(...unchecked);
    const { run } = await measuring(driver);
    expect(processesOf(runIdOf(run)).length).toBeGreaterThan(3);
    driver.child.kill("SIGKILL");
    await expect.poll(() => [processesOf(runIdOf(run)), place.scratch()]).toEqual([[], []]);
  },
  2 * minutes,
);

const crash = `console.error("Traceback (most recent call last):\\n  File \\"server.py\\", line 1, in load");
  console.error("FileNotFoundError: weights of library are not in /models");
  for (let n = 0; n < 40; n += 1) console.log("banner " + n);
  process.exit(1);`;
const deaf = `require("node:http").createServer((_, answer) => answer.writeHead(500).end())
  .listen(Number(process.argv[1]), "127.0.0.1"); console.error("ERROR: no GPU");`;

test.each([
  {
    what: "ends while it loads: the cause is quoted although it is not at the log's end",
    agent: node(crash),
    says: [
      /agent engine ended before it was ready \(exit code 1, signal none\)/,
      /Its log says:\n\s+FileNotFoundError: weights of library are not in \/models/,
      /banner 39/,
    ],
  },
  {
    what: "never becomes ready: what it answered is told",
    agent: { ...node(deaf), startSeconds: 4 },
    says: [
      /was not ready after 4000 ms; GET http:\S+\/health was answered with 500, not 200/,
      /ERROR: no GPU/,
    ],
  },
  {
    what: "is not there",
    agent: { command: ["no-such-server", "--port", "{port}"], simulated: false },
    says: [/agent engine could not be started: .*ENOENT/],
  },
  {
    what: "is a simulator that the experiment takes for a real one",
    agent: { command: simulator(), simulated: false },
    says: [/says that it is a simulator\. Set stack\.agent\.simulated to true/],
  },
])(
  "an engine that $what",
  async ({ agent, says }) => {
    using place = new Workplace({ stack: stackOf(agent), arms: raw });
    const sweep = await place.sweep();
    expectExit(sweep, 3);
    for (const pattern of says) expect(sweep.stderr).toMatch(pattern);
    const run = lastLine(sweep);
    expect(processesOf(runIdOf(run))).toEqual([]);
  },
  minutes,
);

test(
  "a port that somebody has is refused before anything is started",
  async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    try {
      const { port } = other.address() as AddressInfo;
      using place = new Workplace({ stack: stackOf({ command: simulator(), port }), arms: raw });
      const sweep = await place.sweep();
      expectExit(sweep, 3);
      expect(sweep.stderr).toContain(`Port ${port} of the agent engine is taken on this machine`);
    } finally {
      other.close();
    }
  },
  minutes,
);
