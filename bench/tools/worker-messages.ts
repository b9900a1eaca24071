import type { ToolCallLog } from "../workload/workload.ts";
import type { EpisodeLimits } from "./episode-limits.ts";
import type { CallCounts, SessionReply } from "./protocol.ts";
import type { OfferedTools } from "./tool-module.ts";

/** What `session` answers, without the frame's own fields. */
export type SessionRecord = Omit<SessionReply, "id" | "ok">;

/** What a worker thread is started with. Everything is structured-cloneable. */
export interface WorkerTask {
  readonly worker: number;
  readonly generation: number;
  /** Unix socket path or `host:port`; the worker reports what it really listens on. */
  readonly socket: string;
  readonly fleetToken: string;
  readonly maxFrameBytes: number;
  /** URL of a `ToolModule`. */
  readonly module: string;
  /** Settings to load before the first episode asks for them. */
  readonly preload: readonly object[];
  /** Sessions that are open on other workers. */
  readonly sessions: readonly SessionRecord[];
  readonly running: RunningCallBuffer;
}

export interface OpenParameters {
  readonly episodeId: string;
  readonly attemptKey: string;
  readonly settings: object;
  readonly taskId: string;
  readonly attempt?: unknown;
  readonly limits: EpisodeLimits;
  readonly agentToken: string;
  readonly userToken: string;
  /** Number of the episode in `RunningCall`. */
  readonly ordinal: number;
}

/** Requests from the main thread to a worker; each is answered by `done` or `failed` with the same number. */
export interface WorkerOperations {
  readonly open: { readonly parameters: OpenParameters; readonly result: OfferedTools };
  readonly userCall: {
    readonly parameters: {
      attemptKey: string;
      name: string;
      argumentsText: string;
      toolCallId: string | null;
    };
    readonly result: { readonly content: string; readonly error: boolean };
  };
  readonly addSteps: {
    readonly parameters: { attemptKey: string; count: number };
    readonly result: CallCounts;
  };
  readonly evaluate: {
    readonly parameters: { attemptKey: string; request: unknown };
    readonly result: unknown;
  };
  readonly close: { readonly parameters: { attemptKey: string }; readonly result: null };
  readonly register: { readonly parameters: SessionRecord; readonly result: null };
  readonly unregister: { readonly parameters: { attemptKey: string }; readonly result: null };
}
export type OperationName = keyof WorkerOperations;

export type ToWorker =
  | {
      [Name in OperationName]: {
        readonly type: "do";
        readonly number: number;
        readonly name: Name;
        readonly parameters: WorkerOperations[Name]["parameters"];
      };
    }[OperationName]
  | { readonly type: "ping" }
  | { readonly type: "stop" };

export type FromWorker =
  | { readonly type: "ready"; readonly socket: string }
  | { readonly type: "done"; readonly number: number; readonly result: unknown }
  | { readonly type: "failed"; readonly number: number; readonly kind: string; readonly message: string }
  /** One executed call; sent before the caller gets its reply, so that a log is never behind a reply. */
  | { readonly type: "called"; readonly line: ToolCallLog; readonly counts: CallCounts }
  | { readonly type: "refused"; readonly attemptKey: string; readonly counts: CallCounts }
  /** The tool's code threw instead of answering: a bug, the episode must not get a reward. */
  | { readonly type: "broken"; readonly attemptKey: string; readonly message: string }
  | { readonly type: "pong" };

/** Memory shared with the main thread: which episode's call runs, and since when it counts as stuck. */
export type RunningCallBuffer = BigInt64Array<SharedArrayBuffer>;

/** The slot of `RunningCallBuffer` outlives the thread, so the main thread can read it when the thread cannot answer. */
export class RunningCall {
  readonly #slot: RunningCallBuffer;

  constructor(slot: RunningCallBuffer) {
    this.#slot = slot;
  }

  static buffer(): RunningCallBuffer {
    return new BigInt64Array(new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT));
  }

  begin(ordinal: number, stuckAtNs: number): void {
    Atomics.store(this.#slot, 1, BigInt(Math.round(stuckAtNs)));
    Atomics.store(this.#slot, 0, BigInt(ordinal));
  }

  end(): void {
    Atomics.store(this.#slot, 0, 0n);
  }

  /** Ordinals start at 1; null when no call runs. */
  read(): { readonly ordinal: number; readonly stuckAtNs: number } | null {
    const ordinal = Number(Atomics.load(this.#slot, 0));
    return ordinal === 0 ? null : { ordinal, stuckAtNs: Number(Atomics.load(this.#slot, 1)) };
  }
}
