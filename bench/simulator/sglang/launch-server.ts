import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../../errors.ts";
import { parseSimulatorArguments } from "../arguments.ts";
import type { SimulatorOptions } from "../settings/options.ts";
import type { FlagValues } from "./argparse.ts";

/** What the container was given besides its command line. */
export type LaunchEnvironment = Readonly<Record<string, string | undefined>>;

export interface Launch {
  readonly options: SimulatorOptions;
  /** Added to `/server_info`: the arguments as SGLang names them, and which GPUs the container was given. */
  readonly serverInfo: Readonly<Record<string, unknown>>;
}

/** Parsers that SGLang took under an older name. */
const renamed: Readonly<Record<string, string>> = { qwen25: "qwen", glm45: "glm" };
const prefix = "TOLLGATE_SIM_";
/** Read by the program itself, not by the simulator. */
const ownVariables = ["LOAD_MS", "CRASH", "IGNORE_SIGTERM"];

/**
 * SGLang's arguments as those of the simulator. Each `TOLLGATE_SIM_<FLAG>` is `--<flag>` of `tollgate simulate`, and wins:
 * role, task data and faults have no flag in SGLang. Lists are separated by commas.
 * @throws {ConfigError} for values that the simulator does not take.
 */
export function launchOf(flags: FlagValues, environment: LaunchEnvironment): Launch {
  const text = (field: string) => (flags[field] === null ? [] : [String(flags[field])]);
  const passed = (flag: string, field: string) => text(field).flatMap((value) => [`--${flag}`, value]);
  const model = String(flags["served_model_name"] ?? flags["model_path"]);
  const options = parseSimulatorArguments([
    "--role=agent",
    `--model=${model}`,
    ...passed("host", "host"),
    ...passed("port", "port"),
    ...passed("context-length", "context_length"),
    ...passed("max-running-requests", "max_running_requests"),
    ...passed("seed", "random_seed"),
    ...(flags["disable_radix_cache"] === true ? ["--no-radix-cache"] : []),
    ...(flags["enable_metrics"] === true ? [] : ["--no-metrics"]),
    ...(flags["enable_cache_report"] === true ? [] : ["--no-cache-report"]),
    ...simulatorFlags(environment),
  ]);
  return {
    options,
    serverInfo: {
      ...flags,
      served_model_name: model,
      tool_call_parser: renamed[String(flags["tool_call_parser"])] ?? flags["tool_call_parser"] ?? null,
      random_seed: options.seed,
      visible_devices: {
        CUDA_VISIBLE_DEVICES: environment["CUDA_VISIBLE_DEVICES"] ?? null,
        NVIDIA_VISIBLE_DEVICES: environment["NVIDIA_VISIBLE_DEVICES"] ?? null,
      },
    },
  };
}

function simulatorFlags(environment: LaunchEnvironment): readonly string[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    if (!name.startsWith(prefix) || value === undefined) return [];
    const rest = name.slice(prefix.length);
    if (ownVariables.includes(rest)) return [];
    const flag = `--${rest.toLowerCase().replaceAll("_", "-")}`;
    const values = ["FAULT", "DROP", "DOMAIN"].includes(rest) ? value.split(",") : [value];
    return values.flatMap((one) => [flag, one]);
  });
}

/**
 * What would make the real server fail while it loads, in its words; null when nothing would: the model is not where
 * `--model-path` points, or there are fewer GPUs than `--tp-size` needs.
 */
export function loadFailure(flags: FlagValues, environment: LaunchEnvironment): string | null {
  const crash = environment[`${prefix}CRASH`];
  if (crash !== undefined) return crash;
  const path = String(flags["model_path"]);
  if (path.startsWith("/") && !existsSync(path))
    return `OSError: ${path} is not a local folder and is not a valid model identifier listed on 'https://huggingface.co/models'`;
  if (path.startsWith("/") && !existsSync(join(path, "config.json")))
    return `OSError: ${path} does not appear to have a file named config.json.`;
  const visible = environment["CUDA_VISIBLE_DEVICES"] ?? environment["NVIDIA_VISIBLE_DEVICES"];
  if (visible === undefined || visible === "all") return null;
  const gpus = ["", "void", "none"].includes(visible) ? 0 : visible.split(",").length;
  const wanted = Number(flags["tp_size"]) * Number(flags["dp_size"]) + Number(flags["base_gpu_id"]);
  if (gpus === 0) return "RuntimeError: No CUDA GPUs are available";
  return gpus < wanted ? "torch.AcceleratorError: CUDA error: invalid device ordinal" : null;
}

/** How long loading takes, in milliseconds. @throws {ConfigError} when the variable is no number. */
export function loadTimeMs(environment: LaunchEnvironment): number {
  const ms = Number(environment[`${prefix}LOAD_MS`] ?? "0");
  if (ms >= 0) return ms;
  throw new ConfigError(`${prefix}LOAD_MS must be a number of milliseconds.`);
}

export function ignoresSigterm(environment: LaunchEnvironment): boolean {
  return environment[`${prefix}IGNORE_SIGTERM`] === "1";
}
