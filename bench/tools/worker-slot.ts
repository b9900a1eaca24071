import { StartError } from "../errors.ts";
import type { ToolWorkerDiedError } from "./tool-server-error.ts";
import { WorkerThread, type WorkerThreadParts } from "./worker-thread.ts";
import type { OperationName, SessionRecord, WorkerOperations } from "./worker-messages.ts";

export interface WorkerSlotParts extends Omit<WorkerThreadParts, "task"> {
  readonly task: Omit<WorkerThreadParts["task"], "generation" | "sessions">;
  /** Sessions that a new thread must know from its first frame on. */
  readonly sessions: () => readonly SessionRecord[];
  /** A thread was lost; the next one starts right after this returns. */
  readonly onDeath: (death: ToolWorkerDiedError) => void;
}

/** Starts in a row that may fail before the slot gives up. */
const maxFailedStarts = 3;

/** One place of the tool server: a thread on a fixed socket, and its successor when it dies. */
export class WorkerSlot {
  readonly #parts: WorkerSlotParts;
  #thread: WorkerThread;
  #socket: string;
  #generation = 0;
  #failedStarts = 0;
  #stopping = false;

  constructor(parts: WorkerSlotParts) {
    this.#parts = parts;
    this.#socket = parts.task.socket;
    this.#thread = this.#startThread();
  }

  /** Where the slot's threads listen; the same for every one of them. */
  get socket(): string {
    return this.#socket;
  }

  /** False when its threads could not be started again. */
  get usable(): boolean {
    return this.#failedStarts < maxFailedStarts;
  }

  /** Waits until a thread listens. @throws StartError when the slot has given up. */
  async ready(): Promise<void> {
    for (;;) {
      const thread = this.#thread;
      try {
        this.#socket = await thread.ready;
        return;
      } catch (cause) {
        if (!this.usable || this.#stopping) {
          const detail = (cause as ToolWorkerDiedError).message;
          throw new StartError("tool server", `A tool worker could not start: ${detail}`, { cause });
        }
        // The death handler replaces the thread in the same turn of the event loop.
        if (thread === this.#thread) await thread.dead;
      }
    }
  }

  do<Name extends OperationName>(
    name: Name,
    parameters: WorkerOperations[Name]["parameters"],
  ): Promise<WorkerOperations[Name]["result"]> {
    return this.#thread.do(name, parameters);
  }

  drain(): void {
    this.#thread.drain();
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    await this.#thread.stop(graceMs);
  }

  #startThread(): WorkerThread {
    const { onDeath, sessions, task, ...parts } = this.#parts;
    this.#generation += 1;
    const generation = this.#generation;
    const thread = new WorkerThread({
      ...parts,
      task: { ...task, socket: this.#socket, generation, sessions: sessions() },
    });
    let listened = false;
    thread.ready.then(
      () => {
        listened = true;
        this.#failedStarts = 0;
      },
      () => undefined,
    );
    void thread.dead.then((death) => {
      if (this.#stopping) return;
      if (!listened) this.#failedStarts += 1;
      onDeath(death);
      if (this.usable) this.#thread = this.#startThread();
    });
    return thread;
  }
}
