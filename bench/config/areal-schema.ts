import { z } from "zod";
import { armName } from "./arm-name.ts";
import { baseUrl } from "./base-url.ts";
import { container } from "./container-schema.ts";
import { armPathSetting } from "./path-setting.ts";
import { rewrites } from "./rewrites-schema.ts";

/**
 * `kind: areal` among the arms: AReaL's inference service. The mode says who starts what, and with that what can be
 * measured:
 *
 * | mode       | AReaL's processes are started by     | engine behind it   | inner tap | who exports    |
 * | ---------- | ------------------------------------ | ------------------ | --------- | -------------- |
 * | controller | its own RolloutControllerV2          | the experiment's   | yes       | Tollgate       |
 * | cli        | `areal inf run`                      | AReaL's own        | no        | Tollgate       |
 * | manual     | Tollgate, one by one                 | the experiment's   | yes       | Tollgate       |
 * | url        | somebody else                        | not known          | optional  | Tollgate       |
 *
 * Controller and command line start processes of their own, which need GPUs or each other: for them Tollgate itself runs
 * inside AReaL's image. Only where the engine is the experiment's can the arm be compared with `raw` pair by pair.
 */
const interpreter = {
  python: armPathSetting("program")
    .default("python3")
    .describe("Interpreter that can import areal; in AReaL's image python3"),
  package: z
    .string()
    .default("areal.v2.inference_service")
    .describe("Python package of the service; areal.experimental.inference_service in AReaL v1.0.x"),
  checkout: armPathSetting()
    .optional()
    .describe("AReaL checkout to put on PYTHONPATH; absent where it is installed"),
  environment: z
    .record(z.string(), z.string())
    .default({})
    .describe("Further environment of AReaL's processes; write keys as ${NAME} of a variable of yours"),
};

/** What AReaL's data proxy must know, because it renders prompts and reads tool calls itself. */
const rendering = {
  toolCallParser: z
    .string()
    .default("qwen25")
    .describe(
      "--tool-call-parser of the data proxy, by SGLang's names; as the engine's own, or calls differ",
    ),
  reasoningParser: z.string().default("qwen3").describe("--reasoning-parser of the data proxy"),
  engineMaxTokens: z
    .number()
    .int()
    .positive()
    .optional()
    .describe(
      "--engine-max-tokens: longest prompt plus output; default: the engine's context length. AReaL's own default is 32768",
    ),
  requestSeconds: z
    .number()
    .positive()
    .optional()
    .describe(
      "Longest generation that the data proxy waits for, in seconds; default: limits.callSeconds + 30. The gateway waits " +
        "60 seconds longer, because it sends a request again after its own time-out",
    ),
};

const base = { name: armName.default("areal"), kind: z.literal("areal"), rewrites };

const tokenizerPath = armPathSetting("path-or-id").describe(
  "Folder with the model's tokenizer and chat template, or a Hugging Face id",
);

const arealControllerArm = z.strictObject({
  ...base,
  mode: z.literal("controller"),
  ...interpreter,
  ...rendering,
  tokenizerPath,
});

const arealCliArm = z.strictObject({
  ...base,
  mode: z.literal("cli"),
  ...interpreter,
  ...rendering,
  modelPath: armPathSetting("path-or-id").describe(
    "--model-path of `areal inf run`: the weights of the engine that AReaL starts",
  ),
  backend: z
    .string()
    .regex(/^(sglang|vllm):[dtp\d]+$/, "write a backend such as sglang:d1t4")
    .default("sglang:d1t4")
    .describe("--backend of `areal inf run`: d = replicas, t = GPUs of each"),
  gpus: z
    .array(z.number().int().nonnegative())
    .optional()
    .describe("GPUs that AReaL may use (CUDA_VISIBLE_DEVICES)"),
  engineArguments: z.string().default("").describe("--engine-args of `areal inf run`"),
});

const arealManualArm = z.strictObject({
  ...base,
  mode: z.literal("manual"),
  ...interpreter,
  ...container,
  ...rendering,
  tokenizerPath,
});

const arealUrlArm = z.strictObject({
  ...base,
  mode: z.literal("url"),
  url: baseUrl().describe("Base URL of the running gateway, with or without /v1"),
  adminKeyEnv: z.string().describe("Environment variable that holds the gateway's admin key"),
  dataProxyUrls: z
    .array(baseUrl())
    .default([])
    .describe("Its data proxies, for the check that no session and no tensor is left between cells"),
  innerTapPort: z
    .number()
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe(
      "Port at which Tollgate's inner tap listens; start the data proxy with --backend-addr http://127.0.0.1:PORT",
    ),
});

export const arealArm = z.discriminatedUnion("mode", [
  arealControllerArm,
  arealCliArm,
  arealManualArm,
  arealUrlArm,
]);

export type ArealArmSpec = z.infer<typeof arealArm>;
export type ArealManualSpec = z.infer<typeof arealManualArm>;
export type ArealControllerSpec = z.infer<typeof arealControllerArm>;
export type ArealCliSpec = z.infer<typeof arealCliArm>;
export type ArealUrlSpec = z.infer<typeof arealUrlArm>;
