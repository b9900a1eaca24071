import { readFileSync } from "node:fs";
import { join } from "node:path";
import { simulatedSglang } from "../docker/simulated-sglang-image.ts";
import type { TestDockerd } from "../docker/dockerd.ts";
import { listContainers } from "../../bench/docker/container-state.ts";
import { fastEngine, Workplace } from "./small-experiment.ts";
import { readRecords } from "./tollgate-process.ts";

type Settings = Readonly<Record<string, unknown>>;

/** Engines on which a cell takes long enough for something to happen in it. */
export const slowEngine = { ...fastEngine, decodeStepMs: 15 };

/** What the simulated engines of the embedded stack are given as flags, for those in containers. */
function simulator(role: "agent" | "user", speed: typeof fastEngine): Record<string, string> {
  const library = "/app/openclaw-tau2/data";
  return {
    TOLLGATE_SIM_ROLE: role,
    TOLLGATE_SIM_DATA: library,
    TOLLGATE_SIM_DOMAIN: "library",
    TOLLGATE_SIM_SCHEMAS: `${library}/tau2/domains/library`,
    TOLLGATE_SIM_DECODE_STEP_MS: String(speed.decodeStepMs),
    TOLLGATE_SIM_DECODE_STEP_MS_PER_REQUEST: String(speed.decodeStepMsPerRequest),
    TOLLGATE_SIM_PREFILL_TOKENS_PER_SECOND: String(speed.prefillTokensPerSecond),
  };
}

export interface DockerStackChanges {
  readonly stack?: Settings;
  readonly agent?: Settings;
  readonly speed?: typeof fastEngine;
  readonly extraEnv?: Readonly<Record<string, string>>;
}

/** Two simulated SGLang servers in containers, GPUs 0-3 and 4-7, from a base port of this test process's own. */
export function dockerStack({
  stack,
  agent,
  speed = fastEngine,
  extraEnv,
}: DockerStackChanges = {}): Settings {
  // Raising limits needs rights that a test machine may not give.
  const server = { shmSize: "64m", ulimits: {}, contextLength: 131_072, startSeconds: 60 };
  return {
    kind: "docker",
    image: simulatedSglang,
    pull: "never",
    simulated: true,
    model: "tollgate-sim",
    gpuMemoryGiB: 80,
    basePort: basePort(),
    agent: {
      ...server,
      gpus: [0, 1, 2, 3],
      extraEnv: { ...simulator("agent", speed), ...extraEnv },
      ...agent,
    },
    user: { ...server, gpus: [4, 5, 6, 7], extraEnv: simulator("user", speed) },
    ...stack,
  };
}

function basePort(): number {
  return 20_000 + (process.pid % 20) * 500;
}

/** The small experiment on a daemon of the test's own. */
export class DockerPlace extends Workplace {
  readonly #dockerd: TestDockerd;

  constructor(dockerd: TestDockerd, changes: Settings) {
    super(changes);
    this.#dockerd = dockerd;
  }

  override get environment(): Readonly<Record<string, string>> {
    return { ...super.environment, DOCKER_HOST: this.#dockerd.host };
  }
}

/** Names of Tollgate's containers, in any state. */
export async function containersOf(dockerd: TestDockerd): Promise<readonly string[]> {
  return (await listContainers(dockerd.cli)).map(({ name }) => name).sort();
}

/** SIGKILL, as the kernel would do it. */
export async function killContainer({ cli }: TestDockerd, name: string): Promise<void> {
  await cli(["kill", name]);
}

/** Whether a cell of the run has begun. */
export function cellRuns(run: string): boolean {
  return readRecords(run).some(({ type }) => type === "segment-started");
}

export const nameOf = (run: string): string => run.slice(run.lastIndexOf("/") + 1);

/** What a run archived of one of its servers. */
export function serverOf(run: string, role: string) {
  return JSON.parse(readFileSync(join(run, "evidence", "servers", `${role}.json`), "utf8")) as {
    container: { id: string };
  };
}
