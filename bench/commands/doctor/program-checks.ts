import { existsSync } from "node:fs";
import { platform } from "node:os";
import { join, resolve } from "node:path";
import { findOpenClaw, pinnedVersion } from "../../agent/openclaw/installation.ts";
import { DockerError, dockerCommand } from "../../docker/docker-command.ts";
import { messageOf, StartError } from "../../errors.ts";
import { readGpus, type Gpu } from "../../host/gpus.ts";
import { findOrphans } from "../../stack/orphans/find-orphans.ts";
import { judge } from "../../stack/orphans/orphan.ts";
import { found, gibibytes, problem, type DoctorCheck, type DoctorFinding } from "./finding.ts";

/** Programs and data that are there or not. */
export const programChecks: readonly DoctorCheck[] = [
  () => Promise.resolve([nodeFinding(process.versions.node, platform())]),
  () => Promise.resolve([openClawFinding()]),
  async ({ environment }) => [await dockerFinding(environment)],
  async ({ environment }) => [gpuFinding(await readGpus(environment))],
  ({ environment, workingDirectory }) => Promise.resolve([dataFinding(environment, workingDirectory)]),
  async ({ temporaryDirectory }) => [await leftoverFinding(temporaryDirectory)],
];

const nodeMin = [24, 16] as const;

export function nodeFinding(version: string, system: string): DoctorFinding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const what = `Node ${version} on ${system}`;
  if (major < nodeMin[0] || (major === nodeMin[0] && minor < nodeMin[1]))
    return problem("node", "failed", {
      what,
      change: `Tollgate needs Node ${nodeMin.join(".")} or newer: start it with npx, which brings one, or install it.`,
    });
  if (system !== "linux")
    return problem("node", "warning", {
      what,
      change: "Only on Linux is it certain that nothing of a run survives it, and are processor times known.",
    });
  return found("node", what);
}

function openClawFinding(): DoctorFinding {
  try {
    const { version } = findOpenClaw();
    return version === pinnedVersion
      ? found("openclaw", `OpenClaw ${version}`)
      : problem("openclaw", "warning", {
          what: `OpenClaw ${version}; Tollgate was checked with ${pinnedVersion}`,
          change: `Install that one: npm install openclaw@${pinnedVersion}`,
        });
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return problem("openclaw", "absent", {
      what: "the npm package openclaw is not installed: agent.kind native and chat work, openclaw does not",
      change: `npm install openclaw@${pinnedVersion}, or agent.kind: native`,
    });
  }
}

async function dockerFinding(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<DoctorFinding> {
  try {
    const version = await dockerCommand(environment)(["version", "--format", "{{.Server.Version}}"], {
      timeoutMs: 20_000,
    });
    return found("docker", `Docker ${version.trim()}`);
  } catch (error) {
    if (error instanceof DockerError)
      return problem("docker", "warning", {
        what: messageOf(error),
        change: "Only stack.kind: docker and arms with an image need it.",
      });
    if (!(error instanceof StartError)) throw error;
    return problem("docker", "absent", {
      what: "the command docker is not in the PATH",
      change:
        "Only stack.kind: docker and arms with an image need it: apt-get install docker-cli, or docker.io",
    });
  }
}

/** Weights do not fit beside what somebody else has loaded. */
const usedMinMiB = 1024;

export function gpuFinding(gpus: readonly Gpu[] | null): DoctorFinding {
  if (gpus === null || gpus.length === 0)
    return problem("gpus", "absent", {
      what: gpus === null ? "no nvidia-smi answers here" : "nvidia-smi names no GPU",
      change:
        "Needed only where servers with weights are started here; attach and simulated engines need none.",
    });
  const kinds = Map.groupBy(gpus, ({ name, memoryTotalMiB }) =>
    memoryTotalMiB === null ? name : `${name} (${gibibytes(memoryTotalMiB * 2 ** 20)})`,
  );
  const driver = gpus[0]?.driver ?? "unknown";
  const what = `${[...kinds].map(([kind, ones]) => `${ones.length} x ${kind}`).join(", ")}, driver ${driver}`;
  const used = gpus.filter(({ memoryUsedMiB }) => (memoryUsedMiB ?? 0) > usedMinMiB);
  if (used.length === 0) return found("gpus", what);
  return problem("gpus", "warning", {
    what: `${what}; in use: ${used.map(({ index, memoryUsedMiB }) => `GPU ${index} holds ${gibibytes((memoryUsedMiB ?? 0) * 2 ** 20)}`).join(", ")}`,
    change: "Leave these out of gpus:, or end what runs there (nvidia-smi names it).",
  });
}

function dataFinding(
  { TAU2_DATA_DIR: folder }: Readonly<Record<string, string | undefined>>,
  workingDirectory: string,
): DoctorFinding {
  const own = "the library domain is shipped";
  if (!folder)
    return problem("data", "absent", {
      what: `${own}; tau2's own domains are not known: TAU2_DATA_DIR is not set`,
      change: "For airline, retail and telecom: export TAU2_DATA_DIR=path/to/tau2-bench/data",
    });
  if (existsSync(join(resolve(workingDirectory, folder), "tau2", "domains")))
    return found("data", `${own}; tau2's domains in ${folder}`);
  return problem("data", "warning", {
    what: `TAU2_DATA_DIR is ${folder}, which holds no tau2/domains`,
    change: "Set it to the folder data of a tau2-bench checkout.",
  });
}

async function leftoverFinding(temporaryDirectory: string): Promise<DoctorFinding> {
  const scope = { runId: null, warm: false, elsewhere: false };
  const left = (await findOrphans({ docker: null, temporaryDirectory })).filter(
    (orphan) => judge(orphan, scope).remove,
  );
  if (left.length === 0) return found("leftovers", "nothing of a dead run is left here");
  return problem("leftovers", "warning", {
    what: `dead runs left ${left.length} things here (${[...new Set(left.map(({ kind }) => kind))].join(", ")})`,
    change: "tollgate clean --dry-run lists them, tollgate clean removes them",
  });
}
