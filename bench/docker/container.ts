import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { messageOf, StartError } from "../errors.ts";
import { lastLines } from "../host/log-tail.ts";
import { followLog, logSize } from "./container-log.ts";
import { labelNames } from "./container-labels.ts";
import { createCall, type ContainerSpec } from "./container-spec.ts";
import { inspectContainer, type ContainerFacts } from "./container-state.ts";
import { DockerError, isMissing, type Docker } from "./docker-command.ts";
import { adviceFor, exitText, explainRefusal } from "./known-errors.ts";

export interface ContainerOptions {
  /** What it is, for messages, e.g. `agent engine`. */
  readonly part: string;
  /** Gets everything the container writes. */
  readonly logFile: string;
  /** Between SIGTERM and SIGKILL. */
  readonly stopGraceMs: number;
  /** Told what could not be cleaned up, since disposing does not throw. */
  readonly tell: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface StartContainerOptions extends ContainerOptions {
  /** Values for `secretEnvironment`, e.g. Tollgate's own environment. */
  readonly secrets: Readonly<Record<string, string | undefined>>;
}

export interface ContainerEnd {
  /** In words: `code 137, out of memory`; with what to change where the reason is known. */
  readonly text: string;
  /** null when the daemon could not be asked any more, or when somebody else removed the container. */
  readonly facts: ContainerFacts | null;
}

/** A container that runs, as a part of the stack (`StackPart`). Disposing it stops and removes it, unless it was adopted. */
export interface RunningContainer extends AsyncDisposable {
  readonly name: string;
  readonly id: string;
  /** As it was when it had been started. */
  readonly facts: ContainerFacts;
  readonly ended: Promise<string>;
  readonly end: Promise<ContainerEnd>;
  lastLogLines(count: number): string;
  /** SIGTERM, the grace period, SIGKILL, remove. May be called again. @throws {StartError} when the daemon cannot do it. */
  remove(): Promise<void>;
  /** Lets go of it: it runs on, its log is not followed any more, and disposing does nothing. */
  detach(): void;
}

const nameSchema = z.string().regex(/^[a-zA-Z0-9][\w.-]+$/);

/**
 * Creates and starts a container and follows its log.
 * @throws {StartError} with what to change where the reason is known; nothing of it is left then.
 */
export async function startContainer(
  docker: Docker,
  spec: ContainerSpec,
  options: StartContainerOptions,
): Promise<RunningContainer> {
  const title = `${options.part} (container ${nameSchema.parse(spec.name)})`;
  let id: string;
  try {
    id = await create(docker, spec, options);
  } catch (thrown) {
    if (thrown instanceof DockerError && /is already in use by container/.test(thrown.reason))
      throw await nameClash(docker, { spec, title, cause: thrown });
    throw explainRefusal(title, thrown);
  }
  try {
    // The GPU runtime starts the driver's daemons, which can take long on a cold node.
    await docker(["start", id], { signal: options.signal, timeoutMs: 180_000 });
    return follow(docker, { facts: await inspectContainer(docker, id), sinceSeconds: 0 }, options);
  } catch (thrown) {
    // A container that could not be started stays behind in state Created and keeps its name.
    await removeContainer(docker, id).catch((failed: unknown) => options.tell(messageOf(failed)));
    throw explainRefusal(title, thrown);
  }
}

/** The variables pass through a file without a name: nobody else can read it, and nothing of it is left behind. */
async function create(
  docker: Docker,
  spec: ContainerSpec,
  { secrets, signal }: StartContainerOptions,
): Promise<string> {
  const { args, variables, environment } = createCall(spec, secrets);
  const folder = mkdtempSync(join(tmpdir(), "tollgate-variables-"));
  const stdin = openSync(join(folder, "variables"), "wx+", 0o600);
  rmSync(folder, { recursive: true });
  try {
    writeSync(stdin, variables, 0);
    return (await docker(args, { stdin, environment, signal })).trim();
  } finally {
    closeSync(stdin);
  }
}

/** A container that somebody else started and that runs on when this is disposed. Its log is followed from now on. */
export async function adoptContainer(
  docker: Docker,
  idOrName: string,
  options: ContainerOptions,
): Promise<RunningContainer> {
  const facts = await inspectContainer(docker, idOrName);
  if (!facts.running) {
    throw new StartError(
      options.part,
      `The container ${facts.name} of ${options.part} is not running (${exitText(facts)}). Run \`tollgate down\` and \`tollgate up\`.`,
    );
  }
  const container = follow(docker, { facts, sinceSeconds: Math.floor(Date.now() / 1000) }, options);
  return { ...container, [Symbol.asyncDispose]: () => Promise.resolve(container.detach()) };
}

/** Removes a container whatever its state; one that is gone already is fine. */
export async function removeContainer(docker: Docker, id: string): Promise<void> {
  try {
    await docker(["rm", "--force", "--volumes", id]);
  } catch (thrown) {
    const underWay =
      thrown instanceof DockerError && /removal of container .* in progress/.test(thrown.reason);
    if (!isMissing(thrown) && !underWay) throw thrown;
  }
}

/** An error for a container that ended before it served, with what to change and the end of its log. */
export function endError(container: RunningContainer, { text }: ContainerEnd): StartError {
  const log = container.lastLogLines(15);
  return new StartError(
    container.name,
    `${container.name} ended with ${text}. Its log ${log === "" ? "is empty" : `ends with:\n${log}`}`,
  );
}

function follow(
  docker: Docker,
  { facts, sinceSeconds }: { readonly facts: ContainerFacts; readonly sinceSeconds: number },
  options: ContainerOptions,
): RunningContainer {
  const { id } = facts;
  const letGo = new AbortController();
  const fromByte = logSize(options.logFile);
  const log = followToEnd(docker, { facts, sinceSeconds, letGo: letGo.signal }, options);
  const lastLogLines = (count: number) => lastLines(options.logFile, count, fromByte);
  let removal: Promise<void> | undefined;
  const end = waitForEnd(docker, id, letGo.signal).then(async (facts): Promise<ContainerEnd> => {
    // What it wrote last arrives a moment after its end, and says why.
    await Promise.race([log, sleep(2_000, undefined, { ref: false })]);
    if (typeof facts === "string") return { text: facts, facts: null };
    const asked = removal !== undefined || facts.exitCode === 0;
    const advice = asked ? null : adviceFor(facts, lastLogLines(200));
    return { text: advice === null ? exitText(facts) : `${exitText(facts)}; ${advice}`, facts };
  });
  const stopAndRemove = async () => {
    await stop(docker, id, options.stopGraceMs);
    // Its exit code and its last words go with it.
    await Promise.race([end, sleep(5_000, undefined, { ref: false })]);
    await removeContainer(docker, id);
  };
  const remove = () => (removal ??= stopAndRemove());
  return {
    name: `${options.part} (container ${facts.name})`,
    id,
    facts,
    end,
    ended: end.then(({ text }) => text),
    lastLogLines,
    remove,
    detach: () => letGo.abort(),
    [Symbol.asyncDispose]: async () => {
      if (letGo.signal.aborted) return;
      try {
        await remove();
        await end;
      } catch (thrown) {
        options.tell(
          `${options.part}: the container ${facts.name} may still be there. ${messageOf(thrown)} When Docker answers again, \`tollgate clean\` removes it.`,
        );
      } finally {
        letGo.abort();
      }
    },
  };
}

/** Goes on after an interruption by the daemon's restart, as long as the container runs. Never rejects. */
async function followToEnd(
  docker: Docker,
  container: { readonly facts: ContainerFacts; readonly sinceSeconds: number; readonly letGo: AbortSignal },
  { part, logFile, tell }: ContainerOptions,
): Promise<void> {
  const { facts, letGo } = container;
  let { sinceSeconds } = container;
  for (let attempt = 0; attempt < 5; attempt++) {
    const why = await followLog(docker, { containerId: facts.id, logFile, sinceSeconds, signal: letGo });
    if (letGo.aborted) return;
    sinceSeconds = Math.floor(Date.now() / 1000);
    if (why !== null) await sleep(500);
    const now = await inspectPatiently(docker, facts.id);
    // Lost or removed, which its end will say; or all of it has been read.
    if (typeof now === "string" || (why === null && !now.running)) return;
  }
  tell(`${part}: the log of the container ${facts.name} cannot be followed any more; \`docker logs\` has it`);
}

async function stop(docker: Docker, id: string, graceMs: number): Promise<void> {
  try {
    const seconds = String(Math.ceil(graceMs / 1000));
    await docker(["stop", "-t", seconds, id], { timeoutMs: graceMs + 30_000 });
  } catch (thrown) {
    // Gone already: then there is nothing to stop.
    if (!isMissing(thrown)) throw thrown;
  }
}

/** How long a daemon that went away may take to come back (a restart with live-restore) before its containers count as lost. */
const daemonBackMs = 10_000;

/** The container's last facts, or in words why there are none. Never settles once `letGo` is aborted. */
async function waitForEnd(docker: Docker, id: string, letGo: AbortSignal): Promise<ContainerFacts | string> {
  for (;;) {
    try {
      await docker(["wait", id], { signal: letGo, timeoutMs: null });
    } catch (thrown) {
      // Let go: nobody asks any more.
      if (letGo.aborted) return new Promise(() => undefined);
      if (!(thrown instanceof DockerError)) return messageOf(thrown);
    }
    const facts = await inspectPatiently(docker, id);
    if (typeof facts === "string" || !facts.running) return facts;
  }
}

async function inspectPatiently(docker: Docker, id: string): Promise<ContainerFacts | string> {
  const startMs = performance.now();
  for (;;) {
    try {
      return await inspectContainer(docker, id);
    } catch (thrown) {
      if (!(thrown instanceof DockerError)) return messageOf(thrown);
      if (isMissing(thrown)) return "an unknown code: the container has been removed";
      if (performance.now() - startMs > daemonBackMs)
        return `an unknown code: the Docker daemon went away (${thrown.message})`;
    }
    await sleep(250);
  }
}

async function nameClash(
  docker: Docker,
  { spec, title, cause }: { readonly spec: ContainerSpec; readonly title: string; readonly cause: Error },
): Promise<StartError> {
  const whose = await inspectContainer(docker, spec.name).then(
    ({ labels, status }) => ({ labels, status }),
    () => null,
  );
  const run = whose?.labels[labelNames.run];
  const warm = whose?.labels[labelNames.warm];
  const what =
    whose === null
      ? "It is gone by now: try again."
      : run !== undefined
        ? `It belongs to run ${run} (${whose.status}). \`tollgate clean ${run}\` removes it when that run is dead; two runs cannot share a node's names.`
        : warm !== undefined
          ? `\`tollgate up\` keeps it for ${warm} (${whose.status}). \`tollgate down\` removes it.`
          : `It is not Tollgate's (${whose.status}): \`docker rm -f ${spec.name}\` if nobody needs it.`;
  return new StartError(title, `${title} was not started: the name is taken. ${what}`, { cause });
}
