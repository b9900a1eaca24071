import { spawn } from "node:child_process";
import { mkdirSync, realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import { runLabels } from "../../docker/container-labels.ts";
import { connectDocker, daemonEnvironment, isMissing, type Docker } from "../../docker/docker-command.ts";
import { inspectImage } from "../../docker/images.ts";
import { StartError, messageOf } from "../../errors.ts";
import { driverVariable, ownerOfRun } from "../../host/run-environment.ts";
import { outcomeOfNothing, runCommand } from "../command.ts";
import type { SandboxContext } from "../context.ts";
import { enterContainer, lifelines } from "./enter-container.ts";
import { becomeFirst } from "../first-process.ts";
import { linesUntilReady } from "../holder.ts";
import { tmpBytes } from "../limits/tmp-bytes.ts";
import { watchLimits } from "../limits/watch.ts";
import { checkRequest } from "../request.ts";
import type { Sandbox, SandboxEnd, SandboxFactory, SandboxRequest } from "../sandbox.ts";

/** The image that `docker build -t tollgate-sandbox docker/sandbox` makes. */
export const defaultImage = "tollgate-sandbox";

interface Engine {
  readonly docker: Docker;
  readonly environment: Readonly<Record<string, string>>;
  readonly image: string;
  readonly scratch: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Sandboxes in containers. The container's first process reads this process's pipe, so the container ends with it.
 * @throws {StartError} when no engine answers, or when it does not have the image: nothing is pulled
 */
export async function dockerFactory(image: string, context: SandboxContext): Promise<SandboxFactory> {
  if (context.docker === undefined) throw new StartError("sandbox", "docker was not asked.");
  const own = Object.entries(context.childEnvironment).filter(([name]) => name.startsWith("TOLLGATE_"));
  const environment = { ...daemonEnvironment(context.docker), ...Object.fromEntries(own) };
  const docker = await connectDocker(environment);
  const facts = await inspectImage(docker, image);
  if (facts === null) throw new StartError("sandbox", `The Docker engine has no image ${image}.`);
  const version = await docker(["version", "--format", "{{.Server.Version}}"]);
  const { childEnvironment } = context;
  const engine: Engine = {
    docker,
    environment,
    image,
    scratch: join(realpathSync(context.scratchDirectory), "sandbox"),
    labels:
      childEnvironment[driverVariable] === undefined
        ? {}
        : runLabels(ownerOfRun(childEnvironment), "sandbox"),
  };
  const kept = "docker";
  return {
    kind: "docker",
    facts: {
      docker: version.trim(),
      image: `${image} (${facts.id})`,
      processes: kept,
      memory: kept,
      "file size": kept,
      disk: "workspace: watcher (looks every 0.1 s, then ends the sandbox); /tmp: size of its file system, half of memory at most",
    },
    open: (request) => open(request, engine),
  };
}

async function open(request: SandboxRequest, engine: Engine): Promise<Sandbox> {
  checkRequest(request);
  const name = `tollgate-sandbox-${process.pid}-${request.name}`;
  const lines = join(engine.scratch, `${request.name}.lines`);
  mkdirSync(lines, { recursive: true });
  const child = spawn("docker", containerArguments(request, engine, { name, lines }), {
    env: engine.environment,
    cwd: "/",
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => undefined);
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => (complaints = `${complaints}${chunk.toString()}`.slice(-4000)));
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  const remove = async () => {
    child.stdin.destroy();
    await removeByForce(engine.docker, name);
    await exited;
    await rm(lines, { recursive: true, force: true });
  };
  const said = await linesUntilReady(child);
  if (said.at(-1) !== "ready -") {
    await remove();
    throw new StartError(
      "sandbox",
      `The sandbox ${request.name} (docker) did not start: ${complaints.trim() || said.join(" ")}`,
    );
  }
  child.unref();
  for (const stream of child.stdio) if (stream instanceof Socket) stream.unref();
  return heldSandbox({ request, engine, name, lines, exited, remove });
}

interface Held {
  readonly request: SandboxRequest;
  readonly engine: Engine;
  readonly name: string;
  readonly lines: string;
  readonly exited: Promise<void>;
  readonly remove: () => Promise<void>;
}

function heldSandbox({ request, engine, name, lines, exited, remove }: Held): Sandbox {
  const ended = Promise.withResolvers<SandboxEnd>();
  const watching = new AbortController();
  let over: string | null = null;
  const endBecause = ({ limit, message }: SandboxEnd) => {
    if (over !== null) return;
    over = message;
    ended.resolve({ limit, message: `The sandbox ${request.name} was ended: ${message}.` });
  };
  void exited.then(() => {
    watching.abort();
    endBecause({ limit: null, message: "its container has ended" });
  });
  const { workspace, limits } = request;
  const watched = watchLimits({ workspace, limits, memoryFolders: [], initPid: null }, watching.signal).then(
    async (end) => {
      if (end === null) return;
      endBecause(end);
      await removeByForce(engine.docker, name);
    },
  );
  const dispose = async () => {
    over ??= "its owner has ended it";
    watching.abort();
    await remove();
    await watched;
  };
  let disposed: Promise<void> | undefined;
  const enter: Sandbox["enter"] = (command, options = {}) =>
    enterContainer({ name, lines, environment: engine.environment }, command, {
      ...options,
      environment: { ...request.environment, ...options.environment },
    });
  return {
    kind: "docker",
    directory: "/workspace",
    enter,
    run: async (command, options) =>
      over === null
        ? runCommand(enter(command, options), options)
        : outcomeOfNothing(`the sandbox is gone: ${over}`),
    ended: ended.promise,
    // Its counts are the daemon's, and asking it takes longer than a command.
    limitsReached: () => [],
    [Symbol.asyncDispose]: () => (disposed ??= dispose()),
  };
}

/** The container may have removed itself (`--rm`), or be doing it. */
async function removeByForce(docker: Docker, name: string): Promise<void> {
  try {
    await docker(["rm", "--force", "--volumes", name]);
  } catch (thrown) {
    if (!isMissing(thrown) && !/already in progress/.test(messageOf(thrown))) throw thrown;
  }
}

function containerArguments(
  request: SandboxRequest,
  { image, labels }: Engine,
  { name, lines }: { readonly name: string; readonly lines: string },
): readonly string[] {
  const { limits, network } = request;
  const mount = (from: string, to: string, rest = "") => [
    "--mount",
    `type=bind,source=${from},target=${to}${rest}`,
  ];
  return [
    ..."run --interactive --rm --pull never --read-only --cap-drop ALL --log-driver none".split(" "),
    ..."--security-opt no-new-privileges --ipc private --shm-size 64m --ulimit core=0 --entrypoint sh".split(
      " ",
    ),
    ...`--name ${name} --hostname sandbox --workdir /workspace --network ${network ? "host" : "none"}`.split(
      " ",
    ),
    ...`--user ${process.getuid?.() ?? 1000}:${process.getgid?.() ?? 1000}`.split(" "),
    ...`--memory ${limits.memoryBytes}b --memory-swap ${limits.memoryBytes}b --pids-limit ${limits.processes}`.split(
      " ",
    ),
    ...`--ulimit fsize=${limits.fileBytes} --ulimit nofile=4096`.split(" "),
    ...`--tmpfs /tmp:rw,exec,nosuid,nodev,mode=1777,size=${tmpBytes(limits)}`.split(" "),
    ...Object.entries(labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]),
    ...mount(request.workspace, "/workspace"),
    ...mount(lines, lifelines, ",readonly"),
    ...request.readOnly.flatMap(({ from, to }) => mount(from, to, ",readonly")),
    image,
    "-c",
    `mkdir -p /tmp/home; echo 'ready -'\n${becomeFirst("env")}`,
  ];
}
