import { z } from "zod";
import { gpu, onEngineDeath } from "./engine-death.ts";
import { commandSetting, pathSetting } from "./path-setting.ts";
import { simulatorOptions } from "./simulator-schema.ts";

/** `stack: {kind: process}` of an experiment: model servers by command line on this machine, without Docker. */

const placeholders =
  "{port}, {metricsPort}, {engineKey} and {logs} (folder of the run's logs) are filled in; {{ is a brace";

/** Variables that are refused, with the reason. */
const refusedVariables: Readonly<Record<string, string>> = {
  CUDA_VISIBLE_DEVICES: "must not be set here: name the GPUs in gpus, so that Tollgate knows and checks them",
  PROMETHEUS_MULTIPROC_DIR: "must not be set: SGLang then merges the counters of other servers into its own",
};

const processEngine = z
  .strictObject({
    kind: z
      .literal("command")
      .optional()
      .describe("A server that Tollgate starts from a command line; the default"),
    command: commandSetting().describe(`Program and arguments; no shell reads them. ${placeholders}`),
    environment: z
      .record(z.string().regex(/^[A-Za-z_]\w*$/), z.string())
      .superRefine((variables, context) => {
        for (const [name, message] of Object.entries(refusedVariables))
          if (name in variables) context.addIssue({ code: "custom", path: [name], message });
      })
      .default({})
      .describe(
        `Further environment; the place for keys, as \${NAME} of a variable of yours: files then hold the reference and never the value. ${placeholders}`,
      ),
    workingDirectory: pathSetting().optional().describe("Folder to start it in; default: the current one"),
    gpus: z
      .array(gpu)
      .optional()
      .describe(
        "GPUs of this server, as nvidia-smi numbers them (or UUIDs), given to it as CUDA_VISIBLE_DEVICES; [] hides all; no GPU may be in both lists",
      ),
    port: z
      .number()
      .int()
      .min(1024)
      .max(65_535)
      .optional()
      .describe("Port it listens on, for a program that cannot be told another; default: a free one"),
    model: z.string().optional().describe("Served model name; asked from /v1/models when absent"),
    apiKeyEnv: z
      .string()
      .optional()
      .describe("Environment variable that holds the server's API key ({engineKey})"),
    ready: z
      .strictObject({
        path: z.string().startsWith("/").default("/health").describe("Asked with GET until it answers"),
        status: z.number().int().min(100).max(599).default(200).describe("Status that means ready"),
      })
      .prefault({})
      .describe("When it serves; /v1/models has to answer as well"),
    metricsPath: z
      .string()
      .startsWith("/")
      .default("/metrics")
      .describe("Its Prometheus page, at {metricsPort} when the command names that port, else at {port}"),
    contextLength: z
      .number()
      .int()
      .positive()
      .optional()
      .describe("Longest prompt plus output that the agent is told of, in tokens"),
    startSeconds: z
      .number()
      .positive()
      .default(1800)
      .describe("Longest time from its start until it is ready, in seconds"),
    stopSeconds: z
      .number()
      .positive()
      .default(15)
      .describe("Between SIGTERM and SIGKILL when it is stopped, in seconds"),
    simulated: z
      .boolean()
      .default(false)
      .describe("The program is Tollgate's simulator. /server_info must agree, so that no run hides it"),
  })
  .superRefine(({ command, environment, port }, context) => {
    if (port !== undefined || [...command, ...Object.values(environment)].some(namesPort)) return;
    context.addIssue({
      code: "custom",
      path: ["command"],
      message:
        "does not say where to listen; write {port} where the port belongs, e.g. --port {port}, or set port to the one it always takes",
    });
  })
  .describe("A model server that Tollgate starts from a command line");

const namesPort = (word: string) => word.replaceAll("{{", "").includes("{port}");

const simulatedEngine = z
  .strictObject({
    kind: z.literal("simulator").describe("Tollgate's simulated engine, as in stack.kind embedded"),
    model: z.string().default("tollgate-sim").describe("Name it serves"),
    ...simulatorOptions,
  })
  .describe("A simulated SGLang engine");

const roleSchema = z.discriminatedUnion("kind", [processEngine, simulatedEngine]);

export const processStackSchema = z.strictObject({
  kind: z.literal("process"),
  onEngineDeath,
  agent: roleSchema,
  user: roleSchema,
});

export type ProcessStackSpec = z.infer<typeof processStackSchema>;
export type ProcessRoleSpec = z.infer<typeof roleSchema>;
export type ProcessEngineSpec = z.infer<typeof processEngine>;
