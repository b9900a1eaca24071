import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { messageOf, StartError } from "../errors.ts";
import { followLog, lastLines, logSize } from "./container-log.ts";
import { labelNames } from "./container-labels.ts";
import { createBody, type ContainerSpec } from "./container-spec.ts";
import { inspectContainer, type ContainerFacts } from "./container-state.ts";
import { DockerApiError, type DockerClient } from "./docker-client.ts";
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

const createdSchema = z.object({ Id: z.string() });
const nameSchema = z.string().regex(/^[a-zA-Z0-9][\w.-]+$/);

/**
 * Creates and starts a container and follows its log.
 * @throws {StartError} with what to change where the reason is known; nothing of it is left then.
 */
export async function startContainer(
  client: DockerClient,
  spec: ContainerSpec,
  options: StartContainerOptions,
): Promise<RunningContainer> {
  const title = `${options.part} (container ${nameSchema.parse(spec.name)})`;
  let id: string;
  try {
    ({ Id: id } = await client.json(createdSchema, {
      method: "POST",
      path: "/containers/create",
      query: { name: spec.name },
      json: createBody(spec, options.secrets),
      signal: options.signal,
    }));
  } catch (thrown) {
    if (thrown instanceof DockerApiError && thrown.status === 409)
      throw await nameClash(client, { spec, title, cause: thrown });
    throw explainRefusal(title, thrown);
  }
  try {
    await client.send({
      method: "POST",
      path: `/containers/${id}/start`,
      signal: options.signal,
      // The GPU runtime starts the driver's daemons, which can take long on a cold node.
      timeoutMs: 180_000,
    });
    return follow(client, { facts: await inspectContainer(client, id), sinceSeconds: 0 }, options);
  } catch (thrown) {
    // A container that could not be started stays behind in state Created and keeps its name.
    await removeContainer(client, id).catch((failed: unknown) => options.tell(messageOf(failed)));
    throw explainRefusal(title, thrown);
  }
}

/** A container that somebody else started and that runs on when this is disposed. Its log is followed from now on. */
export async function adoptContainer(
  client: DockerClient,
  idOrName: string,
  options: ContainerOptions,
): Promise<RunningContainer> {
  const facts = await inspectContainer(client, idOrName);
  if (!facts.running) {
    throw new StartError(
      options.part,
      `The container ${facts.name} of ${options.part} is not running (${exitText(facts)}). Run \`tollgate down\` and \`tollgate up\`.`,
    );
  }
  const container = follow(client, { facts, sinceSeconds: Math.floor(Date.now() / 1000) }, options);
  return { ...container, [Symbol.asyncDispose]: () => Promise.resolve(container.detach()) };
}

/** Removes a container whatever its state; one that is gone already is fine. */
export async function removeContainer(client: DockerClient, id: string): Promise<void> {
  try {
    await client.send({ method: "DELETE", path: `/containers/${id}`, query: { force: "1", v: "1" } });
  } catch (thrown) {
    const status = thrown instanceof DockerApiError ? thrown.status : null;
    // 409: a removal is under way already.
    if (status !== 404 && status !== 409) throw thrown;
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
  client: DockerClient,
  { facts, sinceSeconds }: { readonly facts: ContainerFacts; readonly sinceSeconds: number },
  options: ContainerOptions,
): RunningContainer {
  const { id } = facts;
  const letGo = new AbortController();
  const fromByte = logSize(options.logFile);
  const log = followToEnd(client, { facts, sinceSeconds, letGo: letGo.signal }, options);
  const lastLogLines = (count: number) => lastLines(options.logFile, { count, fromByte });
  let removal: Promise<void> | undefined;
  const end = waitForEnd(client, id, letGo.signal).then(async (facts): Promise<ContainerEnd> => {
    // What it wrote last arrives a moment after its end, and says why.
    await Promise.race([log, sleep(2_000, undefined, { ref: false })]);
    if (typeof facts === "string") return { text: facts, facts: null };
    const asked = removal !== undefined || facts.exitCode === 0;
    const advice = asked ? null : adviceFor(facts, lastLogLines(200));
    return { text: advice === null ? exitText(facts) : `${exitText(facts)}; ${advice}`, facts };
  });
  const remove = () => (removal ??= stopAndRemove(client, id, options.stopGraceMs));
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
      }
    },
  };
}

/** Goes on after an interruption by the daemon's restart, as long as the container runs. Never rejects. */
async function followToEnd(
  client: DockerClient,
  container: { readonly facts: ContainerFacts; readonly sinceSeconds: number; readonly letGo: AbortSignal },
  { part, logFile, tell }: ContainerOptions,
): Promise<void> {
  const { facts, letGo } = container;
  let { sinceSeconds } = container;
  for (let attempt = 0; attempt < 5; attempt++) {
    const why = await followLog(client, { containerId: facts.id, logFile, sinceSeconds, signal: letGo });
    if (letGo.aborted) return;
    sinceSeconds = Math.floor(Date.now() / 1000);
    if (why !== null) await sleep(500);
    const now = await inspectPatiently(client, facts.id);
    // Lost or removed, which its end will say; or all of it has been read.
    if (typeof now === "string" || (why === null && !now.running)) return;
  }
  tell(`${part}: the log of the container ${facts.name} cannot be followed any more; \`docker logs\` has it`);
}

async function stopAndRemove(client: DockerClient, id: string, graceMs: number): Promise<void> {
  try {
    await client.send({
      method: "POST",
      path: `/containers/${id}/stop`,
      query: { t: String(Math.ceil(graceMs / 1000)) },
      timeoutMs: graceMs + 30_000,
    });
  } catch (thrown) {
    // Gone already: then there is nothing to stop.
    if (!(thrown instanceof DockerApiError) || thrown.status !== 404) throw thrown;
  }
  await removeContainer(client, id);
}

/** How long a daemon that went away may take to come back (a restart with live-restore) before its containers count as lost. */
const daemonBackMs = 10_000;

/** The container's last facts, or in words why there are none. Never settles once `letGo` is aborted. */
async function waitForEnd(
  client: DockerClient,
  id: string,
  letGo: AbortSignal,
): Promise<ContainerFacts | string> {
  for (;;) {
    try {
      await client.send({
        method: "POST",
        path: `/containers/${id}/wait`,
        query: { condition: "not-running" },
        signal: letGo,
        timeoutMs: null,
      });
    } catch (thrown) {
      // Let go: nobody asks any more.
      if (letGo.aborted) return new Promise(() => undefined);
      if (!(thrown instanceof DockerApiError)) return messageOf(thrown);
    }
    const facts = await inspectPatiently(client, id);
    if (typeof facts === "string" || !facts.running) return facts;
  }
}

async function inspectPatiently(client: DockerClient, id: string): Promise<ContainerFacts | string> {
  const startMs = performance.now();
  for (;;) {
    try {
      return await inspectContainer(client, id);
    } catch (thrown) {
      if (!(thrown instanceof DockerApiError)) return messageOf(thrown);
      if (thrown.status === 404) return "an unknown code: the container has been removed";
      if (performance.now() - startMs > daemonBackMs)
        return `an unknown code: the Docker daemon went away (${thrown.message})`;
    }
    await sleep(250);
  }
}

async function nameClash(
  client: DockerClient,
  { spec, title, cause }: { readonly spec: ContainerSpec; readonly title: string; readonly cause: Error },
): Promise<StartError> {
  const whose = await inspectContainer(client, spec.name).then(
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
