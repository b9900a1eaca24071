import { availableParallelism } from "node:os";
import type { AgentDriver } from "../../bench/agent/agent.ts";
import { sandboxesOfRun } from "../../bench/sandbox/choice/sandboxes-of-run.ts";
import type { SandboxFactory } from "../../bench/sandbox/sandbox.ts";
import type {
  AttemptContext,
  EpisodeResult,
  EpisodeTask,
  PreparedWorkload,
  WorkloadContext,
} from "../../bench/workload/workload.ts";
import { attemptProblem, type CodeParts } from "./attempt-problem.ts";
import type { LoadedProblem } from "./contract/problem.ts";
import type { CodeExperiment } from "./contract/section.ts";
import { inTurn } from "./execution/in-turn.ts";
import { defaultProgramLimits } from "./execution/limits.ts";
import { pythonOf } from "./execution/python-facts.ts";
import { chooseProblems } from "./plan.ts";

/** The workload while a run lasts: problems, the sandbox in which programs are judged, the agent. */
export class PreparedCode implements PreparedWorkload {
  readonly #parts: CodeParts;
  readonly #driver: AgentDriver;
  readonly #problems: ReadonlyMap<string, LoadedProblem>;

  private constructor(parts: CodeParts, driver: AgentDriver, problems: readonly LoadedProblem[]) {
    this.#parts = parts;
    this.#driver = driver;
    this.#problems = new Map(problems.map((one) => [keyOf(one.group, one.problem.id), one]));
  }

  static async start(experiment: CodeExperiment, context: WorkloadContext): Promise<PreparedCode> {
    const { file, problems } = await chooseProblems(experiment.workload);
    const { cpuSeconds, wallSeconds, memoryMiB } = experiment.workload.program;
    const limits = {
      ...defaultProgramLimits,
      cpuSeconds,
      wallSeconds,
      memoryBytes: memoryMiB * 1024 ** 2,
    };
    const runsPrograms = problems.some(({ problem }) => problem.kind === "program");
    const judging = runsPrograms
      ? await startJudging(experiment, context, file)
      : { sandboxes: noSandboxes, workspaces: context.scratchDirectory, facts: {} };
    const driver = await context.startAgent(null);
    return new PreparedCode({ experiment, driver, limits, ...judging }, driver, problems);
  }

  async warmUp(): Promise<void> {}

  async attempt(episode: EpisodeTask, attempt: AttemptContext): Promise<EpisodeResult> {
    const problem = this.#problems.get(keyOf(episode.facts.domain, episode.taskId));
    if (problem === undefined)
      throw new Error(`episode ${attempt.episodeId} names problem ${episode.taskId}, which is not loaded`);
    return await attemptProblem(this.#parts, problem, { episode, attempt });
  }

  async renew(): Promise<boolean> {
    return (await this.#driver.renew?.()) ?? false;
  }

  eventLoopLoad(): ReturnType<AgentDriver["eventLoopLoad"]> {
    return this.#driver.eventLoopLoad();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#driver[Symbol.asyncDispose]();
  }
}

const keyOf = (group: string, id: string) => JSON.stringify([group, id]);

/** Where answers are judged by rules alone. */
const noSandboxes: SandboxFactory = {
  kind: "none",
  facts: {},
  open: () => Promise.reject(new Error("no problem of this run has a program, and one was to be run")),
};

async function startJudging(
  experiment: CodeExperiment,
  context: WorkloadContext,
  file: string,
): Promise<Pick<CodeParts, "sandboxes" | "workspaces" | "facts">> {
  const { signal, progress, phase } = context;
  phase?.("trying the sandbox and its Python");
  const { sandboxes, workspaces } = await sandboxesOfRun(experiment, context, file);
  const python = await pythonOf({ sandboxes, workspaces, signal });
  progress(
    `programs run with ${python.implementation} ${python.version} in a sandbox of kind ${sandboxes.kind}`,
  );
  return {
    sandboxes: inTurn(sandboxes, availableParallelism()),
    workspaces,
    facts: { python: python.version, sandbox: sandboxes.kind },
  };
}
