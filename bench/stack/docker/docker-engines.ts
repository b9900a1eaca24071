import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DockerStackSpec } from "../../config/docker-schema.ts";
import { StartError } from "../../errors.ts";
import { describeEngine, type Engine } from "../engine.ts";
import { variantOf } from "../variant-evidence.ts";
import { labelNames } from "../../docker/container-labels.ts";
import { runningContainers, type ContainerFacts } from "../../docker/container-state.ts";
import { daemonFacts } from "../../docker/daemon-facts.ts";
import { adoptContainer, startContainer, type RunningContainer } from "../../docker/container.ts";
import type { ImageFacts } from "../../docker/images.ts";
import type { DockerNode } from "./docker-node.ts";
import { planEngine, type EnginePlan, type EngineRole } from "./engine-container.ts";
import { enginePaths, waitUntilServing } from "./engine-server.ts";
import { stackProblems, withHubFacts } from "./memory-plan.ts";
import { heldByOthers, ownerOf, refuseTakenPorts } from "./node-conflicts.ts";
import { readGpus } from "../../host/gpus.ts";
import { placementProblems } from "./placement.ts";
import { readServerInfo, serverInfoDifferences } from "./server-info.ts";
import { differences, servingLabel, servingSha256 } from "./warm-container.ts";

/** Who the containers belong to: a run, or nobody but the node (`tollgate up`). */
export interface EngineOwner {
  readonly name: (role: EngineRole) => string;
  readonly labels: (role: EngineRole) => Readonly<Record<string, string>>;
  /** Servers that it needs: of others no image is pulled and no GPU has to be free. */
  readonly roles: readonly EngineRole[];
}

/** A server that may be started, or a container that serves already. */
export interface PreparedEngine {
  readonly plan: EnginePlan;
  readonly image: ImageFacts;
  readonly adopt: ContainerFacts | null;
  readonly simulated: boolean;
}

/**
 * Everything that can be refused before a server is started: the GPU split, memory, GPUs and ports that others hold,
 * images. A warm container that is what the experiment asks for is adopted; one that stands in the way is an error.
 * @throws {StartError} with every problem and what to change.
 */
export async function prepareEngines(
  node: DockerNode,
  stack: DockerStackSpec,
  owner: EngineOwner,
): Promise<readonly PreparedEngine[]> {
  const gpus = await readGpus(node.environment);
  const plans = await withHubFacts(
    stack,
    owner.roles.map((role) => ownedPlan(role, stack, { owner, node })),
    node.environment,
  );
  const problems = [...placementProblems(stack, gpus), ...stackProblems(stack, plans, gpus)];
  if (problems.length > 0) throw new StartError("stack", problems.join("\n"));
  if (gpus === null)
    node.tell("the GPUs cannot be checked: nvidia-smi is not on this machine, or it does not answer");
  const running = await runningContainers(node.docker);
  const [warm, others] = [running.filter(isWarm), running.filter((container) => !isWarm(container))];
  refuse(
    plans.flatMap((plan) => heldByOthers(plan, others)),
    "Two runs on one node would measure each other. Wait for the other one, end it, or use other GPUs and another stack.basePort.",
  );
  const images = await node.images(
    plans.map(({ container }) => container.image),
    stack.pull,
  );
  const prepared = plans.map((plan): PreparedEngine => {
    const image = images.get(plan.container.image);
    if (image === undefined) throw new StartError(plan.container.image, "Docker does not have the image.");
    const adopt =
      warm.find(
        (container) =>
          container.labels[labelNames.role] === plan.role &&
          differences(container, plan.container, image.id).length === 0,
      ) ?? null;
    return { plan, image, adopt, simulated: stack.simulated };
  });
  refuse(
    prepared.flatMap((engine) => otherWarm(engine, { warm, prepared })),
    "Run `tollgate down` for the experiment that keeps it, or change this one.",
  );
  for (const { plan, adopt } of prepared) {
    if (adopt !== null) continue;
    await refuseTakenPorts(plan);
    // Docker mounts no folder that is not there.
    if (plan.downloadFolder !== null) await mkdir(plan.downloadFolder, { recursive: true });
  }
  return prepared;
}

function ownedPlan(
  role: EngineRole,
  stack: DockerStackSpec,
  { owner, node }: { readonly owner: EngineOwner; readonly node: DockerNode },
): EnginePlan {
  const plan = planEngine(role, stack, {
    home: node.home,
    machine: node.environment,
    name: owner.name(role),
    labels: owner.labels(role),
  });
  const labels = { ...plan.container.labels, [servingLabel]: servingSha256(plan.container) };
  return { ...plan, container: { ...plan.container, labels } };
}

const isWarm = ({ labels }: ContainerFacts) => labels[labelNames.owner] === "warm";

function refuse(problems: readonly string[], advice: string): void {
  if (problems.length > 0) throw new StartError("stack", [...problems, advice].join("\n"));
}

