import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { stackSchema } from "../../../bench/config/stack-schema.ts";
import type { DockerStackSpec } from "../../../bench/config/docker-schema.ts";
import { dockerRunLine } from "../../../bench/docker/container-spec.ts";
import { planEngine } from "../../../bench/stack/docker/engine-container.ts";
import { placementProblems } from "../../../bench/stack/docker/placement.ts";
import { portsOf } from "../../../bench/stack/docker/ports.ts";
import { servingSha256 } from "../../../bench/stack/docker/warm-container.ts";

const home = mkdtempSync(join(tmpdir(), "tollgate-home-"));
afterAll(() => rmSync(home, { recursive: true }));

const stack = (changes: Readonly<Record<string, unknown>> = {}): DockerStackSpec => {
  const parsed = stackSchema.parse({
    kind: "docker",
    model: "Qwen/Qwen3-32B",
    agent: { gpus: [0, 1, 2, 3] },
    user: { gpus: [4, 5, 6, 7] },
    ...changes,
  });
  if (parsed.kind !== "docker") throw new Error("not a docker stack");
  return parsed;
};
const plan = (role: "agent" | "user", spec: DockerStackSpec, machine = {}) =>
  planEngine(role, spec, { home, machine, name: `tollgate-x-${role}`, labels: {} });
const lineOf = (role: "agent" | "user", spec: DockerStackSpec) =>
  dockerRunLine({ ...plan(role, spec).container, labels: {} });
const refusal = (changes: Readonly<Record<string, unknown>>) =>
  stackSchema
    .safeParse({ kind: "docker", model: "m", agent: { gpus: [0] }, user: { gpus: [1] }, ...changes })
    .error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);

/** A Hugging Face cache with one snapshot whose weights are links into `blobs`, as its own client writes them. */
function hubCache(model: string): string {
  const repository = join(home, ".cache/huggingface/hub", `models--${model.replace("/", "--")}`);
  const snapshot = join(repository, "snapshots", "abc");
  mkdirSync(join(repository, "refs"), { recursive: true });
  mkdirSync(join(repository, "blobs"));
  mkdirSync(snapshot, { recursive: true });
  writeFileSync(join(repository, "refs", "main"), "abc\n");
  writeFileSync(join(repository, "blobs", "w1"), "0123456789");
  symlinkSync("../../blobs/w1", join(snapshot, "model-1.safetensors"));
  symlinkSync("../../blobs/w2", join(snapshot, "model-2.safetensors"));
  writeFileSync(join(snapshot, "config.json"), "{}");
  const map = { a: "model-1.safetensors", b: "model-2.safetensors" };
  const index = { metadata: { total_size: 20 }, weight_map: map };
  writeFileSync(join(snapshot, "model.safetensors.index.json"), JSON.stringify(index));
  return repository;
}

test("the command line of a server that downloads its model", () => {
  const cache = join(home, ".cache/huggingface");
  expect(
    lineOf("agent", stack({ agent: { gpus: [0, 1, 2, 3], radixCache: false, deterministic: true } })),
  ).toBe(
    "docker run --detach --name tollgate-x-agent --network host --ipc private --shm-size 32g --ulimit memlock=-1 " +
      "--ulimit stack=67108864 --gpus '\"device=0,1,2,3\"' " +
      `--mount type=bind,source=${cache},target=/huggingface --env HF_HOME=/huggingface ` +
      "--env TRITON_CACHE_DIR=/tmp/tollgate/agent/triton --env TORCHINDUCTOR_CACHE_DIR=/tmp/tollgate/agent/inductor " +
      "--env HF_TOKEN lmsysorg/sglang:v0.5.10.post1 python3 -m sglang.launch_server --model-path Qwen/Qwen3-32B " +
      "--served-model-name Qwen3-32B --host 127.0.0.1 --port 30000 --nccl-port 30050 --tp-size 4 " +
      "--tool-call-parser qwen25 --enable-metrics --enable-cache-report --enable-deterministic-inference --disable-radix-cache",
  );
});

test("every field becomes its flag; replicas find their own NCCL ports", () => {
  const user = {
    gpus: ["4", "5", "6", "7"].map(Number),
    dp: 2,
    contextLength: 32_768,
    memFractionStatic: 0.8,
    toolCallParser: "qwen3_coder",
    reasoningParser: "qwen3",
    quantization: "fp8",
    dtype: "bfloat16",
    maxRunningRequests: 64,
    extraArgs: ["--kv-cache-dtype", "fp8_e5m2"],
    extraEnv: { SGLANG_X: "1" },
    cpus: "0-31",
    memoryNodes: "0",
    ipc: "host",
    ulimits: {},
    volumes: ["/data:/data:ro"],
    servedModel: "user-model",
  };
  const { container } = plan("user", stack({ basePort: 40_000, user }));
  expect(container.command?.slice(3).join(" ")).toBe(
    "--model-path Qwen/Qwen3-32B --served-model-name user-model --host 127.0.0.1 --port 40100 --tp-size 2 --dp-size 2 " +
      "--context-length 32768 --mem-fraction-static 0.8 --quantization fp8 --dtype bfloat16 --max-running-requests 64 " +
      "--tool-call-parser qwen3_coder --reasoning-parser qwen3 --enable-metrics --enable-cache-report --kv-cache-dtype fp8_e5m2",
  );
  expect(container).toMatchObject({
    cpusetCpus: "0-31",
    cpusetMems: "0",
    ipc: "host",
    shmBytes: null,
    ulimits: [],
    gpus: ["4", "5", "6", "7"],
  });
  expect(container.volumes.at(-1)).toEqual({ source: "/data", target: "/data", readOnly: true });
  expect(container.environment).toMatchObject({ SGLANG_X: "1" });
});

