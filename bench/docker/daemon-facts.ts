import { z } from "zod";
import { answerOf } from "./docker-answer.ts";
import type { Docker } from "./docker-command.ts";

const version = answerOf({
  version: [".Server.Version", z.string()],
  apiVersion: [".Server.APIVersion", z.string()],
  minApiVersion: [".Server.MinAPIVersion", z.string().nullable()],
  os: [".Server.Os", z.string().nullable()],
  architecture: [".Server.Arch", z.string().nullable()],
  kernel: [".Server.KernelVersion", z.string().nullable()],
});

const runtimes = z.record(z.string(), z.unknown()).nullish();
const info = answerOf({
  /** Names of container runtimes; GPUs work without one named `nvidia` where only NVIDIA's hook is installed. */
  runtimes: [".Runtimes", runtimes.transform((found) => Object.keys(found ?? {}).sort())],
  defaultRuntime: [".DefaultRuntime", z.string().nullable()],
  storageDriver: [".Driver", z.string().nullable()],
  cgroupVersion: [".CgroupVersion", z.string().nullable()],
  operatingSystem: [".OperatingSystem", z.string().nullable()],
  cpus: [".NCPU", z.number().nullable()],
  memoryBytes: [".MemTotal", z.number().nullable()],
});

/** What a daemon is, for the evidence of a run. @throws {DockerError} when it does not answer. */
export async function daemonFacts(docker: Docker) {
  const about = version.read(await docker(["version", "--format", version.format]));
  return { ...about, ...info.read(await docker(["info", "--format", info.format])) };
}
