import { join } from "node:path";
import type { AgentDriver } from "../../bench/agent/agent.ts";
import { StartError } from "../../bench/errors.ts";
import type {
  AttemptContext,
  EpisodeResult,
  EpisodeTask,
  EventLoopLoad,
  PreparedWorkload,
  WorkloadContext,
} from "../../bench/workload/workload.ts";
import { attemptCase } from "./attempt/attempt-case.ts";
import { StoredPrompts } from "./prompt/stored-prompts.ts";
import { caseAt, casesOf, placesOf } from "./contract/cases.ts";
import { chooseCounter } from "./counting/choose-counter.ts";
import type { TokenCounter } from "./counting/counter.ts";
import { exactPrompt } from "./prompt/exact-prompt.ts";
import { tooLong } from "./room.ts";
import type { LongContextExperiment } from "./contract/section.ts";
import { systemMessage } from "./contract/system-message.ts";

/** A count makes the server tokenise, or where there is no other way read, up to a whole prompt. */
const countTimeoutMs = 300_000;

/** The prompts of a run, built before its first cell, and the agent that sends them. */
export class PreparedPrompts implements PreparedWorkload {
  readonly #experiment: LongContextExperiment;
  readonly #agent: AgentDriver;
  readonly #prompts: StoredPrompts;
  readonly #counter: TokenCounter;

  private constructor(
    experiment: LongContextExperiment,
    parts: { readonly agent: AgentDriver; readonly prompts: StoredPrompts; readonly counter: TokenCounter },
  ) {
    this.#experiment = experiment;
    this.#agent = parts.agent;
    this.#prompts = parts.prompts;
    this.#counter = parts.counter;
  }

  static async start(experiment: LongContextExperiment, context: WorkloadContext): Promise<PreparedPrompts> {
    const { workload, sampling } = experiment;
    const { engine, signal, progress } = context;
    const refused = tooLong(workload.lengths, { context: engine.contextLength, answer: sampling.maxTokens });
    if (refused !== null) throw new StartError("agent engine", refused);
    const asking = { engine, signal, timeoutMs: countTimeoutMs, system: systemMessage };
    const counter = await chooseCounter({ ...asking, tokenizer: workload.tokenizer }, progress);
    const prompts = new StoredPrompts(join(context.scratchDirectory, "prompts"));
    const cases = casesOf(workload);
    progress(`building ${cases.length} prompts; tokens are counted by ${counter.about}`);
    for (const [index, one] of cases.entries()) {
      context.phase?.(`building prompt ${index + 1} of ${cases.length} (${one.length} tokens)`);
      signal.throwIfAborted();
      await prompts.add(one, await exactPrompt(one, counter));
    }
    return new PreparedPrompts(experiment, { agent: await context.startAgent(null), prompts, counter });
  }

  async warmUp(): Promise<void> {
    // The agent is a client in this process: there is nothing to load.
  }

  async renew(): Promise<boolean> {
    return (await this.#agent.renew?.()) ?? false;
  }

  eventLoopLoad(): Promise<readonly EventLoopLoad[]> {
    return this.#agent.eventLoopLoad();
  }

  async attempt(episode: EpisodeTask, attempt: AttemptContext): Promise<EpisodeResult> {
    const { taskId, trial, seed } = episode;
    const place = placesOf(this.#experiment.workload).find((one) => caseAt(one, episode).taskId === taskId);
    if (place === undefined) throw new Error(`the plan has a task ${taskId}, and the grid has not`);
    return attemptCase(
      { experiment: this.#experiment, agent: this.#agent, counted: this.#counter },
      { one: caseAt(place, { trial, seed }), prompt: await this.#prompts.of({ taskId, seed }), attempt },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent[Symbol.asyncDispose]();
  }
}
