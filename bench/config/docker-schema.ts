import { z } from "zod";
import { gpu, onEngineDeath } from "./engine-death.ts";
import { pathSetting } from "./path-setting.ts";

/** `stack: {kind: docker}` of an experiment: two model servers in containers on one node, each on its own GPUs. */

const size = z.string().regex(/^\d+[kmg]?$/i, "write a size such as 32g");
const cpuList = z.string().regex(/^\d+(-\d+)?(,\d+(-\d+)?)*$/, "write a list such as 0-31,64-95");
const volume = z
  .string()
  .regex(/^\/[^:]+:\/[^:]+(:ro|:rw)?$/, "write /folder/here:/folder/there, with :ro for read-only");

/** Environment of a server. Variables that would make two servers one are refused. */
const serverEnvironment = z
  .record(z.string().regex(/^[A-Za-z_]\w*$/), z.string())
  .refine((variables) => !("PROMETHEUS_MULTIPROC_DIR" in variables), {
    message:
      "PROMETHEUS_MULTIPROC_DIR must not be set: SGLang then merges the counters of other servers into its own",
  })
  .default({});

/** Flags that Tollgate sets from fields, because it must know their values. */
const ownedFlags =
  /^--(model-path|model|served-model-name|host|port|nccl-port|tp|tp-size|tensor-parallel-size|dp|dp-size|data-parallel-size|enable-metrics|enable-cache-report|context-length|mem-fraction-static|tool-call-parser|reasoning-parser|disable-radix-cache|enable-deterministic-inference|quantization|dtype|max-running-requests|base-gpu-id|api-key|admin-api-key)(=|$)/;

export const dockerEngineSchema = z
  .strictObject({
    gpus: z
      .array(gpu)
      .min(1)
      .describe("GPUs of this server, as nvidia-smi numbers them (or UUIDs); no GPU may be in both lists"),
    image: z.string().optional().describe("Another image than stack.image"),
    model: pathSetting("path-or-id")
      .optional()
      .describe("Another model than stack.model: a local folder or a HF id"),
    servedModel: z.string().optional().describe("Name that requests ask for; default: stack.servedModel"),
    tp: z
      .number()
      .int()
      .positive()
      .optional()
      .describe("Tensor parallel size; default: number of GPUs / dp. tp x dp must be the number of GPUs"),
    dp: z.number().int().positive().default(1).describe("Data parallel size: replicas of the model"),
    contextLength: z
      .number()
      .int()
      .positive()
      .optional()
      .describe("--context-length: longest prompt plus output, in tokens; default: what the model has"),
    memFractionStatic: z
      .number()
      .positive()
      .max(1)
      .optional()
      .describe("--mem-fraction-static: share of a GPU's memory for weights and KV cache; default: SGLang's"),
    toolCallParser: z
      .string()
      .nullable()
      .default("qwen25")
      .describe("--tool-call-parser; without the right one tool calls stay text and every episode fails"),
    reasoningParser: z
      .string()
      .optional()
      .describe("--reasoning-parser; without it <think> stays in the text"),
    radixCache: z
      .boolean()
      .default(true)
      .describe("false adds --disable-radix-cache: no prefix is kept between requests"),
    deterministic: z
      .boolean()
      .default(false)
      .describe("--enable-deterministic-inference: equal answers at any batch size, slower by about a third"),
    quantization: z.string().optional().describe("--quantization, e.g. fp8; default: what the model says"),
    dtype: z.string().optional().describe("--dtype, e.g. bfloat16; default: what the model says"),
    maxRunningRequests: z.number().int().positive().optional().describe("--max-running-requests"),
    extraArgs: z
      .array(z.string())
      .refine((words) => !words.some((word) => ownedFlags.test(word)), {
        message: "has a flag that a field of its own sets; use the field, so that Tollgate knows the value",
      })
      .default([])
      .describe("Further words of SGLang's command line, as they are"),
    extraEnv: serverEnvironment.describe(
      "Further environment of the server; write keys as ${NAME} of a variable of yours, or name them in passEnv",
    ),
    passEnv: z
      .array(z.string())
      .default(["HF_TOKEN"])
      .describe(
        "Names of variables of the driver to pass on where they are set; their values are never recorded",
      ),
    cpus: cpuList.optional().describe("CPUs the server may use (--cpuset-cpus), e.g. those near its GPUs"),
    memoryNodes: cpuList.optional().describe("NUMA nodes it takes memory from (--cpuset-mems)"),
    startSeconds: z
      .number()
      .positive()
      .default(1800)
      .describe("Longest time from the start of the container to the first answer, in seconds"),
    shmSize: size.default("32g").describe("Size of its /dev/shm, which NCCL needs; not used with ipc: host"),
    ipc: z
      .enum(["private", "host"])
      .default("private")
      .describe(
        "private: what a killed server leaves in shared memory goes with its container; host: as SGLang's guide has it",
      ),
    ulimits: z
      .record(z.string(), z.number().int().min(-1))
      .default({ memlock: -1, stack: 67_108_864 })
      .describe("Limits, soft and hard alike; -1 = none"),
    volumes: z.array(volume).default([]).describe("Further mounts, /here:/there[:ro]"),
  })
  .describe("A model server in a container");

export const dockerStackSchema = z.strictObject({
  kind: z.literal("docker"),
  image: z
    .string()
    .default("lmsysorg/sglang:v0.5.10.post1")
    .describe("Image of both servers; pinned, because prompts and metric names change between versions"),
  pull: z
    .enum(["missing", "always", "never"])
    .default("missing")
    .describe("When to pull images; never: an image that is not here is an error"),
  model: pathSetting("path-or-id").describe(
    "Folder with the weights, beginning with / or ./, or a Hugging Face id such as Qwen/Qwen3-32B",
  ),
  servedModel: z.string().optional().describe("Name that requests ask for; default: last part of the model"),
  cache: pathSetting()
    .default("~/.cache/huggingface")
    .describe(
      "Hugging Face cache of this machine; mounted read-only, offline, when the model is complete in it",
    ),
  gpuMemoryGiB: z
    .number()
    .positive()
    .optional()
    .describe("Memory of one GPU, for plans on a machine without them; nvidia-smi is asked where it is"),
  simulated: z
    .boolean()
    .default(false)
    .describe("The image is Tollgate's simulator. /server_info must agree, so that no run hides it"),
  basePort: z
    .number()
    .int()
    .min(1024)
    .max(65_000)
    .default(30_000)
    .describe("First port; every other one follows from it (`tollgate plan` lists them)"),
  onEngineDeath,
  agent: dockerEngineSchema,
  user: dockerEngineSchema,
});

export type DockerStackSpec = z.infer<typeof dockerStackSchema>;
export type DockerEngineSpec = z.infer<typeof dockerEngineSchema>;
