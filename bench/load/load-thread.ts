import { Worker } from "node:worker_threads";
import { messageOf, StartError } from "../errors.ts";
import { beginLoneSweeping, makeRealTime, type Scheduling } from "../measure/real-time.ts";
import { compileCacheVariable, ownModule } from "../own-files.ts";
import type { LoadPlan, LoadResult } from "./load.ts";

/** `drain`: begin nothing new. `cancel`: abort what is in flight, too. */
export type ToThread =
  { readonly kind: "load"; readonly plan: LoadPlan } | { readonly kind: "drain" | "cancel" };
export type FromThread =
  | { readonly kind: "ready"; readonly threadIds: readonly (number | null)[] }
  | { readonly kind: "progress"; readonly ended: number }
  | { readonly kind: "done"; readonly result: LoadResult }
  | { readonly kind: "failed"; readonly message: string };

export interface ThreadLoadOptions {
  /** When it aborts, nothing new is begun. */
  readonly drain?: AbortSignal;
  /** When it aborts, requests in flight are aborted too. */
  readonly cancel?: AbortSignal;
  /** Told how many requests have ended, a few times a second. */
  readonly progress?: (ended: number) => void;
}

/**
 * The timing thread: sends plans one after the other, so that JSON, tables and files of the caller's thread delay no
 * stamp. One thread for many loads, because code is slow until it has run for a while.
 */
export class LoadThread implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #gone: Promise<StartError>;
  /** What the kernel granted the thread and its alarm. */
  readonly scheduling: Promise<Scheduling>;
  #busy = false;

  /** @param environment where chrt is looked for, see bench/measure/real-time.ts */
  constructor(environment: Readonly<Record<string, string | undefined>>) {
    const endLoneSweeping = beginLoneSweeping();
    this.#worker = new Worker(ownModule(new URL("./worker-entry.ts", import.meta.url)), {
      env: compileCacheVariable(),
    });
    this.#gone = new Promise((resolve) => {
      this.#worker.on("error", (cause) =>
        resolve(new StartError("load", `The timing thread failed: ${messageOf(cause)}`, { cause })),
      );
      this.#worker.on("exit", (code) =>
        resolve(new StartError("load", `The timing thread has ended with code ${code}.`)),
      );
    });
    this.scheduling = new Promise((resolve) => {
      this.#worker.once("message", (message: FromThread) => {
        if (message.kind === "ready") void makeAllRealTime(message.threadIds, environment).then(resolve);
      });
      void this.#gone.then(({ message }) => resolve({ policy: "normal", why: message }));
    });
    // By then the alarm's thread has started, too.
    void this.scheduling.then(endLoneSweeping);
  }

  /**
   * Sends one plan; the next may follow when it has settled.
   * @throws {StartError} when the server accepts no connection or the thread is gone
   */
  async run(plan: LoadPlan, options: ThreadLoadOptions = {}): Promise<LoadResult> {
    if (this.#busy) throw new Error("The timing thread runs one load at a time.");
    this.#busy = true;
    const { drain, cancel, progress } = options;
    await this.scheduling;
    const onDrain = () => this.#tell({ kind: "drain" });
    const onCancel = () => this.#tell({ kind: "cancel" });
    const answered = new Promise<LoadResult>((resolve, reject) => {
      this.#worker.removeAllListeners("message");
      this.#worker.on("message", (message: FromThread) => {
        if (message.kind === "progress") progress?.(message.ended);
        else if (message.kind === "done") resolve(message.result);
        else if (message.kind === "failed") reject(new StartError("load", message.message));
      });
    });
    this.#tell({ kind: "load", plan });
    drain?.addEventListener("abort", onDrain);
    cancel?.addEventListener("abort", onCancel);
    if (drain?.aborted) onDrain();
    if (cancel?.aborted) onCancel();
    try {
      return await Promise.race([answered, this.#gone.then((error) => Promise.reject(error))]);
    } finally {
      drain?.removeEventListener("abort", onDrain);
      cancel?.removeEventListener("abort", onCancel);
      this.#busy = false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }

  #tell(message: ToThread): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
    this.#worker.postMessage(message);
  }
}

/** What the kernel refused to one of the threads; real time when it was granted to all. */
async function makeAllRealTime(
  threadIds: readonly (number | null)[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Scheduling> {
  const granted = await Promise.all(threadIds.map((id) => makeRealTime(id, environment)));
  return granted.find(({ policy }) => policy === "normal") ?? { policy: "real-time" };
}
