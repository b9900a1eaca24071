import { Agent, request, type Dispatcher } from "undici";
import { z } from "zod";
import { messageOf, StartError } from "../errors.ts";
import type { DockerHost } from "./docker-host.ts";

/** The newest Engine API whose answers this client was written against. */
export const newestApiVersion = "1.51";
/** The first one that can give a container chosen GPUs. */
const oldestApiVersion = "1.40";
const shortCallMs = 60_000;

/** What the daemon said no to, or that it could not be asked (`status` 0). */
export class DockerApiError extends StartError {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** The daemon's own words. */
  readonly daemonMessage: string;

  constructor(what: string, facts: { readonly status: number; readonly message: string; cause?: unknown }) {
    super("docker", what, { cause: facts.cause });
    this.status = facts.status;
    this.daemonMessage = facts.message;
  }
}

const versionSchema = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  MinAPIVersion: z.string().nullish(),
  Os: z.string().nullish(),
  Arch: z.string().nullish(),
  KernelVersion: z.string().nullish(),
});

export interface DaemonVersion {
  readonly version: string;
  readonly apiVersion: string;
  readonly minApiVersion: string | null;
  readonly os: string | null;
  readonly architecture: string | null;
  readonly kernel: string | null;
}

export interface DockerRequest {
  readonly method: "GET" | "POST" | "DELETE" | "HEAD";
  /** Below the API version, e.g. `/containers/json`. */
  readonly path: string;
  /** Lists are repeated. */
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is; needs its own content type in `headers`. */
  readonly body?: NodeJS.ReadableStream | Buffer;
  readonly signal?: AbortSignal | undefined;
  /** null for calls that wait or stream for as long as a container lives. Default one minute. */
  readonly timeoutMs?: number | null;
}

/** One Docker daemon, spoken to in the API version that both sides know. */
export class DockerClient implements AsyncDisposable {
  readonly host: DockerHost;
  readonly daemon: DaemonVersion;
  /** The version in every path, e.g. `1.41`. */
  readonly apiVersion: string;
  readonly #agent: Agent;

  private constructor(host: DockerHost, parts: { agent: Agent; daemon: DaemonVersion; apiVersion: string }) {
    this.host = host;
    this.daemon = parts.daemon;
    this.apiVersion = parts.apiVersion;
    this.#agent = parts.agent;
  }

  /** @throws {StartError} when no daemon answers, when its socket is not ours to use, or when it is too old or too new. */
  static async connect(host: DockerHost, signal?: AbortSignal): Promise<DockerClient> {
    // Waiting for a container and following its log take as long as it lives: no timeouts of the connection's own.
    const agent = new Agent({
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: host.kind === "unix" ? { socketPath: host.socketPath } : {},
    });
    try {
      const answer = await ask(
        { agent, host, prefix: "" },
        { method: "GET", path: "/version", signal, timeoutMs: 10_000 },
      );
      const daemon = daemonVersionOf(versionSchema.parse(await answer.body.json()));
      return new DockerClient(host, { agent, daemon, apiVersion: negotiate(daemon) });
    } catch (thrown) {
      await agent.close();
      if (thrown instanceof StartError) throw thrown;
      throw new StartError(
        "docker",
        `What answers at ${host.text} is no Docker daemon: ${messageOf(thrown)}`,
        {
          cause: thrown,
        },
      );
    }
  }

