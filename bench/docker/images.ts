import { z } from "zod";
import { messageOf, StartError } from "../errors.ts";
import { DockerApiError, type DockerClient } from "./docker-client.ts";
import { parseImageReference } from "./image-reference.ts";
import { PullProgress, readProgress, type LayerProgress } from "./progress-stream.ts";
import { registryAuth, type RegistryAuthOptions } from "./registry-auth.ts";

/** An image as the daemon has it. */
export interface ImageFacts {
  /** `sha256:…` of the image's configuration: what containers refer to. */
  readonly id: string;
  readonly tags: readonly string[];
  /** `repo@sha256:…` of the registry's manifest; empty for images that were built here. */
  readonly digests: readonly string[];
  readonly bytes: number | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly environment: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

const stringsOrNull = z.array(z.string()).nullish();
const imageSchema = z.object({
  Id: z.string(),
  RepoTags: stringsOrNull,
  RepoDigests: stringsOrNull,
  Size: z.number().nullish(),
  Config: z
    .object({
      Labels: z.record(z.string(), z.string()).nullish(),
      Env: stringsOrNull,
      Entrypoint: stringsOrNull,
      Cmd: stringsOrNull,
    })
    .nullish(),
});

/** null when the daemon has no such image. */
export async function inspectImage(client: DockerClient, image: string): Promise<ImageFacts | null> {
  try {
    const found = await client.json(imageSchema, {
      method: "GET",
      path: `/images/${image.split("/").map(encodeURIComponent).join("/")}/json`,
    });
    return {
      id: found.Id,
      tags: found.RepoTags ?? [],
      digests: found.RepoDigests ?? [],
      bytes: found.Size ?? null,
      labels: found.Config?.Labels ?? {},
      environment: found.Config?.Env ?? [],
      entrypoint: found.Config?.Entrypoint ?? [],
      command: found.Config?.Cmd ?? [],
    };
  } catch (thrown) {
    if (thrown instanceof DockerApiError && thrown.status === 404) return null;
    throw thrown;
  }
}

/** When an image is pulled. */
export type PullPolicy = "never" | "missing" | "always";

export interface EnsureImageOptions extends RegistryAuthOptions {
  readonly policy: PullPolicy;
  readonly onProgress: (progress: LayerProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * The image, pulled when the policy says so.
 * @throws {StartError} when it is missing and may not be pulled, or when pulling fails.
 */
export async function ensureImage(
  client: DockerClient,
  image: string,
  options: EnsureImageOptions,
): Promise<ImageFacts> {
  const present = options.policy === "always" ? null : await inspectImage(client, image);
  if (present !== null) return present;
  if (options.policy === "never") {
    throw new StartError(
      image,
      `The image ${image} is not on this node and pull is never. Run \`docker pull ${image}\`, load it with \`docker load\`, or set pull: missing.`,
    );
  }
  await pull(client, image, options);
  const pulled = await inspectImage(client, image);
  if (pulled !== null) return pulled;
  throw new StartError(image, `Docker pulled ${image} and does not have it. Check the reference.`);
}

async function pull(client: DockerClient, image: string, options: EnsureImageOptions): Promise<void> {
  const reference = parseImageReference(image);
  const auth = await registryAuth(reference.registry, options);
  const progress = new PullProgress();
  let error: string | null;
  try {
    const { body } = await client.open({
      method: "POST",
      path: "/images/create",
      query: { fromImage: reference.name, tag: reference.tag },
      headers: auth === null ? {} : { "x-registry-auth": auth },
      signal: options.signal,
      timeoutMs: null,
    });
    error = await readProgress(body, (line) => {
      progress.note(line);
      options.onProgress(progress.sum);
    });
  } catch (thrown) {
    options.signal?.throwIfAborted();
    if (thrown instanceof DockerApiError && thrown.status === 0) throw thrown;
    error = thrown instanceof DockerApiError ? thrown.daemonMessage : messageOf(thrown);
  }
  if (error !== null) throw pullError(image, { error, loggedIn: auth !== null });
}

function pullError(image: string, { error, loggedIn }: { error: string; loggedIn: boolean }): StartError {
  const { registry } = parseImageReference(image);
  const advice = /unauthorized|denied|authentication required|no basic auth/i.test(error)
    ? loggedIn
      ? `the credentials for ${registry} in Docker's configuration were refused. \`docker login ${registry}\` again`
      : `nobody is logged in at ${registry}, or there is no such image. \`docker login ${registry}\`, or check the name`
    : /manifest unknown|not found|no matching manifest/i.test(error)
      ? "there is no such tag, or none for this machine's architecture. Check the reference"
      : /toomanyrequests|rate limit/i.test(error)
        ? `${registry} limits anonymous pulls. \`docker login ${registry}\`, or load the image from a file`
        : /no such host|server misbehaving|lookup|timeout|connection refused|no route|TLS handshake/i.test(
              error,
            )
          ? `${registry} cannot be reached from the daemon. Set the daemon's proxy, or load the image with \`docker load\` and set pull: never`
          : /no space left/i.test(error)
            ? "the disk of Docker is full. See `docker system df`"
            : "see the reason below";
  return new StartError(image, `The image ${image} could not be pulled: ${advice}. Docker said: ${error}`);
}
