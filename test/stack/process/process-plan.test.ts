import { expect, test } from "vitest";
import { processStackSchema } from "../../../bench/config/process-schema.ts";
import type { Gpu } from "../../../bench/host/gpus.ts";
import { engineCommand, shownCommand } from "../../../bench/stack/process/engine-command.ts";
import { planProcesses, processProblems } from "../../../bench/stack/process/process-plan.ts";

const serve = { command: ["serve", "--port", "{port}"] };
const stackOf = (agent: object = {}, user: object = {}) =>
  processStackSchema.parse({ kind: "process", agent: { ...serve, ...agent }, user: { ...serve, ...user } });
const gpu = (index: number): Gpu => ({
  index,
  name: "H200",
  uuid: `GPU-0${index}`,
  memoryTotalMiB: 1,
  memoryUsedMiB: 0,
  driver: "1",
});
const issuesOf = (agent: object) =>
  processStackSchema
    .safeParse({ kind: "process", agent, user: { kind: "simulator" } })
    .error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);

test.each<[what: string, agent: object, message: RegExp]>([
  ["a command without a port", { command: ["serve"] }, /^agent\.command: does not say where to listen/],
  [
    "a brace that is none",
    { command: ["serve", "{{port}"] },
    /^agent\.command: does not say where to listen/,
  ],
  [
    "GPUs behind Tollgate's back",
    { ...serve, environment: { CUDA_VISIBLE_DEVICES: "1" } },
    /^agent\.environment\.CUDA_VISIBLE_DEVICES: .*name the GPUs in gpus/,
  ],
  ["shared counters", { ...serve, environment: { PROMETHEUS_MULTIPROC_DIR: "/x" } }, /merges the counters/],
])("%s is refused", (_, agent, message) => {
  expect(issuesOf(agent)?.[0]).toMatch(message);
});

test.each([
  { ...serve },
  { command: ["serve", "--listen={port}"] },
  { command: ["serve"], environment: { PORT: "{port}" } },
  { command: ["serve"], port: 8080 },
])("a server that can be told its port, or has one: %j", (agent) => {
  expect(issuesOf(agent)).toBeUndefined();
});

test("the servers' commands are planned as a shell takes them, keys as variables", () => {
  const stack = stackOf({
    command: ["/opt/v env/python", "-m", "sglang.launch_server", "--port={port}", "--api-key", "{engineKey}"],
    environment: { HF_TOKEN: "${HF_TOKEN}" },
    apiKeyEnv: "MY_KEY",
    gpus: [2, "GPU-0a"],
    workingDirectory: "/srv",
    port: 30_000,
  });
  expect(planProcesses(stack, null, ["agent", "user"]).servers[0]).toEqual({
    role: "agent",
    command:
      "cd /srv && env CUDA_DEVICE_ORDER=PCI_BUS_ID CUDA_VISIBLE_DEVICES=2,GPU-0a HF_TOKEN=${HF_TOKEN} '/opt/v env/python' -m sglang.launch_server --port=30000 --api-key $MY_KEY",
    gpus: ["2", "GPU-0a"],
    startSeconds: 1800,
  });
  expect(planProcesses(stack, null, ["agent", "user"]).servers[1]?.command).toBe("serve --port $PORT");
  expect(planProcesses(stack, null, ["agent"]).servers.map(({ role }) => role)).toEqual(["agent"]);
});

interface Placed {
  readonly what: string;
  readonly agent: object;
  readonly user: object;
  readonly present: readonly Gpu[] | null;
  readonly problems: readonly unknown[];
}

test.each<Placed>([
  {
    what: "disjoint GPUs",
    agent: { gpus: [0] },
    user: { gpus: [1] },
    present: [gpu(0), gpu(1)],
    problems: [],
  },
  { what: "none named", agent: {}, user: {}, present: [gpu(0)], problems: [] },
  { what: "none wanted", agent: { gpus: [] }, user: { gpus: [] }, present: null, problems: [] },
  {
    what: "one GPU in both lists",
    agent: { gpus: [0] },
    user: { gpus: [0] },
    present: null,
    problems: [expect.stringMatching(/^GPU 0 is in stack\.agent\.gpus and in stack\.user\.gpus/)],
  },
  {
    what: "the same by number and UUID",
    agent: { gpus: [0] },
    user: { gpus: ["GPU-00"] },
    present: [gpu(0)],
    problems: [expect.stringMatching(/^GPU 0 is in stack\.agent\.gpus and/)],
  },
  {
    what: "one that is not there",
    agent: { gpus: [7] },
    user: { gpus: [0] },
    present: [gpu(0)],
    problems: ["stack.agent.gpus names 7, but nvidia-smi -L shows 0."],
  },
  {
    what: "the same port",
    agent: { port: 8000 },
    user: { port: 8000 },
    present: null,
    problems: [expect.stringMatching(/are both 8000/)],
  },
])("what is wrong with a stack before it is started: $what", ({ agent, user, present, problems }) => {
  expect(processProblems(stackOf(agent, user), present)).toEqual(problems);
});

test("files show a reference in place of every key, however it got into the command", () => {
  const stack = stackOf({
    command: [
      "serve",
      "--port",
      "{port}",
      "--api-key",
      "{engineKey}",
      "--hub=hf_abcdef123",
      "--token",
      "written-out",
    ],
    environment: { HF_TOKEN: "hf_abcdef123", OTHER_SECRET: "written-out-too", OMP_NUM_THREADS: "1" },
  });
  if (stack.agent.kind === "simulator") throw new Error("it is a command");
  const driver = { HF_TOKEN: "hf_abcdef123", ENGINE_KEY: "sk-0123456", PATH: "/bin", SHORT_KEY: "1" };
  const command = engineCommand(stack.agent, {
    port: "1",
    metricsPort: "2",
    engineKey: "sk-0123456",
    logs: "/l",
  });
  const shown = shownCommand(command, driver);
  expect(shown.words).toEqual([
    "serve",
    "--port",
    "1",
    "--api-key",
    "${ENGINE_KEY}",
    "--hub=${HF_TOKEN}",
    "--token",
    "<redacted>",
  ]);
  expect(shown.environment).toEqual({
    HF_TOKEN: "${HF_TOKEN}",
    OTHER_SECRET: "<redacted>",
    OMP_NUM_THREADS: "1",
  });
});
