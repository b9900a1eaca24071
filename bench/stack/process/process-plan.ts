import type { ProcessStackSpec } from "../../config/process-schema.ts";
import { shellLine } from "../../host/shell-words.ts";
import type { Gpu } from "../../host/gpus.ts";
import { gpuProblems } from "../gpu-lists.ts";
import { engineCommand } from "./engine-command.ts";

const roles = ["agent", "user"] as const;

/** A server of a `process` stack as one would start it by hand. */
export interface PlannedServer {
  readonly role: "agent" | "user";
  /** A line for a shell; `$PORT` stands for the port that is free then. null for a simulated engine. */
  readonly command: string | null;
  /** null where the experiment does not say. */
  readonly gpus: readonly string[] | null;
  readonly startSeconds: number | null;
}

/** What a `process` stack would start, found out without starting anything. */
export interface ProcessPlan {
  readonly servers: readonly PlannedServer[];
  /** What would be refused before anything starts. */
  readonly problems: readonly string[];
}

/**
 * @param stack as it is recorded: keys are references, which the shell fills in
 * @param needed the servers that the workload needs
 */
export function planProcesses(
  stack: ProcessStackSpec,
  present: readonly Gpu[] | null,
  needed: readonly PlannedServer["role"][],
): ProcessPlan {
  return {
    servers: needed.map((role) => plannedServer(role, stack)),
    problems: processProblems(stack, present),
  };
}

function plannedServer(role: "agent" | "user", stack: ProcessStackSpec): PlannedServer {
  const spec = stack[role];
  if (spec.kind === "simulator") return { role, command: null, gpus: null, startSeconds: null };
  const { words, environment } = engineCommand(spec, {
    port: String(spec.port ?? "$PORT"),
    metricsPort: "$METRICS_PORT",
    engineKey: spec.apiKeyEnv === undefined ? "none" : `$${spec.apiKeyEnv}`,
    logs: ".",
  });
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const line = shellLine(variables.length === 0 ? words : ["env", ...variables, ...words], "variables");
  const { workingDirectory, gpus, startSeconds } = spec;
  const command = workingDirectory === undefined ? line : `${shellLine(["cd", workingDirectory])} && ${line}`;
  return { role, command, gpus: gpus ?? null, startSeconds };
}

/** What is wrong with a stack whatever its servers say: GPUs and ports that two of them would share, or that are not there. */
export function processProblems(stack: ProcessStackSpec, present: readonly Gpu[] | null): readonly string[] {
  const given = roles.map((role) => {
    const spec = stack[role];
    return spec.kind === "simulator" ? { gpus: [], port: undefined } : spec;
  });
  const [agent, user] = given;
  const samePort = agent?.port !== undefined && agent.port === user?.port;
  return [
    ...gpuProblems({ agent: agent?.gpus ?? [], user: user?.gpus ?? [] }, present),
    ...(samePort
      ? [
          `stack.agent.port and stack.user.port are both ${String(agent.port)}. Each server needs one of its own.`,
        ]
      : []),
  ];
}
