import { z } from "zod";
import type { DaemonVersion, DockerClient } from "./docker-client.ts";

/** What a daemon is, for the evidence of a run. null is what it does not tell. */
export interface DaemonFacts extends DaemonVersion {
  /** Names of container runtimes; GPUs work without one named `nvidia` where only NVIDIA's hook is installed. */
  readonly runtimes: readonly string[];
  readonly defaultRuntime: string | null;
  readonly storageDriver: string | null;
  readonly cgroupVersion: string | null;
  readonly operatingSystem: string | null;
  readonly cpus: number | null;
  readonly memoryBytes: number | null;
}

const infoSchema = z.object({
  Runtimes: z.record(z.string(), z.unknown()).nullish(),
  DefaultRuntime: z.string().nullish(),
  Driver: z.string().nullish(),
  CgroupVersion: z.string().nullish(),
  OperatingSystem: z.string().nullish(),
  NCPU: z.number().nullish(),
  MemTotal: z.number().nullish(),
});

/** @throws {DockerApiError} when the daemon does not answer. */
export async function daemonFacts(client: DockerClient): Promise<DaemonFacts> {
  const info = await client.json(infoSchema, { method: "GET", path: "/info" });
  return {
    ...client.daemon,
    runtimes: Object.keys(info.Runtimes ?? {}).sort(),
    defaultRuntime: info.DefaultRuntime ?? null,
    storageDriver: info.Driver ?? null,
    cgroupVersion: info.CgroupVersion ?? null,
    operatingSystem: info.OperatingSystem ?? null,
    cpus: info.NCPU ?? null,
    memoryBytes: info.MemTotal ?? null,
  };
}
