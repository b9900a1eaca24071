import { MessageChannel, receiveMessageOnPort, type MessagePort } from "node:worker_threads";
import type { Tinypool } from "tinypool";
import { messageOf } from "../errors.ts";
import { ToolOperationError, ToolWorkerDiedError, type WorkerDeath } from "./tool-server-error.ts";
import {
  RunningCall,
  type FromWorker,
  type OperationName,
  type ToWorker,
  type WorkerOperations,
  type WorkerTask,
} from "./worker-messages.ts";

export interface WorkerThreadParts {
  readonly pool: Tinypool;
  readonly task: Omit<WorkerTask, "running">;
  readonly watch: WatchSettings;
  readonly nowNs: () => number;
  readonly episodeOf: (ordinal: number) => string | null;
  readonly onEvent: (event: WorkerEvent) => void;
}

export interface WatchSettings {
  /** How often a thread is asked for a sign of life, and its running call is looked at. */
  readonly heartbeatMs: number;
  /** Silence after which a thread counts as stuck. */
  readonly stuckAfterMs: number;
  readonly startTimeoutMs: number;
}

/** What a thread tells without being asked. */
export type WorkerEvent = Extract<FromWorker, { type: "called" | "refused" | "broken" }>;

interface Pending {
  readonly what: OperationName;
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** Time for tinypool to say why a thread ended, after the thread's end of the port has closed. */
const causeGraceMs = 200;

/**
 * One worker thread from its start to its death, seen from the main thread. tinypool does not notice a thread that calls
 * `process.exit`, and nobody outside sees a thread that loops; so the message port is watched here, and a lost thread is
 * ended through the abort signal of its run, which is the one way that tinypool replaces it.
 */
export class WorkerThread {
  /** Resolves with the socket when the thread listens; rejects when it dies before. */
  readonly ready: Promise<string>;
  /** Resolves when the thread is lost or has ended; nothing is answered afterwards. */
  readonly dead: Promise<ToolWorkerDiedError>;
  readonly #parts: WorkerThreadParts;
  readonly #port: MessagePort;
  readonly #abort = new AbortController();
  readonly #running: RunningCall;
  readonly #pending = new Map<number, Pending>();
  readonly #life = Promise.withResolvers<ToolWorkerDiedError>();
  readonly #start = Promise.withResolvers<string>();
  readonly #startTimer: NodeJS.Timeout;
  #watchdog: NodeJS.Timeout | null = null;
  #death: ToolWorkerDiedError | null = null;
  #heardNs: number;
  #nextNumber = 1;
  #stopping = false;

  constructor(parts: WorkerThreadParts) {
    this.#parts = parts;
    this.ready = this.#start.promise;
    this.dead = this.#life.promise;
    this.#heardNs = parts.nowNs();
    const buffer = RunningCall.buffer();
    this.#running = new RunningCall(buffer);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.on("message", (message: FromWorker) => this.#hear(message));
    port1.on("close", () => setTimeout(() => this.#lose("exited", "its thread ended"), causeGraceMs));
    const input = { task: { ...parts.task, running: buffer }, port: port2 };
    parts.pool.run(input, { transferList: [port2], signal: this.#abort.signal }).then(
      () => this.#lose("exited", "its thread returned"),
      (cause: unknown) => this.#lose("crashed", messageOf(cause), cause),
    );
    const { startTimeoutMs } = parts.watch;
    this.#startTimer = setTimeout(
      () => this.#lose("stuck", `not ready within ${startTimeoutMs} ms`),
      startTimeoutMs,
    );
    // Users of the thread await `ready`. Before one does, the rejection of a failed start must not count as unhandled.
    this.ready.catch(() => undefined);
  }

  /** @throws ToolWorkerDiedError when the thread is lost before it answers, ToolOperationError when it answers with a failure. */
  async do<Name extends OperationName>(
    name: Name,
    parameters: WorkerOperations[Name]["parameters"],
  ): Promise<WorkerOperations[Name]["result"]> {
    if (this.#death !== null) throw this.#death;
    const number = this.#nextNumber++;
    return new Promise((resolve, reject) => {
      this.#pending.set(number, { what: name, resolve, reject });
      this.#send({ type: "do", number, name, parameters } as ToWorker);
    });
  }

  /** Handles what the thread has sent but the event loop has not delivered yet. */
  drain(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      this.#hear(received.message as FromWorker);
    }
  }

  /** Asks the thread to end, and ends it when it has not after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    if (this.#death === null) this.#send({ type: "stop" });
    const timer = setTimeout(() => this.#lose("stuck", `it did not stop within ${graceMs} ms`), graceMs);
    await this.dead;
    clearTimeout(timer);
  }

  #hear(message: FromWorker): void {
    this.#heardNs = this.#parts.nowNs();
    switch (message.type) {
      case "ready":
        clearTimeout(this.#startTimer);
        this.#watchdog = setInterval(() => this.#watch(), this.#parts.watch.heartbeatMs);
        this.#start.resolve(message.socket);
        return;
      case "pong":
        return;
      case "done":
        this.#take(message.number)?.resolve(message.result as never);
        return;
      case "failed": {
        const pending = this.#take(message.number);
        pending?.reject(
          new ToolOperationError(`Tool worker ${this.#parts.task.worker}, ${pending.what}`, message),
        );
        return;
      }
      case "broken":
      case "called":
      case "refused":
        this.#parts.onEvent(message);
    }
  }

  #send(message: ToWorker): void {
    this.#port.postMessage(message, []);
  }

  #take(number: number): Pending | undefined {
    const pending = this.#pending.get(number);
    this.#pending.delete(number);
    return pending;
  }

  #watch(): void {
    this.drain();
    const nowNs = this.#parts.nowNs();
    const call = this.#running.read();
    const silentMs = Math.round((nowNs - this.#heardNs) / 1e6);
    if (call !== null && nowNs > call.stuckAtNs) this.#lose("stuck", "the call runs past its deadline");
    else if (silentMs > this.#parts.watch.stuckAfterMs)
      this.#lose("stuck", `no sign of life for ${silentMs} ms`);
    else this.#send({ type: "ping" });
  }

  #lose(death: WorkerDeath, detail: string, cause?: unknown): void {
    if (this.#death !== null) return;
    this.drain();
    clearTimeout(this.#startTimer);
    if (this.#watchdog !== null) clearInterval(this.#watchdog);
    const call = this.#running.read();
    const loss = {
      worker: this.#parts.task.worker,
      death: this.#stopping ? ("stopped" as const) : death,
      runningEpisodeId: call === null ? null : this.#parts.episodeOf(call.ordinal),
      detail,
    };
    this.#death = new ToolWorkerDiedError(loss, { cause });
    this.#abort.abort();
    this.#port.close();
    for (const pending of this.#pending.values()) pending.reject(this.#death);
    this.#pending.clear();
    this.#start.reject(this.#death);
    this.#life.resolve(this.#death);
  }
}
