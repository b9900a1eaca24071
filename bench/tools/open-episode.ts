import type { ToolCallLog } from "../workload/workload.ts";
import { ToolOperationError } from "./tool-server-error.ts";
import type { CallCounts } from "./protocol.ts";
import type { ToolTypes } from "./tool-module.ts";
import type { OpenParameters } from "./worker-messages.ts";
import type { WorkerSlot } from "./worker-slot.ts";
import type { WorkerEvent } from "./worker-thread.ts";

export interface OpenEpisodeParts<Types extends ToolTypes> {
  readonly slot: WorkerSlot;
  readonly parameters: OpenParameters;
  readonly opened: Types["opened"];
  /** Takes the session out of every worker's registry. */
  readonly unregister: () => Promise<void>;
}

export interface UserToolCall {
  readonly name: string;
  /** The argument text exactly as the model wrote it. */
  readonly argumentsText: string;
  readonly toolCallId: string | null;
}

export interface UserToolReply {
  readonly content: string;
  readonly error: boolean;
}

/** The workload's hold on one attempt whose environment lives in a tool worker. */
export class OpenEpisode<Types extends ToolTypes = ToolTypes> {
  /** Bearer of the agent's tool calls. */
  readonly token: string;
  /** The same for calls made as the user. */
  readonly userToken: string;
  /** Unix socket path or `host:port` of the worker that holds the episode. */
  readonly socket: string;
  readonly opened: Types["opened"];
  readonly #parts: OpenEpisodeParts<Types>;
  readonly #lost = new AbortController();
  readonly #limit = new AbortController();
  #log: ToolCallLog[] = [];
  #closed = false;
  #counts: CallCounts = { agentCalls: 0, userCalls: 0, errors: 0, refused: 0, steps: 0, limit: null };

  constructor(parts: OpenEpisodeParts<Types>) {
    this.#parts = parts;
    this.token = parts.parameters.agentToken;
    this.userToken = parts.parameters.userToken;
    this.socket = parts.slot.socket;
    this.opened = parts.opened;
  }

  /**
   * Aborts when the environment is lost. Its reason is a `ToolWorkerDiedError` (the thread is gone) or a `ToolOperationError`
   * (a tool has a bug); either way the episode has no reward.
   */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Aborts when a limit is reached. The agent's further calls are refused. */
  get limitSignal(): AbortSignal {
    return this.#limit.signal;
  }

  /** Runs a tool as the user. @throws the reason of `lost`; ToolOperationError when the call was refused. */
  async callUserTool(call: UserToolCall): Promise<UserToolReply> {
    this.#assertUsable();
    return this.#parts.slot.do("userCall", { attemptKey: this.#key, ...call });
  }

  /** Tells the limit about steps that only the workload sees: messages, and rounds of user calls. */
  async addSteps(count: number): Promise<CallCounts> {
    this.#assertUsable();
    const counts = await this.#parts.slot.do("addSteps", { attemptKey: this.#key, count });
    this.#count(counts);
    return counts;
  }

  /** Never behind a reply that a client has received. */
  counts(): CallCounts {
    if (!this.#lost.signal.aborted) this.#parts.slot.drain();
    return this.#counts;
  }

  /** Calls executed since the last take, in order of execution. Works after `lost` and after `close`. */
  takeLog(): ToolCallLog[] {
    if (!this.#lost.signal.aborted) this.#parts.slot.drain();
    const log = this.#log;
    this.#log = [];
    return log;
  }

  /** Judges the episode in its worker. @throws the reason of `lost`, or ToolOperationError when the evaluator threw. */
  async evaluate(request: Types["request"]): Promise<Types["judgement"]> {
    this.#assertUsable();
    return this.#parts.slot.do("evaluate", { attemptKey: this.#key, request });
  }

  /** Frees the environment; the tokens answer `closed` from now on. May be called twice. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#parts.unregister();
  }

  /** For the tool server: what the worker reports about this episode. */
  hear(event: WorkerEvent): void {
    if (event.type === "broken") {
      this.lose(
        new ToolOperationError("A tool threw instead of answering", { kind: "bug", message: event.message }),
      );
      return;
    }
    this.#count(event.counts);
    if (event.type === "called") this.#log.push(event.line);
  }

  /** For the tool server. */
  lose(reason: Error): void {
    this.#lost.abort(reason);
  }

  #count(counts: CallCounts): void {
    this.#counts = counts;
    if (counts.limit !== null) this.#limit.abort(counts.limit);
  }

  get #key(): string {
    return this.#parts.parameters.attemptKey;
  }

  #assertUsable(): void {
    this.#lost.signal.throwIfAborted();
    if (this.#closed) {
      throw new ToolOperationError(`Attempt ${this.#key}`, {
        kind: "closed",
        message: "the episode is already closed",
      });
    }
  }
}