test("a model that is complete is mounted read-only and Hugging Face is not asked", () => {
  const repository = hubCache("Qwen/Small");
  const spec = stack({ model: "Qwen/Small" });
  const partial = plan("agent", spec, { https_proxy: "http://user:secret@proxy:1" });
  expect(partial.model).toMatchObject({
    state: "partial",
    presentBytes: 10,
    totalBytes: 20,
    revision: "abc",
  });
  expect(partial.model.remark).toBe("1 of 2 weight files are missing, model-2.safetensors first");
  expect(partial.container.volumes[0]?.readOnly).toBe(false);
  expect(partial.container.secretEnvironment).toEqual(["HF_TOKEN", "https_proxy"]);
  expect(JSON.stringify(partial.container)).not.toContain("secret@");
  writeFileSync(join(repository, "blobs", "w2"), "0123456789");
  const complete = plan("agent", spec);
  expect(complete.model).toMatchObject({ state: "complete", presentBytes: 20, remark: null });
  expect(complete.downloadFolder).toBeNull();
  expect(complete.container.volumes[0]).toMatchObject({ target: "/huggingface", readOnly: true });
  expect(complete.container.environment).toMatchObject({ HF_HUB_OFFLINE: "1" });
  // A server that was started while its model was loaded down may serve later sweeps.
  expect(servingSha256(complete.container)).toBe(servingSha256(partial.container));
  expect(servingSha256(complete.container)).not.toBe(servingSha256(plan("user", spec).container));

  // A snapshot given as a folder needs the blobs beside it.
  const folder = plan("agent", stack({ model: join(repository, "snapshots", "abc") }));
  expect(folder.container.volumes[0]).toEqual({ source: repository, target: repository, readOnly: true });
  expect(folder.servedModel).toBe("abc");
});

test("a folder without its weights is not complete", () => {
  const folder = join(home, "empty-model");
  mkdirSync(folder);
  expect(plan("agent", stack({ model: folder })).model).toMatchObject({
    state: "missing",
    remark: `${folder} has no config.json`,
  });
  writeFileSync(join(folder, "config.json"), "{}");
  expect(plan("agent", stack({ model: folder })).model.state).toBe("partial");
  cpSync(join(folder, "config.json"), join(folder, "model.safetensors"));
  expect(plan("agent", stack({ model: folder })).model).toMatchObject({ state: "complete", totalBytes: 2 });
});

test("GPUs in both lists, twice, not there, or not tp x dp of them are named", () => {
  const gpus = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      index,
      name: "H100",
      uuid: `GPU-${index}a`,
      memoryTotalMiB: 81_559,
      memoryUsedMiB: 0,
      driver: "1",
    }));
  const problems = (agent: object, user: object, present = gpus(8)) =>
    placementProblems(stack({ agent, user }), present);
  expect(problems({ gpus: [0, 1] }, { gpus: [2, 3] })).toEqual([]);
  expect(placementProblems(stack({ agent: { gpus: [90] }, user: { gpus: [91] } }), null)).toEqual([]);
  expect(problems({ gpus: [0, 1], tp: 4 }, { gpus: [2, 3, 4], dp: 2 })).toEqual([
    "stack.agent has 2 GPUs for tp 4 x dp 1 = 4. Change gpus, tp or dp.",
    "stack.user has 3 GPUs for tp 1 x dp 2 = 2. Change gpus, tp or dp.",
  ]);
  expect(problems({ gpus: [0, 0] }, { gpus: [8] })).toEqual([
    "stack.agent.gpus names 0 twice.",
    "stack.user.gpus names 8, but nvidia-smi -L shows 0, 1, 2, 3, 4, 5, 6, 7.",
  ]);
  expect(problems({ gpus: [1] }, { gpus: ["GPU-1a"] })).toEqual([
    "GPU 1 is in stack.agent.gpus and in stack.user.gpus: two servers on one GPU measure each other.",
  ]);
});

test("what would make a server lie or two servers one is refused where it is written", () => {
  expect(refusal({ agent: { gpus: [0], extraArgs: ["--port", "1"] } })?.[0]).toMatch(
    /^agent.extraArgs: has a flag that a field/,
  );
  expect(refusal({ agent: { gpus: [0], extraEnv: { PROMETHEUS_MULTIPROC_DIR: "/x" } } })?.[0]).toMatch(
    /^agent.extraEnv: PROMETHEUS_MULTIPROC_DIR must not be set/,
  );
  expect(refusal({ agent: { gpus: [] } })?.[0]).toMatch(/^agent.gpus: /);
  expect(refusal({ agent: { gpus: [0], shmSize: "much" } })).toEqual([
    "agent.shmSize: write a size such as 32g",
  ]);
  expect(refusal({ onEngineDeath: { restart: 2 } })).toBeUndefined();
  expect(refusal({ onEngineDeath: "again" })?.[0]).toMatch(/^onEngineDeath: /);
});

test("ports of the two servers stay apart, those included that SGLang takes by itself", () => {
  const { agent, user } = portsOf(stack());
  // With data-parallel attention SGLang takes its HTTP port + 233 and the next ones.
  const taken = ({ http, nccl }: typeof agent) => [
    http,
    nccl,
    ...Array.from({ length: 30 }, (_, i) => http + 233 + i),
  ];
  expect(new Set([...taken(agent), ...taken(user)]).size).toBe(64);
});
