import type { Experiment } from "../../config/experiment.ts";
import { StartError } from "../../errors.ts";
import { connectDocker, type Docker } from "../../docker/docker-command.ts";
import { ensureImage, type ImageFacts, type PullPolicy, type PullProgress } from "../../docker/images.ts";

/** Whether anything of an experiment runs in a container: its engines, or an arm with an image. */
export function usesDocker({ stack, arms }: Experiment): boolean {
  return stack.kind === "docker" || arms.some((arm) => "image" in arm && arm.image !== undefined);
}

export interface DockerNodeOptions {
  /** Decides which daemon it is; holds the values of secrets that containers get. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The machine with the GPUs: its Docker daemon, and what Tollgate asks of it. */
export class DockerNode {
  readonly docker: Docker;
  readonly environment: DockerNodeOptions["environment"];
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;

  private constructor(docker: Docker, options: DockerNodeOptions) {
    this.docker = docker;
    this.environment = options.environment;
    this.tell = options.tell;
    this.signal = options.signal;
  }

  /** @throws {StartError} when no daemon answers. */
  static async connect(options: DockerNodeOptions): Promise<DockerNode> {
    return new DockerNode(await connectDocker(options.environment, options.signal), options);
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
      const facts = await ensureImage(this.docker, image, {
        policy,
        onProgress: pullTeller(image, this.tell),
        signal: this.signal,
      });
      found.set(image, facts);
    }
    return found;
  }
}

/** A line for every further tenth of the layers, and one a minute: the last layers of an image are often its largest. */
function pullTeller(image: string, tell: (line: string) => void): (progress: PullProgress) => void {
  const startMs = performance.now();
  let told = { tenth: -1, minute: 0 };
  return ({ layers, layersDone }) => {
    const tenth = layers === 0 ? 0 : Math.floor((10 * layersDone) / layers);
    const minute = Math.floor((performance.now() - startMs) / 60_000);
    if (tenth <= told.tenth && minute === told.minute) return;
    told = { tenth: Math.max(tenth, told.tenth), minute };
    tell(`pulling ${image}: ${layersDone} of ${layers} layers${minute === 0 ? "" : ` after ${minute} min`}`);
  };
}
