import { join } from "node:path";
import type { Experiment } from "../../config/experiment.ts";
import { StartError } from "../../errors.ts";
import { parseDockerHost } from "../../docker/docker-host.ts";
import { DockerClient } from "../../docker/docker-client.ts";
import { ensureImage, type ImageFacts, type PullPolicy } from "../../docker/images.ts";
import type { LayerProgress } from "../../docker/progress-stream.ts";

/** Whether anything of an experiment runs in a container: its engines, or an arm with an image. */
export function usesDocker({ stack, arms }: Experiment): boolean {
  return stack.kind === "docker" || arms.some((arm) => "image" in arm && arm.image !== undefined);
}

export interface DockerNodeOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The machine with the GPUs: its Docker daemon, and what Tollgate asks of it. */
export class DockerNode implements AsyncDisposable {
  readonly client: DockerClient;
  /** Values of secrets that containers get, and Docker's own settings. */
  readonly environment: DockerNodeOptions["environment"];
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;

  private constructor(client: DockerClient, options: DockerNodeOptions) {
    this.client = client;
    this.environment = options.environment;
    this.tell = options.tell;
    this.signal = options.signal;
  }

  /** @throws {StartError} when no daemon answers at DOCKER_HOST. */
  static async connect(options: DockerNodeOptions): Promise<DockerNode> {
    const host = parseDockerHost(options.environment["DOCKER_HOST"]);
    return new DockerNode(await DockerClient.connect(host, options.signal), options);
  }

  get home(): string {
    const home = this.environment["HOME"];
    if (home === undefined || home === "")
      throw new StartError(
        "docker",
        "HOME is not set; it is where ~ in the experiment's paths leads. Set it.",
      );
    return home;
  }

  /** Every image once, one after the other; two pulls at a time would share the line and tell less. */
  async images(references: Iterable<string>, policy: PullPolicy): Promise<ReadonlyMap<string, ImageFacts>> {
    const found = new Map<string, ImageFacts>();
    for (const image of new Set(references)) {
      const facts = await ensureImage(this.client, image, {
        policy,
        configDirectory: this.environment["DOCKER_CONFIG"] ?? join(this.home, ".docker"),
        environment: this.environment,
        onProgress: pullTeller(image, this.tell),
        signal: this.signal,
      });
      found.set(image, facts);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
  }
}

/** A line for every further tenth of what is known to come, which grows while layers are found. */
function pullTeller(image: string, tell: (line: string) => void): (progress: LayerProgress) => void {
  let told = -1;
  return ({ downloadedBytes, totalBytes, layers, layersDone }) => {
    const tenth = totalBytes === 0 ? 0 : Math.floor((10 * downloadedBytes) / totalBytes);
    if (tenth <= told) return;
    told = tenth;
    tell(
      `pulling ${image}: ${(downloadedBytes / 1e9).toFixed(1)} of ${(totalBytes / 1e9).toFixed(1)} GB known so far, ${layersDone} of ${layers} layers`,
    );
  };
}
