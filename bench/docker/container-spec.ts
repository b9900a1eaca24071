import { createHash } from "node:crypto";
import { driverVariable, runVariable, supervisorVariable } from "../host/run-environment.ts";
import { labelNames } from "./container-labels.ts";
import { shellLine } from "../host/shell-words.ts";

/** Everything that a container is made of. Becomes a call of `docker create`, and a `docker run` line for people. */
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
  const environment = Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`);
  const variables = [...environment, ...spec.secretEnvironment].flatMap((entry) => ["--env", entry]);
  return shellLine(["docker", "run", "--detach", ...containerWords(spec, variables)], "references");
}

/** A call of `docker create`, in the three places where its words have to be. */
export interface CreateCall {
  readonly args: readonly string[];
  /** For its standard input: the variables, because everybody on the machine can read a command line. */
  readonly variables: string;
  /** For its environment: variables of more than one line, which the other form cannot hold. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Secrets that `secrets` does not hold are left out, as `docker run --env NAME` does. */
export function createCall(
  spec: ContainerSpec,
  secrets: Readonly<Record<string, string | undefined>>,
): CreateCall {
  const all = [
    ...Object.entries(spec.environment),
    ...spec.secretEnvironment.map((name) => [name, secrets[name]] as const),
    ...runMark(spec.labels),
  ].flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const isLong = (value: string) => /[\r\n]/.test(value);
  const short = all.filter(([, value]) => !isLong(value));
  const long = all.filter(([, value]) => isLong(value));
  const flags = ["--env-file", "/dev/stdin", ...long.flatMap(([name]) => ["--env", name])];
  const labels = { ...spec.labels, [labelNames.spec]: specSha256(spec) };
  return {
    args: ["create", "--pull", "never", ...containerWords({ ...spec, labels }, flags)],
    variables: short.map(([name, value]) => `${name}=${value}\n`).join(""),
    environment: Object.fromEntries(long),
  };
}

function containerWords(spec: ContainerSpec, variables: readonly string[]): readonly string[] {
  const [program, ...before] = spec.entrypoint ?? [];
  const flag = (name: string, value: string | number | null) =>
    value === null ? [] : [`--${name}`, String(value)];
  return [
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
    // Not --volume: that lets the daemon create a missing source, as an empty folder of root's.
    ...spec.volumes.flatMap((volume) => ["--mount", mountText(volume)]),
    ...variables,
    ...Object.entries(spec.labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]),
    ...flag("user", spec.user),
    ...flag("workdir", spec.workingDirectory),
    ...flag("entrypoint", program ?? null),
    spec.image,
    ...before,
    ...(spec.command ?? []),
  ];
}

/** What a supervisor finds processes by: with it a container's can be ended even when its daemon is gone. */
function runMark(labels: ContainerSpec["labels"]): readonly (readonly [string, string | undefined])[] {
  return [
    [runVariable, labels[labelNames.run]],
    [supervisorVariable, labels[labelNames.supervisor]],
    [driverVariable, labels[labelNames.driver]],
  ];
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
