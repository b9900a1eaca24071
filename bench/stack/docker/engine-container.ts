import type { DockerEngineSpec, DockerStackSpec } from "../../config/docker-schema.ts";
import { containerSpec, type ContainerSpec, type Volume } from "../../docker/container-spec.ts";
import { proxyEnvironment } from "../../docker/proxy-environment.ts";
import {
  defaultServedName,
  expandHome,
  findModel,
  folderToMount,
  type ModelSource,
} from "./model/model-source.ts";
import { portsOf } from "./ports.ts";
import { sglangCommand } from "./sglang-arguments.ts";

export type EngineRole = "agent" | "user";

/** A container of a model server, before it has a name and an owner. */
export interface EnginePlan {
  readonly role: EngineRole;
  readonly spec: DockerEngineSpec;
  readonly model: ModelSource;
  readonly servedModel: string;
  /** Where it will answer, from this machine. */
  readonly url: string;
  /** Folder that its download goes to, which may not exist yet; null when nothing is downloaded. */
  readonly downloadFolder: string | null;
  readonly container: ContainerSpec;
}

export interface EnginePlanContext {
  /** Home folder of the user, for `~` in paths. */
  readonly home: string;
  /** Environment of this machine: a server that downloads goes through its proxy. */
  readonly machine: Readonly<Record<string, string | undefined>>;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Label of ours: ports that a container takes on the node, so that another run can say who holds them. */
export const portsLabel = "tollgate.ports";

/** Inside the container. A folder of nobody's home, because images differ in their user. */
const hubInside = "/huggingface";

/**
 * The container of one server. Looks at the disk for the model, starts nothing.
 * A model that is complete here is mounted read-only and Hugging Face is not asked; otherwise the cache is writable.
 */
export function planEngine(role: EngineRole, stack: DockerStackSpec, context: EnginePlanContext): EnginePlan {
  const spec = stack[role];
  const model = findModel(spec.model ?? stack.model, expandHome(stack.cache, context.home));
  const ports = portsOf(stack)[role];
  const servedModel =
    spec.servedModel ??
    (spec.model === undefined ? stack.servedModel : undefined) ??
    defaultServedName(model.name);
  const cache = expandHome(stack.cache, context.home);
  const mounted = stack.simulated ? { volumes: [], environment: {} } : mountModel(model, cache);
  const downloads = model.kind === "hub" && model.state !== "complete" && !stack.simulated;
  const proxy = proxyEnvironment(downloads ? context.machine : {});
  const container = containerSpec({
    name: context.name,
    image: spec.image ?? stack.image,
    command: sglangCommand(spec, { modelPath: model.name, servedModel, ports }),
    environment: { ...mounted.environment, ...ownCaches(role), ...proxy.environment, ...spec.extraEnv },
    secretEnvironment: [...spec.passEnv, ...proxy.secretEnvironment],
    ipc: spec.ipc,
    shmBytes: spec.ipc === "host" ? null : bytesOf(spec.shmSize),
    ulimits: Object.entries(spec.ulimits).map(([name, value]) => ({ name, soft: value, hard: value })),
    volumes: [...mounted.volumes, ...spec.volumes.map(volumeOf)],
    cpusetCpus: spec.cpus ?? null,
    cpusetMems: spec.memoryNodes ?? null,
    gpus: spec.gpus,
    labels: { ...context.labels, [portsLabel]: `${ports.http},${ports.nccl}` },
  });
  const url = `http://127.0.0.1:${ports.http}`;
  return { role, spec, model, servedModel, url, container, downloadFolder: downloads ? cache : null };
}

function mountModel(
  model: ModelSource,
  cache: string,
): { readonly volumes: readonly Volume[]; readonly environment: Readonly<Record<string, string>> } {
  if (model.kind === "folder") {
    // At the same place as here, so that the command line reads alike inside and outside.
    const folder = folderToMount(model.directory ?? model.name);
    const offline = { HF_HUB_OFFLINE: "1" };
    return { volumes: [{ source: folder, target: folder, readOnly: true }], environment: offline };
  }
  const complete = model.state === "complete";
  return {
    volumes: [{ source: cache, target: hubInside, readOnly: complete }],
    environment: { HF_HOME: hubInside, ...(complete ? { HF_HUB_OFFLINE: "1" } : {}) },
  };
}

/** Compiled kernels of two servers must not meet in one folder, also when a volume makes it last. */
function ownCaches(role: EngineRole): Record<string, string> {
  return {
    TRITON_CACHE_DIR: `/tmp/tollgate/${role}/triton`,
    TORCHINDUCTOR_CACHE_DIR: `/tmp/tollgate/${role}/inductor`,
  };
}

/** `32g` in bytes; Docker's units are binary. */
export function bytesOf(size: string): number {
  const unit = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[size.slice(-1).toLowerCase()];
  return unit === undefined ? Number(size) : Number(size.slice(0, -1)) * unit;
}

/** `/here:/there[:ro]` */
export function volumeOf(text: string): Volume {
  const [source = "", target = "", mode] = text.split(":");
  return { source, target, readOnly: mode === "ro" };
}
