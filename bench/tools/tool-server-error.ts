import { TollgateError } from "../errors.ts";

/** The tool server failed an episode: its environment is lost or wrong, so the episode has no reward. */
export abstract class ToolServerError extends TollgateError {}

/** How a worker thread was lost. */
export type WorkerDeath = "exited" | "crashed" | "stuck" | "stopped";

export interface WorkerLoss {
  /** 0-based number of the worker. */
  readonly worker: number;
  readonly death: WorkerDeath;
  /** The episode whose tool call was running at that moment, where it is known. */
  readonly runningEpisodeId: string | null;
  readonly detail: string;
}

/** The worker thread that held the episode is gone, and the episode's environment with it. */
export class ToolWorkerDiedError extends ToolServerError {
  readonly code = "TOLLGATE_TOOL_WORKER_DIED";
  readonly loss: WorkerLoss;

  constructor(loss: WorkerLoss, options?: { readonly cause?: unknown }) {
    const during =
      loss.runningEpisodeId === null ? "" : ` during a tool call of episode ${loss.runningEpisodeId}`;
    super(`Tool worker ${loss.worker} ${deathVerbs[loss.death]}${during}: ${loss.detail}.`, options);
    this.loss = loss;
  }
}

const deathVerbs: Readonly<Record<WorkerDeath, string>> = {
  exited: "exited",
  crashed: "crashed",
  stuck: "was stuck",
  stopped: "was stopped",
};

/** The worker lives but could not do what was asked: unknown task id, a replay that does not match, a tool with a bug. */
export class ToolOperationError extends ToolServerError {
  readonly code = "TOLLGATE_TOOL_OPERATION";
  /** Name of the error class inside the worker, e.g. `ReplayError`. */
  readonly kind: string;

  constructor(what: string, failure: { readonly kind: string; readonly message: string }) {
    super(`${what}: ${failure.message}`);
    this.kind = failure.kind;
  }
}

/** The server answered a frame with an error frame. */
export class ToolRefusedError extends ToolServerError {
  readonly code = "TOLLGATE_TOOL_REFUSED";
  /** The protocol's stable word, e.g. `limit`. */
  readonly reason: string;

  constructor(op: string, reason: string, message: string) {
    super(`The tool server refused ${op} (${reason}): ${message}`);
    this.reason = reason;
  }
}

/** The connection to the tool server could not be made, was lost, or spoke something else than the protocol. */
export class ToolConnectionError extends ToolServerError {
  readonly code = "TOLLGATE_TOOL_CONNECTION";
  readonly socket: string;

  constructor(socket: string, detail: string, options?: { readonly cause?: unknown }) {
    super(`Connection to the tool server at ${socket}: ${detail}`, options);
    this.socket = socket;
  }
}

/** The tool server did not answer within the client's own deadline. */
export class ToolTimeoutError extends ToolServerError {
  readonly code = "TOLLGATE_TOOL_TIMEOUT";
  readonly afterMs: number;

  constructor(op: string, afterMs: number) {
    super(`The tool server did not answer ${op} within ${afterMs} ms.`);
    this.afterMs = afterMs;
  }
}
