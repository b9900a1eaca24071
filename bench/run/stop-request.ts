/** Why a run ends before its plan does. */
export type StopCause = "sigint" | "sigterm" | "stop-command" | "budget";

/**
 * One request to stop, in two steps: first a drain (no new episodes, those in flight run to their end), then, when asked
 * again, cancellation of what is in flight. Finished episodes are on disk either way.
 */
export class StopRequest {
  #cause: StopCause | null = null;
  readonly #asked = new AbortController();
  readonly #cancel = new AbortController();
  readonly #tell: (text: string) => void;

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  /** The first cause, or null while nobody asked. */
  get cause(): StopCause | null {
    return this.#cause;
  }

  /** Aborted by the first request: what only waits for something to start is given up. */
  get asked(): AbortSignal {
    return this.#asked.signal;
  }

  /** Aborted by the second request: everything in flight must end now. */
  get cancelled(): AbortSignal {
    return this.#cancel.signal;
  }

  admits(): boolean {
    return this.#cause === null;
  }

  request(cause: StopCause): void {
    if (this.#cause === null) {
      this.#cause = cause;
      this.#tell(
        `Stopping (${cause}): episodes in flight run to their end, nothing new begins. Once more (Ctrl-C) cancels them.`,
      );
      this.#asked.abort(new Error(`asked to stop (${cause})`));
    } else if (!this.#cancel.signal.aborted) {
      this.#tell("Cancelling what is in flight; finished episodes are kept.");
      this.#cancel.abort(new Error("cancelled by a second stop request"));
    }
  }
}
