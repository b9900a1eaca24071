import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { dockerPlanText, gpuHours } from "../../../bench/commands/docker-plan.ts";
import { dockerStackSchema } from "../../../bench/config/docker-schema.ts";
import { planDocker } from "../../../bench/stack/docker/docker-plan.ts";

const home = mkdtempSync(join(tmpdir(), "tollgate-plan-"));
afterAll(() => rmSync(home, { recursive: true }));
const model = join(home, "Qwen3-235B");
mkdirSync(model);
writeFileSync(
  join(model, "config.json"),
  JSON.stringify({
    hidden_size: 4096,
    num_hidden_layers: 94,
    num_attention_heads: 64,
    num_key_value_heads: 4,
    head_dim: 128,
    vocab_size: 151_936,
    intermediate_size: 12_288,
    max_position_embeddings: 262_144,
    torch_dtype: "bfloat16",
    num_experts: 128,
    moe_intermediate_size: 1536,
  }),
);

const plan = (role: object, changes: object = {}, roles: readonly ("agent" | "user")[] = ["agent", "user"]) =>
  planDocker(
    dockerStackSchema.parse({
      kind: "docker",
      model,
      gpuMemoryGiB: 80,
      agent: { gpus: [0, 1, 2, 3], ...role },
      user: { gpus: [4, 5, 6, 7], ...role },
      ...changes,
    }),
    {
      experiment: "x",
      home,
      machine: { HF_HUB_OFFLINE: "1" },
      gpus: null,
      outputDirectory: home,
      evidenceBytes: 5e9,
      contained: [{ name: "gateway", index: 1 }],
      roles,
    },
  );

test("Qwen3-235B in bf16 on 4 x 80 GB is refused for both servers, with what to do; FP8 is accepted", async () => {
  const { problems, engines } = await plan({});
  expect(problems).toEqual(
    ["agent", "user"].map(
      (role) =>
        `stack.${role}: ${model} does not fit 4 GPUs: its weights are 117.5 GB per GPU, and there is room for 75.6 GB. Use a quantized model (FP8), more GPUs, or a smaller one.`,
    ),
  );
  expect(engines.map(({ memory }) => memory.known && memory.answer.verdict)).toEqual([
    "weights-too-large",
    "weights-too-large",
  ]);
  expect((await plan({ quantization: "fp8" })).problems).toEqual([]);
  const cramped = await plan({ quantization: "fp8", memFractionStatic: 0.72 });
  expect(cramped.problems[0]).toMatch(
    /the KV cache holds \d+ tokens, less than one prompt of 262144\. Set a smaller/,
  );
});

test("ports, disk and GPU-hours are in the text; what is not known says so", async () => {
  const planned = await plan({ quantization: "fp8" });
  expect(planned.ports.map(({ port, what }) => `${port} ${what}`)).toEqual([
    "30000 agent engine",
    "30050 agent engine, NCCL",
    "30100 user engine",
    "30150 user engine, NCCL",
    "30410 arm gateway",
  ]);
  expect(gpuHours(planned, 1800)).toBe(4);
  const text = dockerPlanText(planned, 1800);
  expect(text).toContain(
    "GPUs: 8 needed, cannot be checked here: no nvidia-smi; 4.0 GPU-hours for the cells",
  );
  expect(text).toContain("disk: records and evidence: 5.0 GB; ");
  expect(dockerPlanText(planned, null)).toContain("GPU-hours are not known before something was measured");
  const hub = await plan({}, { model: "org/model" });
  expect(hub.engines[0]?.memory).toEqual({
    known: false,
    why: "the config.json of the model is not known here",
  });
  expect(hub.disk[0]).toMatchObject({ what: "weights of org/model", neededBytes: null });
  expect(hub.problems).toEqual([]);
});

test("more to download than there is room for is a problem", async () => {
  const repository = join(home, ".cache/huggingface/hub/models--org--huge");
  const snapshot = join(repository, "snapshots", "r");
  mkdirSync(join(repository, "refs"), { recursive: true });
  mkdirSync(snapshot, { recursive: true });
  writeFileSync(join(repository, "refs", "main"), "r");
  writeFileSync(join(snapshot, "config.json"), "{}");
  const index = { metadata: { total_size: 1e18 }, weight_map: { a: "model.safetensors" } };
  writeFileSync(join(snapshot, "model.safetensors.index.json"), JSON.stringify(index));
  const { problems } = await plan({}, { model: "org/huge" });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(
    /^weights of org\/huge need 1000000000\.0 GB and .*huggingface has [\d.]+ GB free\.$/,
  );
});

test("a workload without a user has no engine, no GPUs and no ports of one", async () => {
  const { engines, gpus, ports } = await plan({ quantization: "fp8" }, {}, ["agent"]);
  expect(engines.map(({ role }) => role)).toEqual(["agent"]);
  expect(gpus.needed).toBe(4);
  expect(ports.map(({ what }) => what)).toEqual(["agent engine", "agent engine, NCCL", "arm gateway"]);
});
