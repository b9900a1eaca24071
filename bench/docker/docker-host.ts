import { StartError } from "../errors.ts";

/** Where a Docker daemon listens. */
export type DockerHost =
  | { readonly kind: "unix"; readonly socketPath: string; readonly text: string }
  | { readonly kind: "tcp"; readonly origin: string; readonly text: string };

const defaultSocket = "/var/run/docker.sock";

/**
 * Reads `DOCKER_HOST` as Docker's own client does; absent or empty means the default socket.
 * @throws {StartError} for ssh:// and npipe://, and for TLS, which would need Docker's certificates.
 */
export function parseDockerHost(text: string | undefined): DockerHost {
  if (text === undefined || text === "")
    return { kind: "unix", socketPath: defaultSocket, text: `unix://${defaultSocket}` };
  const unix = /^unix:\/\/(\/.+)$/.exec(text)?.[1];
  if (unix !== undefined) return { kind: "unix", socketPath: unix, text };
  const tcp = /^(?:tcp|http):\/\/([^/]+)\/?$/.exec(text)?.[1];
  if (tcp !== undefined) {
    // Docker's own default port without TLS.
    const origin = /:\d+$/.test(tcp) ? `http://${tcp}` : `http://${tcp}:2375`;
    return { kind: "tcp", origin, text };
  }
  throw new StartError(
    "docker",
    `DOCKER_HOST=${text} is not supported. Use unix:///path/to/docker.sock or tcp://host:port; for a daemon behind ssh, forward its socket: ssh -L /tmp/docker.sock:/var/run/docker.sock HOST.`,
  );
}
