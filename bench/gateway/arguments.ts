import { parseArgs } from "node:util";
import { z } from "zod";
import { baseUrl } from "../config/base-url.ts";
import { ConfigError, messageOf } from "../errors.ts";
import { reasoningParsers, recordingLevels, toolCallParsers } from "../config/recording-choices.ts";
import { renderingChecks } from "./calls/rendering-check.ts";
import { defaultRecording, type GatewayOptions } from "./options.ts";

const schema = z.strictObject({
  engine: baseUrl("--engine must be the engine's base URL, e.g. http://127.0.0.1:30000"),
  port: z.coerce.number("--port must be a number").int().min(0).max(65_535),
  host: z.string().optional(),
  "admin-key-env": z.string("--admin-key-env must name an environment variable"),
  "engine-key-env": z.string().optional(),
  level: z
    .enum(recordingLevels, `--level must be one of ${recordingLevels.join(", ")}`)
    .default(defaultRecording.level),
  tokenizer: z.string().optional(),
  "tool-call-parser": z
    .enum(toolCallParsers, `--tool-call-parser must be one of ${toolCallParsers.join(", ")}`)
    .default(defaultRecording.toolCallParser),
  "reasoning-parser": z
    .enum(reasoningParsers, `--reasoning-parser must be one of ${reasoningParsers.join(", ")}`)
    .default(defaultRecording.reasoningParser),
  "rendering-check": z
    .enum(renderingChecks, `--rendering-check must be one of ${renderingChecks.join(", ")}`)
    .default(defaultRecording.renderingCheck),
  log: z.string().optional(),
});

/**
 * Reads `gateway --engine URL --port N --admin-key-env NAME …`; `gateway --help` has the rest. Keys come through
 * the environment because the arguments of a process can be read by everybody on the host.
 * @throws {ConfigError}
 */
export function parseGatewayArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): GatewayOptions {
  const parsed = schema.safeParse(values(args));
  if (!parsed.success) throw new ConfigError(`tollgate gateway: ${z.prettifyError(parsed.error)}`);
  const {
    engine,
    port,
    host,
    level,
    "admin-key-env": adminVariable,
    "engine-key-env": engineVariable,
    tokenizer,
    "tool-call-parser": toolCallParser,
    "reasoning-parser": reasoningParser,
    "rendering-check": renderingCheck,
    log,
  } = parsed.data;
  if (level === "L2" && tokenizer === undefined) {
    throw new ConfigError(
      "tollgate gateway: --level L2 renders prompts itself and needs --tokenizer DIR, a folder with the model's tokenizer.json and chat template.",
    );
  }
  const key = (variable: string) => {
    const value = environment[variable];
    if (value) return value;
    throw new ConfigError(`tollgate gateway: the environment variable ${variable} is empty or not set.`);
  };
  return {
    engineUrl: engine,
    port,
    level,
    adminKey: key(adminVariable),
    toolCallParser,
    reasoningParser,
    renderingCheck,
    ...(tokenizer === undefined ? {} : { tokenizerDirectory: tokenizer }),
    ...(log === undefined ? {} : { logFile: log }),
    ...(host === undefined ? {} : { host }),
    ...(engineVariable === undefined ? {} : { engineApiKey: key(engineVariable) }),
  };
}

function values(args: readonly string[]): unknown {
  const option = { type: "string" } as const;
  const options = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, option]));
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (cause) {
    throw new ConfigError(`tollgate gateway: ${messageOf(cause)}`, { cause });
  }
}
