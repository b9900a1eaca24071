import { z } from "zod";
import { arealArm } from "./areal-schema.ts";
import { armName } from "./arm-name.ts";
import { rewrites } from "./rewrites-schema.ts";
import { baseUrl, pageUrl } from "./base-url.ts";
import { container } from "./container-schema.ts";
import { headersSetting } from "./header-schema.ts";
import { armPlaceholders, refuseUnknownPlaceholders } from "./placeholders.ts";
import { armCommandSetting, armPathSetting } from "./path-setting.ts";
import { reasoningParsers, recordingLevels, toolCallParsers } from "./recording-choices.ts";

/** `arms:` of an experiment: the ways to reach the agent engine. */
const port = z.number().int().min(1).max(65_535);

const outerTapOnly = z
  .literal(false)
  .optional()
  .describe(
    "false: no tap in front of the engine, so that it is compared with an arm of kind url without innerTapPort on equal terms",
  );

const rawArm = z.strictObject({
  name: armName.default("raw"),
  kind: z.literal("raw"),
  rewrites,
  innerTap: outerTapOnly,
});

const gatewayArm = z.strictObject({
  name: armName.default("gateway"),
  kind: z.literal("gateway"),
  rewrites,
  level: z
    .enum(recordingLevels)
    .optional()
    .describe(
      "What is recorded; default L0: text, for latency. L1: token ids, streaming simulated, TTFT not comparable. L2: token ids with true streaming",
    ),
  tokenizer: armPathSetting()
    .optional()
    .describe("L2: folder of the model's tokenizer.json and chat template; embedded engines bring their own"),
  toolCallParser: z
    .enum(toolCallParsers)
    .optional()
    .describe("L2: how the model writes tool calls; default qwen25"),
  reasoningParser: z
    .enum(reasoningParsers)
    .optional()
    .describe("L2: how the model marks its reasoning; default none"),
  image: container.image,
  volumes: container.volumes.unwrap().optional(),
});

/** The placebo: what a gateway costs that does nothing. Started by Tollgate, a process of its own. */
const nullProxyArm = z.strictObject({
  name: armName.default("null-proxy"),
  kind: z.literal("null-proxy"),
  rewrites,
  innerTap: outerTapOnly,
});

/**
 * A gateway that runs already. Its upstream is not Tollgate's to set, so nothing is known about the hop behind it (every
 * failed request is its own, no share of the time is the engine's), unless it was pointed at `innerTapPort`.
 */
const urlArm = z.strictObject({
  name: armName,
  kind: z.literal("url"),
  rewrites,
  url: baseUrl().describe(
    "Base URL of an OpenAI-compatible gateway, with or without /v1; it must forward to the agent engine",
  ),
  apiKeyEnv: z.string().optional().describe("Environment variable that holds the gateway's API key"),
  headers: headersSetting.describe(
    "Headers that every request to it gets, in place of the agent's own of that name; keys as ${NAME}",
  ),
  metricsUrl: pageUrl()
    .optional()
    .describe("Prometheus page of the gateway; kept as evidence around every cell"),
  innerTapPort: port
    .optional()
    .describe(
      "Port at which Tollgate's inner tap listens; set the gateway's upstream to http://127.0.0.1:PORT and its hop is measured",
    ),
});

const placeholders = `${Object.entries(armPlaceholders)
  .map(([name, what]) => `{${name}} (${what})`)
  .join(", ")} are filled in`;

/** A name below the folder that the files go to. */
const fileName = z
  .string()
  .regex(/^[\w.-]+(\/[\w.-]+)*$/, "write a file name, with folders where needed, such as conf/nginx.conf")
  .refine((text) => !text.split("/").includes(".."), "must lie below the folder");

/** A gateway that Tollgate starts from a command line, and ends with the run. */
const commandArm = z
  .strictObject({
    name: armName,
    kind: z.literal("command"),
    rewrites,
    command: armCommandSetting().describe(`Program and arguments; no shell reads them. ${placeholders}`),
    environment: z
      .record(z.string(), z.string())
      .default({})
      .describe(
        `Further environment; the place for keys, as \${NAME} of a variable of yours: files then hold the reference and never the value. ${placeholders}`,
      ),
    files: z
      .record(fileName, z.string())
      .optional()
      .describe(
        `Files that it reads, name: content, written before its start to a folder that is gone after the run. ${placeholders}`,
      ),
    headers: headersSetting.describe(
      `Headers that every request to it gets, in place of the agent's own of that name; keys as \${NAME}. ${placeholders}`,
    ),
    workingDirectory: armPathSetting().optional().describe("Folder to start it in; default: the current one"),
    ...container,
    ready: z
      .strictObject({
        path: z.string().startsWith("/").default("/v1/models").describe("Asked with GET until it answers"),
        status: z.number().int().min(100).max(599).default(200).describe("Status that means ready"),
      })
      .optional()
      .describe(
        "What shows that it serves; default: any answer to GET /v1/models that stays the same, but for 429, 502, 503 and 504",
      ),
    basePath: z
      .string()
      .regex(/^(\/[^/]+)*$/, "write a path such as /openai, without a slash at its end")
      .default("")
      .describe("Path before /v1, where its API is not at the root"),
    metricsPath: z
      .string()
      .startsWith("/")
      .optional()
      .describe("Its Prometheus page, at {metricsPort} when the command names that port, else at {port}"),
    apiKeyEnv: z
      .string()
      .optional()
      .describe("Environment variable with the key that the agent sends it; default: the engine's key"),
    versionCommand: armCommandSetting()
      .optional()
      .describe("Program and arguments that print its version, for the run's evidence"),
  })
  .superRefine(({ command, environment, files, headers }, context) => {
    const named = (key: string, texts: Readonly<Record<string, string>> | undefined) =>
      Object.entries(texts ?? {}).map(([name, text]) => ({ path: [key, name], text }));
    const words = command.map((text, index) => ({ path: ["command", index], text }));
    const rest = [named("environment", environment), named("files", files), named("headers", headers)];
    refuseUnknownPlaceholders([...words, ...rest.flat()], context);
  });

/** SGLang's router (`sglang-router`), with what would repeat, refuse or hold back a request switched off. */
const sglRouterArm = z.strictObject({
  name: armName.default("sgl-router"),
  kind: z.literal("sgl-router"),
  rewrites,
  python: armPathSetting("program")
    .default("python3")
    .describe("Interpreter with the sglang-router wheel; in SGLang's image python3"),
  policy: z
    .enum(["random", "round_robin", "cache_aware", "power_of_two"])
    .default("cache_aware")
    .describe("--policy; with the one engine of an experiment it costs time but cannot choose"),
  ...container,
  extraArgs: z.array(z.string()).default([]).describe("Further words of its command line, as they are"),
});

export const armSchema = z.discriminatedUnion("kind", [
  rawArm,
  gatewayArm,
  nullProxyArm,
  urlArm,
  commandArm,
  sglRouterArm,
  arealArm,
]);

export type ArmSpec = z.infer<typeof armSchema>;
export type GatewayArmSpec = z.infer<typeof gatewayArm>;
export type CommandArmSpec = z.infer<typeof commandArm>;
export type SglRouterArmSpec = z.infer<typeof sglRouterArm>;
export type UrlArmSpec = z.infer<typeof urlArm>;
export type RawArmSpec = z.infer<typeof rawArm>;
export type NullProxyArmSpec = z.infer<typeof nullProxyArm>;
