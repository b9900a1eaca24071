import { StartError } from "../errors.ts";
import { callProgram } from "../host/call-program.ts";

const shortCallMs = 60_000;

/** `docker` said no. Either the daemon refused (`refused`), or it could not be asked. */
export class DockerError extends StartError {
  readonly refused: boolean;
  /** The daemon's own words, or those of the command. */
  readonly reason: string;

  constructor(what: string, facts: { readonly refused: boolean; readonly reason: string }) {
    super("docker", what);
    this.refused = facts.refused;
    this.reason = facts.reason;
  }
}

export interface DockerCall {
  readonly signal?: AbortSignal | undefined;
  /** null for calls that wait for as long as a container lives. Default one minute. */
  readonly timeoutMs?: number | null;
  /** On top of the environment that finds the daemon: values for `--env NAME`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** File descriptor to read from. */
  readonly stdin?: number;
  /** File descriptor that gets stdout and stderr; the answer is empty then. */
  readonly output?: number;
  /** Told of each line of stdout as it comes; the answer is empty then. */
  readonly onLine?: (line: string) => void;
}

/**
 * Runs `docker` with these arguments and resolves with what it printed. The call is killed, with all that it started
 * (ssh, credential helpers), when its signal or its time says so.
 * @throws {DockerError} when it fails @throws {StartError} when there is no such command
 */
export type Docker = (args: readonly string[], call?: DockerCall) => Promise<string>;

/** The `docker` command of this machine. `environment` decides which daemon it speaks to: DOCKER_HOST, DOCKER_CONTEXT, HOME. */
export function dockerCommand(environment: Readonly<Record<string, string | undefined>>): Docker {
  return async (args, call = {}) => {
    const { timeoutMs = shortCallMs } = call;
    const asked = { ...call, timeoutMs, environment: { ...environment, ...call.environment } };
    const { stdout, stderr, exitCode, late } = await callProgram("docker", args, asked).catch(
      (thrown: unknown) => {
        throw (thrown as NodeJS.ErrnoException).code === "ENOENT" ? notInstalled(thrown) : thrown;
      },
    );
    if (late) throw unreachable(args, `no answer within ${timeoutMs} ms`);
    if (exitCode !== 0) throw failure(args, stderr.trim() || `exit code ${exitCode ?? "none"}`);
    return stdout.replace(/\r?\n$/, "");
  };
}

const findsDaemon =
  /^(PATH|HOME|USER|LOGNAME|XDG_RUNTIME_DIR|SSH_AUTH_SOCK|DOCKER_\w+|(HTTPS?|ALL|NO)_PROXY)$/i;

/** What of an environment `docker` needs to find its daemon, and nothing of the keys that stand beside it. */
export function daemonEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value !== undefined && findsDaemon.test(name) ? [[name, value] as const] : [],
    ),
  );
}

/** @throws {StartError} when no daemon answers, or when it is not ours to use. */
export async function connectDocker(
  environment: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<Docker> {
  const docker = dockerCommand(environment);
  await docker(["version", "--format", "{{.Server.Version}}"], { signal, timeoutMs: 20_000 });
  return docker;
}

/** Whether a call failed because there is no such container or image. */
export function isMissing(thrown: unknown): boolean {
  return thrown instanceof DockerError && /no such (container|object|image)/i.test(thrown.reason);
}

function notInstalled(cause: unknown): StartError {
  return new StartError(
    "docker",
    "The command `docker` is not on the PATH, and containers are started with it. Install Docker's command line (Debian and Ubuntu: `apt-get install docker-cli` or `docker.io`; https://docs.docker.com/engine/install).",
    { cause },
  );
}

function failure(args: readonly string[], stderr: string): DockerError {
  const refusal = /^Error response from daemon: ([\s\S]*)/m.exec(stderr)?.[1];
  if (refusal === undefined && !/no such (container|object|image)/i.test(stderr))
    return unreachable(args, stderr);
  const reason = (refusal ?? stderr).replace(/\nError: failed to start containers:.*/, "").trim();
  return new DockerError(`Docker refused \`docker ${args[0] ?? ""}\`: ${reason}`, { refused: true, reason });
}

/** What keeps the daemon from being asked, with what to do about it. The first that matches wins. */
const obstacles: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  {
    pattern: /permission denied/i,
    why: "permission denied. Add the user to the group of the socket (`usermod -aG docker USER`, then log in again), or run as root",
  },
  {
    pattern: /cannot connect|failed to connect|connection refused|is the docker daemon running/i,
    why: "nobody listens there. Start Docker (`systemctl start docker`), or name the daemon with DOCKER_HOST or DOCKER_CONTEXT (`docker context ls` shows what there is)",
  },
];

function unreachable(args: readonly string[], reason: string): DockerError {
  const address = /\b((?:unix|tcp|ssh|https?):\/\/[^\s"';]*[^\s"';.:])/.exec(reason)?.[1];
  const why =
    obstacles.find(({ pattern }) => pattern.test(reason))?.why ??
    `${reason}. Check that the daemon runs (\`docker info\`)`;
  return new DockerError(
    `The Docker daemon${address === undefined ? "" : ` at ${address}`} does not answer \`docker ${args[0] ?? ""}\`: ${why}.`,
    { refused: false, reason },
  );
}
