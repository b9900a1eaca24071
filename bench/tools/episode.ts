import type { ToolCallLog } from "../workload/workload.ts";
import { LimitCounter } from "./episode-limits.ts";
import type { CallCounts } from "./protocol.ts";
import type { EnvironmentCall, EnvironmentReply, ToolEnvironment } from "./tool-module.ts";
import type { OpenParameters, RunningCall } from "./worker-messages.ts";

export interface IncomingCall extends EnvironmentCall {
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
  readonly environment: ToolEnvironment;
  readonly running: RunningCall;
  readonly nowNs: () => number;
}

/** One attempt of a task inside a worker: its environment, its limits, its tool calls. */
export class Episode {
  readonly parameters: OpenParameters;
  readonly #parts: EpisodeParts;
  readonly #limits: LimitCounter;

  constructor(parameters: OpenParameters, parts: EpisodeParts) {
    this.parameters = parameters;
    this.#parts = parts;
    this.#limits = new LimitCounter(parameters.limits);
  }

  get environment(): ToolEnvironment {
    return this.#parts.environment;
  }

  /** Runs a tool, or refuses to. Throws only when the tool's code has a bug. Waits only where the tool does. */
  call(call: IncomingCall): CallOutcome | Promise<CallOutcome> {
    const { environment, nowNs, running } = this.#parts;
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
      const reply = environment.call(call);
      return reply instanceof Promise
        ? reply.then((late) => this.#called(call, startedNs, late))
        : this.#called(call, startedNs, reply);
    } finally {
      // A tool that waits does not hold the thread: whether that is stuck says nothing of it.
      running.end();
    }
  }

  #called(call: IncomingCall, startedNs: number, { content, error }: EnvironmentReply): CallOutcome {
    const endedNs = this.#parts.nowNs();
    this.#limits.record(call.requestor, error);
    const { receivedNs } = call;
    const line = { ...this.#identityOf(call), content, error, receivedNs, startedNs, endedNs };
    return { status: "called", line, counts: this.#limits.counts() };
  }

  addSteps(count: number): CallCounts {
    this.#limits.addSteps(count);
    return this.#limits.counts();
  }

  counts(): CallCounts {
    return this.#limits.counts();
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