/** Warm containers in the way of a server that none of them can be, with what makes them different. */
function otherWarm(
  { plan, image, adopt }: PreparedEngine,
  node: { readonly warm: readonly ContainerFacts[]; readonly prepared: readonly PreparedEngine[] },
): readonly string[] {
  if (adopt !== null) return [];
  const free = node.warm.filter(({ id }) => !node.prepared.some((one) => one.adopt?.id === id));
  return free.flatMap((container) => {
    const held = heldByOthers(plan, [container]);
    if (held.length === 0) return [];
    const why =
      container.labels[labelNames.role] === plan.role
        ? differences(container, plan.container, image.id)
        : [`it is the ${container.labels[labelNames.role] ?? "unknown"} engine`];
    return [
      `The ${plan.role} engine cannot be ${ownerOf(container)}:\n${why.map((line) => `  ${line}`).join("\n")}`,
    ];
  });
}

export interface StartEngineOptions {
  readonly logFile: string;
  /** Folder for what the server says about itself; null keeps nothing. */
  readonly evidenceDirectory: string | null;
  /** The one of `sweep.variants` that the stack is. */
  readonly variant?: string | undefined;
  /** Called with the container as soon as it is there, so that it is stopped whatever happens next. */
  readonly own: (container: RunningContainer) => void;
  readonly signal: AbortSignal;
}

/**
 * Starts or adopts one server, waits until it serves, and checks that it is what was asked for.
 * @throws {StartError} when it ends, is late, or is another one.
 */
export async function startEngine(
  node: DockerNode,
  engine: PreparedEngine,
  options: StartEngineOptions,
): Promise<Engine> {
  const { plan, adopt } = engine;
  const part = `${plan.role} engine`;
  const container = await containerOf(node, engine, options);
  options.own(container);
  node.tell(
    adopt === null
      ? `${part}: container ${container.facts.name} started on GPU ${plan.container.gpus.join(",")}; loading ${plan.model.name}`
      : `${part}: adopted the warm container ${container.facts.name}`,
  );
  await waitUntilServing({
    probes: enginePaths.map((path) => ({ url: plan.url + path, status: 200 })),
    container,
    deadlineMs: plan.spec.startSeconds * 1000,
    tell: node.tell,
    signal: options.signal,
  });
  const described = await describeEngine(
    { role: plan.role, url: plan.url, model: plan.servedModel, apiKey: "none", metricsUrl: undefined },
    options.signal,
  );
  const info = await readServerInfo(plan.url, { signal: options.signal });
  if (options.evidenceDirectory !== null) {
    const { evidenceDirectory, variant } = options;
    await keepEvidence(evidenceDirectory, engine, { info, container, node, variant, engine: described });
  }
  if (info === null) node.tell(`${part}: it has no /server_info, so its flags are not checked`);
  const wrong = info === null ? [] : serverInfoDifferences(info, plan.spec, engine.simulated);
  if (wrong.length > 0) {
    throw new StartError(
      part,
      `The ${part} at ${plan.url} is not what stack.${plan.role} asks for:\n${wrong.map((line) => `  ${line}`).join("\n")}`,
    );
  }
  const { id, image, imageId } = container.facts;
  const digest = engine.image.digests[0] ?? null;
  const running = { id, image, imageId, digest, adopted: adopt !== null };
  return { ...described, processIdentity: { ...described.processIdentity, container: running } };
}

function containerOf(
  node: DockerNode,
  { plan, adopt }: PreparedEngine,
  { logFile, signal }: StartEngineOptions,
): Promise<RunningContainer> {
  const options = {
    part: `${plan.role} engine`,
    logFile,
    stopGraceMs: 15_000,
    tell: node.tell,
    signal,
  };
  return adopt === null
    ? startContainer(node.docker, plan.container, { ...options, secrets: node.environment })
    : adoptContainer(node.docker, adopt.id, options);
}

interface ServerEvidence {
  readonly info: Awaited<ReturnType<typeof readServerInfo>>;
  readonly container: RunningContainer;
  readonly node: DockerNode;
  readonly variant: string | undefined;
  readonly engine: Engine;
}

/** `<role>.json`, or `agent--<variant>.json`, and `<role>-<container>.json` for a server that was started again. */
async function keepEvidence(
  directory: string,
  { plan, image, adopt }: PreparedEngine,
  { info, container, node, engine, variant }: ServerEvidence,
): Promise<void> {
  const named = variantOf(plan.role, variant);
  const kept = {
    v: 1,
    role: plan.role,
    ...named.field,
    simulated: engine.identity.simulated,
    identity: engine.identity,
    adopted: adopt !== null,
    docker: await daemonFacts(node.docker),
    image: { reference: plan.container.image, id: image.id, digests: image.digests, labels: image.labels },
    container: container.facts,
    model: { ...plan.model, config: undefined, served: plan.servedModel },
    serverInfo: info,
  };
  await mkdir(directory, { recursive: true });
  const text = `${JSON.stringify(kept, null, 2)}\n`;
  const name = plan.role + named.suffix;
  try {
    await writeFile(join(directory, `${name}.json`), text, { flag: "wx", flush: true });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
    await writeFile(join(directory, `${name}-${container.id.slice(0, 12)}.json`), text);
  }
}