  /** The answer as a stream; the caller has to read or destroy its body. @throws {DockerApiError} for 400 and above. */
  open(call: DockerRequest): Promise<Dispatcher.ResponseData> {
    return ask({ agent: this.#agent, host: this.host, prefix: `/v${this.apiVersion}` }, call);
  }

  /** @throws {DockerApiError} for 400 and above. */
  async json<Answer>(schema: z.ZodType<Answer>, call: DockerRequest): Promise<Answer> {
    const { body } = await this.open(call);
    const text = await this.#reading(call, () => body.text());
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw new StartError(
      "docker",
      `The Docker daemon ${this.daemon.version} answered ${call.method} ${call.path} in an unknown form: ${z.prettifyError(parsed.error)}`,
      { cause: parsed.error },
    );
  }

  /** For calls whose answer says nothing. @throws {DockerApiError} for 400 and above. */
  async send(call: DockerRequest): Promise<void> {
    const { body } = await this.open(call);
    await this.#reading(call, () => body.dump());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  async #reading<Value>(call: DockerRequest, read: () => Promise<Value>): Promise<Value> {
    try {
      return await read();
    } catch (cause) {
      throw unreachable(this.host, call, cause);
    }
  }
}

interface Line {
  readonly agent: Agent;
  readonly host: DockerHost;
  readonly prefix: string;
}

async function ask({ agent, host, prefix }: Line, call: DockerRequest): Promise<Dispatcher.ResponseData> {
  call.signal?.throwIfAborted();
  const timeoutMs = call.timeoutMs === undefined ? shortCallMs : call.timeoutMs;
  const deadline = timeoutMs === null ? null : AbortSignal.timeout(timeoutMs);
  const signals = [call.signal, deadline].filter((signal) => signal != null);
  const json = call.json === undefined ? undefined : JSON.stringify(call.json);
  let response: Dispatcher.ResponseData;
  try {
    response = await request(`${host.kind === "unix" ? "http://docker" : host.origin}${prefix}${call.path}`, {
      dispatcher: agent,
      method: call.method,
      query: present(call.query ?? {}),
      headers: { ...(json === undefined ? {} : { "content-type": "application/json" }), ...call.headers },
      body: json ?? (call.body as Dispatcher.DispatchOptions["body"]) ?? null,
      signal: AbortSignal.any(signals),
    });
  } catch (cause) {
    call.signal?.throwIfAborted();
    throw unreachable(host, call, deadline?.aborted ? new Error(`no answer within ${timeoutMs} ms`) : cause);
  }
  if (response.statusCode < 400) return response;
  const message = daemonMessage(await response.body.text());
  throw new DockerApiError(
    `Docker refused ${call.method} ${call.path} (${response.statusCode}): ${message}`,
    {
      status: response.statusCode,
      message,
    },
  );
}

/** The daemon could not be asked: each reason with what to do about it. */
function unreachable(host: DockerHost, call: DockerRequest, cause: unknown): DockerApiError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const whys: Readonly<Record<string, string>> = {
    ENOENT:
      "there is no such socket. Start Docker (`systemctl start docker`), or set DOCKER_HOST (`docker context inspect` shows it)",
    ECONNREFUSED:
      "nobody listens there. Start Docker (`systemctl start docker`), or set DOCKER_HOST to the daemon's address",
    EACCES:
      "permission denied. Add the user to the group of the socket (`usermod -aG docker USER`, then log in again), or run as root",
  };
  const why = whys[code ?? ""] ?? `${messageOf(cause)}. Check that the daemon runs (\`docker info\`)`;
  const path = call.path.replace(/[0-9a-f]{64}/, (id) => id.slice(0, 12));
  return new DockerApiError(
    `The Docker daemon at ${host.text} does not answer ${call.method} ${path}: ${why}.`,
    { status: 0, message: messageOf(cause), cause },
  );
}

function negotiate(daemon: DaemonVersion): string {
  const chosen =
    compareVersions(daemon.apiVersion, newestApiVersion) < 0 ? daemon.apiVersion : newestApiVersion;
  if (daemon.minApiVersion !== null && compareVersions(chosen, daemon.minApiVersion) < 0) {
    throw new StartError(
      "docker",
      `Docker ${daemon.version} accepts only API versions from ${daemon.minApiVersion} on, and this Tollgate knows none above ${newestApiVersion}. Use a newer Tollgate.`,
    );
  }
  if (compareVersions(chosen, oldestApiVersion) < 0) {
    throw new StartError(
      "docker",
      `Docker ${daemon.version} (API ${daemon.apiVersion}) is too old: GPUs need API ${oldestApiVersion}, which came with Docker 19.03.`,
    );
  }
  return chosen;
}

/** Negative when `a` is the older of two versions such as `1.9` and `1.41`. */
function compareVersions(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split(".").map(Number);
  const [majorB = 0, minorB = 0] = b.split(".").map(Number);
  return majorA - majorB || minorA - minorB;
}

function daemonVersionOf(answer: z.infer<typeof versionSchema>): DaemonVersion {
  return {
    version: answer.Version,
    apiVersion: answer.ApiVersion,
    minApiVersion: answer.MinAPIVersion ?? null,
    os: answer.Os ?? null,
    architecture: answer.Arch ?? null,
    kernel: answer.KernelVersion ?? null,
  };
}

function present(query: NonNullable<DockerRequest["query"]>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}

function daemonMessage(text: string): string {
  const parsed = z.object({ message: z.string() }).safeParse(parseJson(text));
  return parsed.data?.message ?? (text.trim() || "no reason given");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
