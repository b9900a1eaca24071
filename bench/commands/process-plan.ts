import type { DockerPlanRequest } from "./docker-plan.ts";
import { readGpus } from "../host/gpus.ts";
import { clockText } from "../run/sweep-progress.ts";
import { planProcesses, type PlannedServer, type ProcessPlan } from "../stack/process/process-plan.ts";
import type { Host } from "./host.ts";

/** What `plan` adds for a stack of programs on this machine; null for the other kinds. */
export async function processPlanOf(
  { experiment: { stack }, roles }: Pick<DockerPlanRequest, "experiment" | "roles">,
  host: Host,
): Promise<ProcessPlan | null> {
  if (stack.kind !== "process") return null;
  return planProcesses(stack, await readGpus(host.environment), roles);
}

/** The same for a person. */
export function processPlanText({ servers }: ProcessPlan): string {
  return [
    ...servers.map(serverText),
    "Commands that start the same servers by hand ($PORT: any free one):",
    ...servers.flatMap(({ command }) => (command === null ? [] : [`\n${command}`])),
  ].join("\n");
}

function serverText({ role, command, gpus, startSeconds }: PlannedServer): string {
  if (command === null) return `${role} engine: Tollgate's simulator`;
  const placed = gpus === null ? "GPUs not named" : gpus.length === 0 ? "no GPU" : `GPU ${gpus.join(",")}`;
  const patience = startSeconds === null ? "" : `, at most ${clockText(startSeconds)} to start`;
  return `${role} engine: a process of this machine, ${placed}${patience}`;
}
