import { ConfigError } from "../../errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What the evaluation beside a gateway is told, all of it by variables: ConfigMap, Secret and pod. */
export interface SidecarSettings {
  /** `provider/model`. */
  readonly model: string;
  /** Repetitions of each task. */
  readonly runs: number;
  readonly concurrency: number;
  /** null: nobody judges. */
  readonly judgeModel: string | null;
  /** Ids; empty: all. */
  readonly tasks: readonly string[];
  /** Folder of tasks; null: our own. */
  readonly tasksFolder: string | null;
  readonly connectTimeoutSeconds: number;
  readonly requestTimeoutSeconds: number;
  readonly budgetSeconds: number;
  /** Base URL of an OpenAI-compatible server in place of OpenAI's; null: none. */
  readonly openaiBase: string | null;
  readonly gatewayUrl: string;
  readonly gatewayToken: string;
  /** For the gateway's model requests; fixed, so that a gateway whose configuration is read-only can name it. */
  readonly relayPort: number;
  /** The gateway's home, in its container and in this one; OpenClaw's state is in `.openclaw` below it. */
  readonly homeDirectory: string;
  readonly resultsDirectory: string;
  /** An experiment of the user's; it is run in place of one made of these settings where the file is there. */
  readonly experimentFile: string;
  /** Told apart from the one that it takes the place of. */
  readonly pod: string;
  /** Where Kubernetes looks for the reason of an end. */
  readonly terminationLog: string;
}

export const tokenVariable = "OPENCLAW_GATEWAY_TOKEN";

/** An empty variable counts as one that is not set. @throws {ConfigError} naming the variable and where it comes from */
export function sidecarSettings(environment: Environment): SidecarSettings {
  const value = (name: string) => environment[name]?.trim() || null;
  const gatewayToken = value(tokenVariable);
  if (gatewayToken === null)
    throw new ConfigError(
      `${tokenVariable} is not set. It comes from the Secret clawbench-secrets: \`tollgate k8s attach\` puts it there.`,
    );
  if (value("OPENCLAW_HOME_SHARED") === "false")
    throw new ConfigError(
      "The gateway keeps its home in its own container (OPENCLAW_HOME_SHARED=false), so the files of tasks can be neither laid out nor looked at. Give the gateway's container a volume at its home, e.g. an emptyDir at /home/node/.openclaw, and attach again.",
    );
  return {
    model: value("CLAWBENCH_MODEL") ?? "openai/gpt-5.5",
    runs: count(environment, "CLAWBENCH_RUNS", 3),
    concurrency: count(environment, "CLAWBENCH_CONCURRENCY", 4),
    judgeModel: value("CLAWBENCH_JUDGE_MODEL"),
    tasks: (value("CLAWBENCH_TASKS") ?? "").split(/[\s,]+/).filter((id) => id !== ""),
    tasksFolder: value("CLAWBENCH_TASKS_DIR"),
    connectTimeoutSeconds: seconds(environment, "CLAWBENCH_CONNECT_TIMEOUT", 120),
    requestTimeoutSeconds: seconds(environment, "CLAWBENCH_REQUEST_TIMEOUT", 300),
    budgetSeconds: seconds(environment, "CLAWBENCH_PER_RUN_BUDGET_SECONDS", 600),
    openaiBase: value("OPENAI_API_BASE"),
    gatewayUrl: gatewayAddress(value("OPENCLAW_GATEWAY_URL") ?? "ws://127.0.0.1:18789"),
    gatewayToken,
    relayPort: port(environment, "TOLLGATE_RELAY_PORT", 18_790),
    homeDirectory: value("OPENCLAW_HOME_DIR") ?? "/home/node",
    resultsDirectory: value("TOLLGATE_RESULTS_DIR") ?? "/results",
    experimentFile: value("TOLLGATE_EXPERIMENT_FILE") ?? "/etc/tollgate/experiment.yaml",
    pod: value("POD_NAME") ?? value("HOSTNAME") ?? "unknown",
    terminationLog: terminationLogOf(environment),
  };
}

/** Known also where the settings are wrong. */
export function terminationLogOf(environment: Environment): string {
  return environment["TOLLGATE_TERMINATION_LOG"] || "/dev/termination-log";
}

function gatewayAddress(text: string): string {
  const address = text.replace(/^http/, "ws");
  if (URL.canParse(address) && /^wss?:$/.test(new URL(address).protocol)) return address;
  throw new ConfigError(
    `OPENCLAW_GATEWAY_URL is ${JSON.stringify(text)}; write an address such as ws://127.0.0.1:18789.`,
  );
}

function port(environment: Environment, name: string, otherwise: number): number {
  const text = environment[name]?.trim() || String(otherwise);
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= 65_535) return number;
  throw new ConfigError(`${name} is ${JSON.stringify(text)}; write a port from 1 to 65535.`);
}

function count(environment: Environment, name: string, otherwise: number): number {
  const text = environment[name]?.trim() || String(otherwise);
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new ConfigError(
    `${name} is ${JSON.stringify(text)}; write a whole number from 1 to 9999 into the ConfigMap clawbench-config.`,
  );
}

function seconds(environment: Environment, name: string, otherwise: number): number {
  const text = environment[name]?.trim() || String(otherwise);
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0) return Number(text);
  throw new ConfigError(
    `${name} is ${JSON.stringify(text)}; write a number of seconds above 0 into the ConfigMap clawbench-config.`,
  );
}
