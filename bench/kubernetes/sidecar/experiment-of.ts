import { join } from "node:path";
import { modelServer } from "./model-servers.ts";
import { tokenVariable, type SidecarSettings } from "./settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** A model of this prefix is a simulated engine in this container: no key, no GPU, every output says so. */
const simulatedPrefix = "simulated/";

/** Beside OpenClaw's own workspaces, on the volume that both containers see; not in one of them, which it would search. */
export function workspacesOf({ homeDirectory }: Pick<SidecarSettings, "homeDirectory">): string {
  return join(homeDirectory, ".openclaw", "tollgate-workspaces");
}

/** How the gateway of the pod becomes the agent of an experiment. */
export function attachedAgent(settings: SidecarSettings) {
  return {
    kind: "openclaw",
    attach: settings.gatewayUrl,
    tokenEnv: tokenVariable,
    workspaces: workspacesOf(settings),
    relayPort: settings.relayPort,
  };
}

/**
 * The experiment that the variables of ClawBench's ConfigMap describe: its tasks, so many repetitions, one arm straight to the model's
 * server. @throws {ConfigError} as `modelServer` does
 */
export function experimentOf(settings: SidecarSettings, environment: Environment): object {
  const { model, judgeModel, openaiBase } = settings;
  const judge =
    judgeModel === null ? {} : { judge: withKey(modelServer(judgeModel, openaiBase, environment)) };
  return {
    name: `clawbench-${slug(model)}`,
    stack: model.startsWith(simulatedPrefix)
      ? { kind: "embedded", model: model.slice(simulatedPrefix.length) || "tollgate-sim" }
      : attachedStack(withKey(modelServer(model, openaiBase, environment))),
    arms: [{ kind: "raw" }],
    sandbox: "none",
    agent: attachedAgent(settings),
    workload: {
      kind: "tasks",
      trials: settings.runs,
      ...(settings.tasksFolder === null ? { format: "clawbench" } : { folder: settings.tasksFolder }),
      ...(settings.tasks.length === 0 ? {} : { task: settings.tasks }),
      ...judge,
    },
    sweep: { concurrency: [settings.concurrency] },
    limits: {
      startSeconds: settings.connectTimeoutSeconds,
      callSeconds: settings.requestTimeoutSeconds,
      turnSeconds: settings.budgetSeconds,
      episodeSeconds: settings.budgetSeconds,
    },
  };
}

function withKey({ url, model, apiKeyEnv }: ReturnType<typeof modelServer>) {
  return { url, model, ...(apiKeyEnv === null ? {} : { apiKeyEnv }) };
}

/** Nobody is played by a model in these tasks; the file's form wants a second server all the same. */
const attachedStack = (agent: object) => ({ kind: "attach", agent, user: agent });

const slug = (text: string) =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z\d.]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
