import type { LoadedExperiment } from "../config/load-experiment.ts";
import type { DockerPlan } from "../stack/docker/docker-plan.ts";
import type { ProcessPlan } from "../stack/process/process-plan.ts";
import { planArms, type PlannedArm } from "../stack/start/plan-arms.ts";
import { dockerPlanOf, dockerPlanText, gpuHours, type DockerPlanRequest } from "./docker-plan.ts";
import type { Host } from "./host.ts";
import { eachVariant } from "./in-variant.ts";
import { processPlanOf, processPlanText } from "./process-plan.ts";

/** What a sweep would start, for one configuration of the engine. */
export interface PlannedServers {
  /** undefined where the experiment has no variants. */
  readonly variant: string | undefined;
  readonly docker: DockerPlan | null;
  readonly processes: ProcessPlan | null;
  readonly arms: readonly PlannedArm[];
  /** Time of its cells; null: not measured. */
  readonly seconds: number | null;
}

/** @param secondsOf time of the cells of a variant; null: not measured */
export async function plannedServers(
  { recorded }: LoadedExperiment,
  request: Omit<DockerPlanRequest, "experiment"> & {
    readonly secondsOf: (variant: string | undefined) => number | null;
  },
  host: Host,
): Promise<readonly PlannedServers[]> {
  const planned: PlannedServers[] = [];
  for (const { variant, experiment } of eachVariant(recorded)) {
    const docker = await dockerPlanOf({ ...request, experiment }, host);
    const processes = await processPlanOf({ ...request, experiment }, host);
    const seconds = request.secondsOf(variant);
    planned.push({ variant, docker, processes, arms: planArms(experiment), seconds });
  }
  return planned;
}

/** As `plan --json` has it: beside the cells, or in a list where there are variants. */
export function serversJson(planned: readonly PlannedServers[]) {
  const shown = planned.map(({ variant, docker, processes, arms, seconds }) => ({
    ...(variant !== undefined && { variant }),
    ...(processes !== null && { servers: processes.servers }),
    arms,
    ...(docker !== null && { docker, gpuHours: seconds === null ? null : gpuHours(docker, seconds) }),
  }));
  const [only] = shown;
  return only !== undefined && planned[0]?.variant === undefined ? only : { variants: shown };
}

export function serversText(planned: readonly PlannedServers[]): readonly string[] {
  return planned.flatMap(({ variant, docker, processes, arms, seconds }) => {
    const lines = [
      ...(docker === null ? [] : [dockerPlanText(docker, seconds)]),
      ...(processes === null ? [] : [processPlanText(processes)]),
      ...arms.map(
        ({ arm, commands }) => `Programs of arm ${arm}, started by hand:\n\n${commands.join("\n")}\n`,
      ),
    ];
    return variant === undefined || lines.length === 0 ? lines : [`\nVariant ${variant}:`, ...lines];
  });
}

/** What would be refused before anything starts. */
export function problemsOf(planned: readonly PlannedServers[]): readonly string[] {
  return planned.flatMap(({ variant, docker, processes }) => {
    const problems = (docker ?? processes)?.problems ?? [];
    return variant === undefined ? problems : problems.map((problem) => `variant ${variant}: ${problem}`);
  });
}
