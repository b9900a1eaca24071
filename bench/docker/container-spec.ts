import { createHash } from "node:crypto";
import { labelNames } from "./container-labels.ts";
import { shellLine } from "./shell-words.ts";

/** Everything that a container is made of. Renders as the body of `POST /containers/create` and as a `docker run` line. */
export interface ContainerSpec {
  readonly name: string;
  /** Reference as a person writes it: `repo/name:tag` or `repo/name@sha256:…`. */
  readonly image: string;
  /** null keeps the image's. */
  readonly entrypoint: readonly string[] | null;
  /** Arguments of the entrypoint; null keeps the image's. */
  readonly command: readonly string[] | null;
  /** Shown everywhere: in plans, in labels' hash, in evidence. */
  readonly environment: Readonly<Record<string, string>>;
  /** Names of variables whose values come from Tollgate's own environment and are shown nowhere. Unset ones are left out. */
  readonly secretEnvironment: readonly string[];
  readonly network: string;
  /** `host`, `private`, `shareable`; null leaves it to the daemon. */
  readonly ipc: string | null;
  readonly shmBytes: number | null;
  readonly memoryBytes: number | null;
  readonly ulimits: readonly Ulimit[];
  readonly volumes: readonly Volume[];
  /** CPUs and NUMA nodes as Linux lists them, e.g. `0-31,64-95`. */
  readonly cpusetCpus: string | null;
  readonly cpusetMems: string | null;
  /** As NVIDIA's runtime names them: indices, or `GPU-…` ids. Empty: no GPU is asked for. */
  readonly gpus: readonly string[];
  /** `user[:group]`; null keeps the image's. */
  readonly user: string | null;
  readonly workingDirectory: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Ulimit {
  readonly name: string;
  /** -1 is unlimited. */
  readonly soft: number;
  readonly hard: number;
}

export interface Volume {
  /** Absolute path on the daemon's machine. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** What most containers of Tollgate share: host network, no limits, nothing mounted. */
export function containerSpec(
  facts: Pick<ContainerSpec, "name" | "image"> & Partial<ContainerSpec>,
): ContainerSpec {
  return {
    entrypoint: null,
    command: null,
    environment: {},
    secretEnvironment: [],
    network: "host",
    ipc: null,
    shmBytes: null,
    memoryBytes: null,
    ulimits: [],
    volumes: [],
    cpusetCpus: null,
    cpusetMems: null,
    gpus: [],
    user: null,
    workingDirectory: null,
    labels: {},
    ...facts,
  };
}

/** sha256 in hex over everything that decides what runs. Names, labels and secrets' values do not. */
export function specSha256(spec: ContainerSpec): string {
  const { name: _name, labels: _labels, ...decisive } = spec;
  return createHash("sha256")
    .update(JSON.stringify(sorted(decisive)))
    .digest("hex");
}

/** The same container started by hand, in the background. Secrets are named, their values are not in it. */
export function dockerRunLine(spec: ContainerSpec): string {
  return shellLine(dockerRunWords(spec));
}

function dockerRunWords(spec: ContainerSpec): readonly string[] {
  const [program, ...before] = spec.entrypoint ?? [];
  const flag = (name: string, value: string | number | null) =>
    value === null ? [] : [`--${name}`, String(value)];
  return [
    "docker",
    "run",
    "--detach",
    ...flag("name", spec.name),
    ...flag("network", spec.network),
    ...flag("ipc", spec.ipc),
    ...flag("shm-size", spec.shmBytes === null ? null : bytesText(spec.shmBytes)),
    ...flag("memory", spec.memoryBytes === null ? null : bytesText(spec.memoryBytes)),
    ...spec.ulimits.flatMap(({ name, soft, hard }) => [
      "--ulimit",
      soft === hard ? `${name}=${soft}` : `${name}=${soft}:${hard}`,
    ]),
    // The quotes are part of the value: without them Docker's reader of CSV splits the list of devices.
    ...(spec.gpus.length === 0 ? [] : ["--gpus", `"device=${spec.gpus.join(",")}"`]),
    ...flag("cpuset-cpus", spec.cpusetCpus),
    ...flag("cpuset-mems", spec.cpusetMems),
    ...spec.volumes.flatMap((volume) => ["--mount", mountText(volume)]),
    ...Object.entries(spec.environment).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    ...spec.secretEnvironment.flatMap((name) => ["--env", name]),
    ...Object.entries(spec.labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]),
    ...flag("user", spec.user),
    ...flag("workdir", spec.workingDirectory),
    ...flag("entrypoint", program ?? null),
    spec.image,
    ...before,
    ...(spec.command ?? []),
  ];
}

/** The body of `POST /containers/create`. Secrets that `secrets` does not hold are left out, as `docker run -e NAME` does. */
export function createBody(
  spec: ContainerSpec,
  secrets: Readonly<Record<string, string | undefined>>,
): Record<string, unknown> {
  const secret = spec.secretEnvironment.flatMap((name) => {
    const value = secrets[name];
    return value === undefined ? [] : [`${name}=${value}`];
  });
  return {
    Image: spec.image,
    ...(spec.entrypoint === null ? {} : { Entrypoint: spec.entrypoint }),
    ...(spec.command === null ? {} : { Cmd: spec.command }),
    Env: [
      ...Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
      ...secret,
      ...runMark(spec.labels),
    ],
    Labels: { ...spec.labels, [labelNames.spec]: specSha256(spec) },
    ...(spec.user === null ? {} : { User: spec.user }),
    ...(spec.workingDirectory === null ? {} : { WorkingDir: spec.workingDirectory }),
    HostConfig: {
      NetworkMode: spec.network,
      ...(spec.ipc === null ? {} : { IpcMode: spec.ipc }),
      ...(spec.shmBytes === null ? {} : { ShmSize: spec.shmBytes }),
      ...(spec.memoryBytes === null ? {} : { Memory: spec.memoryBytes }),
      ...(spec.cpusetCpus === null ? {} : { CpusetCpus: spec.cpusetCpus }),
      ...(spec.cpusetMems === null ? {} : { CpusetMems: spec.cpusetMems }),
      Ulimits: spec.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
      // Not Binds: those let the daemon create a missing source, as an empty folder of root's.
      Mounts: spec.volumes.map(({ source, target, readOnly }) => ({
        Type: "bind",
        Source: source,
        Target: target,
        ReadOnly: readOnly,
      })),
      DeviceRequests:
        spec.gpus.length === 0
          ? []
          : [{ Driver: "", Count: 0, DeviceIDs: spec.gpus, Capabilities: [["gpu"]], Options: {} }],
      RestartPolicy: { Name: "no" },
    },
  };
}

/** What a supervisor finds processes by: with it a container's can be ended even when its daemon is gone. */
function runMark(labels: ContainerSpec["labels"]): readonly string[] {
  return Object.entries({
    TOLLGATE_RUN: labels[labelNames.run],
    TOLLGATE_SUPERVISOR: labels[labelNames.supervisor],
    TOLLGATE_DRIVER: labels[labelNames.driver],
  }).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}

/** Docker reads it as one line of CSV. */
function mountText({ source, target, readOnly }: Volume): string {
  const fields = ["type=bind", `source=${source}`, `target=${target}`, ...(readOnly ? ["readonly"] : [])];
  return fields.map((field) => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",");
}

/** As Docker reads sizes: binary units, the largest one that leaves no rest. */
function bytesText(bytes: number): string {
  const units = ["g", "m", "k"] as const;
  const found = units.find((_, index) => bytes % 1024 ** (3 - index) === 0);
  return found === undefined ? `${bytes}b` : `${bytes / 1024 ** (3 - units.indexOf(found))}${found}`;
}

/** Objects with their keys in order, so that equal specs have equal texts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
