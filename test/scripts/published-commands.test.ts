import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { episodesOf, expectExit, TemporaryFolder, type Finished } from "../e2e/tollgate-process.ts";

const minutes = 60_000;
const folder = new TemporaryFolder();
const runs = join(folder.path, "runs");
const data = "openclaw-tau2/data";

function door(name: string, ...args: readonly string[]): Finished {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [`scripts/${name}.ts`, ...args], {
    encoding: "utf8",
    timeout: 3 * minutes,
  });
  return { code: status, signal, stdout, stderr };
}

interface Server {
  readonly process: ChildProcess;
  readonly url: string;
}
const servers: Server[] = [];

async function startServer(role: string): Promise<Server> {
  const tasks = ["--schemas", `${data}/tau2/domains/library`, "--decode-step-ms", "0.5", "--port", "0"];
  const args = [
    "scripts/start-servers.ts",
    "--only",
    role,
    "--data",
    data,
    "--domain",
    "library",
    "--",
    ...tasks,
  ];
  const process_ = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  const [line] = (await once(createInterface({ input: process_.stdout }), "line")) as [string];
  return { process: process_, url: (JSON.parse(line) as { url: string }).url };
}

beforeAll(async () => {
  servers.push(await startServer("agent"), await startServer("user"));
}, minutes);
afterAll(async () => {
  for (const { process } of servers) {
    process.kill("SIGTERM");
    await once(process, "exit");
  }
  folder[Symbol.dispose]();
});

const endpoints = () => {
  const [agent, user] = servers;
  return ["--agent-endpoint", `${agent?.url}/v1`, "--user-endpoint", `${user?.url}/v1/`];
};
const cheap = ["--output-dir", runs];
/** Our own domain by tau2's own loop; what the scripts say about tau2's tasks is shown by their translations below. */
const workload = JSON.stringify({ domain: "library", tasks: { count: 2 } });
const native = ["--", "--set", "agent.kind=native", "--set", `workload=${workload}`];

test(
  "collect-metrics and sweep, with the arguments of the published comparison",
  () => {
    const url = servers[0]?.url ?? "";
    const before = join(folder.path, "before.json");
    const after = join(folder.path, "after.json");
    expectExit(door("collect-metrics", "snapshot", url, "-o", before), 0);
    const sweep = door("sweep", "2", "2", "1", "mine", ...endpoints(), ...cheap, ...native);
    expectExit(sweep, 0);
    expect(sweep.stderr).toMatch(/^tollgate sweep .*seed-001\.yaml .*sweep\.concurrency=\[2\]/);
    const run = sweep.stdout.trimEnd().split("\n").at(-1) ?? "";
    expect(run).toMatch(/\/sweep-mine-/);
    expect(episodesOf(run).map(({ arm, reward }) => [arm, reward])).toEqual(
      ["raw", "raw", "gateway", "gateway"].map((arm) => [arm, 1]),
    );
    expectExit(door("collect-metrics", "snapshot", url, "-o", after), 0);
    const delta = door("collect-metrics", "diff", before, after, "--wall-clock", "10");
    expectExit(delta, 0);
    const counted = JSON.parse(delta.stdout) as { prompt_tokens: number; wall_clock_seconds: number };
    const recorded = episodesOf(run).reduce((sum, { promptTokens }) => sum + (promptTokens ?? Number.NaN), 0);
    // The preflight asked the engine as well, before the first snapshot of the run.
    expect(counted.prompt_tokens).toBeGreaterThan(recorded);
    expect(counted.wall_clock_seconds).toBe(10);
  },
  4 * minutes,
);

test(
  "collect-trajectories stores what its recording gateway kept",
  () => {
    const collected = door(
      "collect-trajectories",
      "--num-tasks",
      "2",
      "--concurrency",
      "2",
      ...endpoints(),
      ...cheap,
      ...native,
      "--level",
      "L1",
    );
    expectExit(collected, 0);
    const run = collected.stdout.trimEnd().split("\n").at(-1) ?? "";
    const lines = readFileSync(join(run, "trajectories.jsonl"), "utf8").trimEnd().split("\n");
    expect(lines).toHaveLength(2);
  },
  4 * minutes,
);

/** What each script says it is; nothing is started. */
const translations: readonly (readonly [name: string, args: string, command: RegExp])[] = [
  [
    "start-servers",
    "--model-path /models/q --tp 2 --agent-port 31000 --user-port 31100 --context-length 65536",
    /^tollgate up \S*node-8gpu\.yaml --set stack\.basePort=31000 .*stack\.agent\.gpus=\[0,1\].*stack\.user\.gpus=\[2,3\]/,
  ],
  [
    "sweep",
    "--gateway-url http://g:8080/v1 --num-tasks 50 --seed 300",
    /"kind":"url","name":"gateway","url":"http:\/\/g:8080"/,
  ],
  [
    "collect-trajectories",
    "--gateway-url http://g:8080 --admin-api-key s3cret --openclaw-timeout 600 --num-tasks all",
    /^(?!.*s3cret).*"adminKeyEnv":"TOLLGATE_SEED_ADMIN_KEY".*limits\.turnSeconds=600/,
  ],
  [
    "collect-metrics",
    "monitor http://e:1 -i 5 -o m.csv",
    /^tollgate metrics monitor http:\/\/e:1 .*--interval 5/,
  ],
  [
    "agentbench",
    "--fast --suite memory --strict --keep-workspace --skill /skills/agentbench",
    /^tollgate sweep \S*tasks-laptop\.yaml .*folder="\/skills\/agentbench"'.*fast=true.*suite="memory"'.*strict=true.*keepWorkspace=true.*trials=1$/,
  ],
  [
    "agentbench",
    "run --task one --agent-endpoint http://e:1/v1/",
    /^tollgate sweep \S*tasks-attach\.yaml .*stack\.agent\.url="http:\/\/e:1"'.*own\/agentbench.*task="one"'/,
  ],
  ["agentbench", "list --fast --suite memory", /^tollgate tasks list --fast --suite memory$/],
  ["agentbench", "results --output-dir r", /^tollgate runs --runs r$/],
  ["agentbench", "compare @prev @last", /^tollgate compare @prev @last$/],
];

test.each(translations)("%s %s", (name, args, command) => {
  const shown = door(name, ...args.split(" "), "--dry-run");
  expectExit(shown, 0);
  expect(shown.stderr.split("\n")[0]).toMatch(command);
});

test.each([
  ["start-servers", "--user-port 1", "100 above --agent-port"],
  ["sweep", "five", "must be a whole number of 1 or more"],
  ["collect-trajectories", "--openclaw-cli x", "Unknown option '--openclaw-cli'"],
  ["collect-metrics", "frobnicate", "snapshot, diff, monitor, analyze"],
  ["agentbench", "frobnicate", "run, list, results, compare"],
  ["agentbench", "compare one", "compare needs two runs"],
  ["agentbench", "list --strict", "--strict means nothing here"],
  ["agentbench", "run extra", "What is extra?"],
])("%s %s is refused, with the usage", (name, args, says) => {
  const refused = door(name, ...args.split(" "));
  expectExit(refused, 2);
  expect(refused.stderr).toContain(says);
  expect(refused.stderr).toContain(`usage: node scripts/${name}.ts`);
  expect(door(name, "--help").stdout).toMatch(/is tollgate (up|sweep|collect|metrics)/);
});
