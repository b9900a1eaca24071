import type { ToolCallLog } from "../../bench/workload/workload.ts";
import type { Environment, LoadedDomain, Requestor, Task } from "../tau2/domain.ts";
import type { Evaluation } from "../tau2/evaluate.ts";
import type { DomainModule } from "./domain-module.ts";
import { LimitCounter } from "./episode-limits.ts";
import type { CallCounts } from "./protocol.ts";
import type { EvaluationRequest, OpenedEpisode, OpenParameters, RunningCall } from "./worker-messages.ts";

export interface IncomingCall {
  readonly requestor: Requestor;
  readonly name: string;
  readonly argumentsText: string;
  readonly toolCallId: string | null;
  readonly requestId: string | null;
  readonly receivedNs: number;
}

export type CallOutcome =
  | { readonly status: "called"; readonly line: ToolCallLog; readonly counts: CallCounts }
  | {
      readonly status: "refused";
      readonly reason: "limit" | "deadline";
      readonly message: string;
      readonly counts: CallCounts;
    };

export interface EpisodeParts {
  readonly module: DomainModule;
  readonly domain: LoadedDomain;
  readonly task: Task;
  readonly running: RunningCall;
  readonly nowNs: () => number;
}

/** One attempt of a task inside a worker: its environment, its limits, its tool calls. */
export class Episode {
  readonly parameters: OpenParameters;
  readonly #parts: EpisodeParts;
  readonly #environment: Environment;
  readonly #limits: LimitCounter;

  constructor(parameters: OpenParameters, parts: EpisodeParts) {
    this.parameters = parameters;
    this.#parts = parts;
    this.#limits = new LimitCounter(parameters.limits);
    this.#environment = parts.domain.createEnvironment({ task: parts.task });
    this.#environment.setState({
      initialStateText: parts.task.initialStateText,
      history: parts.task.messageHistory,
      strict: true,
    });
  }

  describe(): OpenedEpisode {
    const { domain, task } = this.#parts;
    const offer = domain.forTask?.(task) ?? domain;
    return {
      policy: offer.policy,
      agentToolsJson: domain.agentToolsJson,
      userToolsJson: offer.userToolsJson,
      userSystemPrompt: domain.userSystemPrompt(task),
      messageHistory: task.messageHistory,
      rewardBasis: task.rewardBasis,
      nlAssertions: task.nlAssertions,
    };
  }

  /** Runs a tool, or refuses to. Throws only when the domain's code has a bug. */
  call(call: IncomingCall): CallOutcome {
    const { nowNs, running } = this.#parts;
    const { callTimeoutMs } = this.parameters.limits;
    const startedNs = nowNs();
    const waitedMs = (startedNs - call.receivedNs) / 1e6;
    if (waitedMs > callTimeoutMs) {
      return this.#refuse(
        "deadline",
        `the call waited ${Math.round(waitedMs)} ms, longer than ${callTimeoutMs} ms`,
      );
    }
    if (call.requestor === "assistant" && !this.#limits.admit(call.requestId)) {
      return this.#refuse("limit", `the episode has reached ${this.#limits.counts().limit ?? "a limit"}`);
    }
    running.begin(this.parameters.ordinal, startedNs + callTimeoutMs * 1e6);
    try {
      const { content, error } = this.#environment.call(call);
      const endedNs = nowNs();
      this.#limits.record(call.requestor, error);
      const line = {
        ...this.#identityOf(call),
        content,
        error,
        receivedNs: call.receivedNs,
        startedNs,
        endedNs,
      };
      return { status: "called", line, counts: this.#limits.counts() };
    } finally {
      running.end();
    }
  }

  addSteps(count: number): CallCounts {
    this.#limits.addSteps(count);
    return this.#limits.counts();
  }

  counts(): CallCounts {
    return this.#limits.counts();
  }

  hashes(): { readonly agentHash: string; readonly userHash: string | null } {
    return { agentHash: this.#environment.agentHash(), userHash: this.#environment.userHash() };
  }

  evaluate(request: EvaluationRequest): Evaluation | Promise<Evaluation> {
    const { judged, messages, terminationReason } = request;
    return this.#parts.module.evaluate(this.#parts.domain, {
      task: this.#parts.task,
      messages,
      terminationReason,
      solo: false,
      strictReplay: true,
      judge: judged == null ? null : () => [...judged],
    });
  }

  #refuse(reason: "limit" | "deadline", message: string): CallOutcome {
    this.#limits.refuse();
    return { status: "refused", reason, message, counts: this.#limits.counts() };
  }

  #identityOf(call: IncomingCall) {
    return {
      episodeId: this.parameters.episodeId,
      attemptKey: this.parameters.attemptKey,
      toolCallId: call.toolCallId,
      name: call.name,
      argumentsText: call.argumentsText,
      requestor: call.requestor,
    };
  }
}
