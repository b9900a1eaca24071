import { z } from "zod";
import type { Docker } from "./docker-command.ts";

/** What a daemon is, for the evidence of a run. null is what it does not tell. */
export interface DaemonFacts {
  readonly version: string;
  readonly apiVersion: string;
  readonly minApiVersion: string | null;
  readonly os: string | null;
  readonly architecture: string | null;
  readonly kernel: string | null;
  /** Names of container runtimes; GPUs work without one named `nvidia` where only NVIDIA's hook is installed. */
  readonly runtimes: readonly string[];
  readonly defaultRuntime: string | null;
  readonly storageDriver: string | null;
  readonly cgroupVersion: string | null;
  readonly operatingSystem: string | null;
  readonly cpus: number | null;
  readonly memoryBytes: number | null;
}

const versionSchema = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  MinAPIVersion: z.string().nullish(),
  Os: z.string().nullish(),
  Arch: z.string().nullish(),
  KernelVersion: z.string().nullish(),
});
const infoSchema = z.object({
  Runtimes: z.record(z.string(), z.unknown()).nullish(),
  DefaultRuntime: z.string().nullish(),
  Driver: z.string().nullish(),
  CgroupVersion: z.string().nullish(),
  OperatingSystem: z.string().nullish(),
  NCPU: z.number().nullish(),
  MemTotal: z.number().nullish(),
});

/** @throws {DockerError} when the daemon does not answer. */
export async function daemonFacts(docker: Docker): Promise<DaemonFacts> {
  const server = versionSchema.parse(JSON.parse(await docker(["version", "--format", "{{json .Server}}"])));
  const info = infoSchema.parse(JSON.parse(await docker(["info", "--format", "{{json .}}"])));
  return {
    version: server.Version,
    apiVersion: server.ApiVersion,
    minApiVersion: server.MinAPIVersion ?? null,
    os: server.Os ?? null,
    architecture: server.Arch ?? null,
    kernel: server.KernelVersion ?? null,
    runtimes: Object.keys(info.Runtimes ?? {}).sort(),
    defaultRuntime: info.DefaultRuntime ?? null,
    storageDriver: info.Driver ?? null,
    cgroupVersion: info.CgroupVersion ?? null,
    operatingSystem: info.OperatingSystem ?? null,
    cpus: info.NCPU ?? null,
    memoryBytes: info.MemTotal ?? null,
  };
}
