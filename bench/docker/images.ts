import { z } from "zod";
import { StartError } from "../errors.ts";
import { answerOf, labels, words } from "./docker-answer.ts";
import { DockerError, isMissing, type Docker } from "./docker-command.ts";

const image = answerOf({
  /** `sha256:…` of the image's configuration: what containers refer to. */
  id: [".Id", z.string()],
  tags: [".RepoTags", words],
  /** `repo@sha256:…` of the registry's manifest; empty for images that were built here. */
  digests: [".RepoDigests", words],
  labels: [".Config.Labels", labels],
  command: [".Config.Cmd", words],
});

/** An image as the daemon has it. */
export type ImageFacts = ReturnType<typeof image.read>;

/** null when the daemon has no such image. */
export async function inspectImage(docker: Docker, name: string): Promise<ImageFacts | null> {
  try {
    return image.read(await docker(["image", "inspect", "--format", image.format, name]));
  } catch (thrown) {
    if (isMissing(thrown)) return null;
    throw thrown;
  }
}

/** When an image is pulled. */
export type PullPolicy = "never" | "missing" | "always";

/** `docker pull` tells no bytes when nobody watches it in a terminal. */
export interface PullProgress {
  readonly layers: number;
  readonly layersDone: number;
}

export interface EnsureImageOptions {
  readonly policy: PullPolicy;
  /** Called for every line of `docker pull`, and once a minute in which it says nothing. */
  readonly onProgress: (progress: PullProgress) => void;
  readonly signal?: AbortSignal;
  /** How long `docker pull` may say nothing at all. Default two minutes. */
  readonly firstWordMs?: number;
}

/**
 * The image, pulled when the policy says so, with the credentials that `docker login` keeps.
 * @throws {StartError} when it is missing and may not be pulled, or when pulling fails.
 */
export async function ensureImage(
  docker: Docker,
  image: string,
  options: EnsureImageOptions,
): Promise<ImageFacts> {
  const present = options.policy === "always" ? null : await inspectImage(docker, image);
  if (present !== null) return present;
  if (options.policy === "never") {
    throw new StartError(
      image,
      `The image ${image} is not on this node and pull is never. Run \`docker pull ${image}\`, load it with \`docker load\`, or set pull: missing.`,
    );
  }
  await pull(docker, image, options);
  const pulled = await inspectImage(docker, image);
  if (pulled !== null) return pulled;
  throw new StartError(image, `Docker pulled ${image} and does not have it. Check the reference.`);
}

/** A pull may take an hour, so it has no deadline; but one that has not said a word yet waits for somebody. */
async function pull(docker: Docker, image: string, options: EnsureImageOptions): Promise<void> {
  const { firstWordMs = 120_000 } = options;
  const mute = new AbortController();
  const waiting = setTimeout(() => mute.abort(muteError(image, firstWordMs)), firstWordMs);
  const done = new Map<string, boolean>();
  const tell = () => {
    const layersDone = [...done.values()].filter((one) => one).length;
    options.onProgress({ layers: done.size, layersDone });
  };
  const everyMinute = setInterval(tell, 60_000);
  const onLine = (line: string) => {
    clearTimeout(waiting);
    const [, layer, status = ""] = /^([0-9a-f]{12}): (.+)/.exec(line) ?? [];
    if (layer === undefined) return;
    done.set(layer, done.get(layer) === true || /^(Pull complete|Already exists)/.test(status));
    tell();
  };
  try {
    const signal = AbortSignal.any([mute.signal, ...(options.signal === undefined ? [] : [options.signal])]);
    await docker(["pull", image], { signal, timeoutMs: null, onLine });
  } catch (thrown) {
    throw thrown instanceof DockerError && thrown.refused ? pullError(image, thrown.reason) : thrown;
  } finally {
    clearTimeout(waiting);
    clearInterval(everyMinute);
  }
}

function muteError(image: string, ms: number): StartError {
  return new StartError(
    image,
    `\`docker pull ${image}\` said nothing for ${ms / 1000} s: a credential helper of Docker's configuration (docker-credential-…) waits, or ${registryOf(image)} does not answer. Run it by hand.`,
  );
}

/** What registries and the daemon say when a pull fails. The first that matches wins. */
const pullErrors: readonly { readonly pattern: RegExp; readonly advice: (registry: string) => string }[] = [
  {
    pattern: /no basic auth|may require 'docker login'/i,
    advice: (registry) =>
      `nobody is logged in at ${registry}, or there is no such image. \`docker login ${registry}\`, or check the name`,
  },
  {
    pattern: /unauthorized|denied|authentication required/i,
    advice: (registry) =>
      `the credentials for ${registry} in Docker's configuration were refused, or there are none. \`docker login ${registry}\` again`,
  },
  {
    pattern: /manifest unknown|not found|no matching manifest/i,
    advice: () => "there is no such tag, or none for this machine's architecture. Check the reference",
  },
  {
    pattern: /toomanyrequests|rate limit/i,
    advice: (registry) =>
      `${registry} limits anonymous pulls. \`docker login ${registry}\`, or load the image from a file`,
  },
  {
    pattern: /no such host|server misbehaving|lookup|timeout|connection refused|no route|TLS handshake/i,
    advice: (registry) =>
      `${registry} cannot be reached from the daemon. Set the daemon's proxy, or load the image with \`docker load\` and set pull: never`,
  },
  { pattern: /no space left/i, advice: () => "the disk of Docker is full. See `docker system df`" },
];

function pullError(image: string, reason: string): StartError {
  const advice = pullErrors.find(({ pattern }) => pattern.test(reason))?.advice(registryOf(image));
  return new StartError(
    image,
    `The image ${image} could not be pulled: ${advice ?? "see the reason below"}. Docker said: ${reason}`,
  );
}

/** Docker's rule: the first part of a reference is a host when it looks like one. */
export function registryOf(image: string): string {
  const first = image.includes("/") ? (image.split("/")[0] ?? "") : "";
  return /[.:]/.test(first) || first === "localhost" ? first : "docker.io";
}
