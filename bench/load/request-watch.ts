import type { ResponseSink } from "../wire/client.ts";
import { headerOf } from "../wire/fields.ts";
import type { ResponseHead } from "../wire/head.ts";
import type { LoadOutcome } from "./load.ts";

/** What arrived of one request, as it arrived. Nothing in it is read until the request is over. */
export interface RawAnswer {
  readonly sentNs: number | null;
  readonly firstByteNs: number | null;
  readonly endedNs: number;
  readonly status: number | null;
  readonly outcome: LoadOutcome;
  readonly error: string | null;
  readonly contentType: string;
  readonly chunks: readonly Buffer[];
  readonly chunkNs: readonly number[];
}

/** Takes the stamps of one request: the clock is read before the bytes are looked at. */
export class RequestWatch implements ResponseSink {
  readonly #nowNs: () => number;
  readonly #ended: (answer: RawAnswer) => void;
  readonly #chunks: Buffer[] = [];
  readonly #chunkNs: number[] = [];
  #cut: ((error: Error) => void) | null = null;
  #sentNs: number | null = null;
  #arrivedNs = 0;
  #firstByteNs: number | null = null;
  #status: number | null = null;
  #contentType = "";
  #abortReason: string | null = null;
  #over = false;

  /** @param ended called once, when the request is over however it went */
  constructor(nowNs: () => number, ended: (answer: RawAnswer) => void) {
    this.#nowNs = nowNs;
    this.#ended = ended;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Ends the request from this side. */
  abort(reason: string): void {
    if (this.#over) return;
    this.#abortReason = reason;
    if (this.#cut === null) this.#end("aborted", reason);
    else this.#cut(new Error(reason));
  }

  /** Says how the request can be cut off once it is with a connection. */
  onAbort(cut: (error: Error) => void): void {
    this.#cut = cut;
  }

  sent(): void {
    this.#sentNs = this.#nowNs();
  }

  /** All bytes of one read get the time of that read, however long they take to process. */
  arrived(): void {
    this.#arrivedNs = this.#nowNs();
  }

  head({ status, fields }: ResponseHead): void {
    this.#firstByteNs = this.#arrivedNs;
    this.#status = status;
    this.#contentType = headerOf(fields, "content-type") ?? "";
  }

  body(_raw: Buffer, data: readonly Buffer[]): void {
    for (const piece of data) {
      this.#chunkNs.push(this.#arrivedNs);
      this.#chunks.push(piece);
    }
  }

  /** A request of load is one buffer, and nothing waits for room. */
  drained(): void {}

  end(): void {
    const failed = this.#status !== null && this.#status >= 400;
    this.#end(failed ? "http-error" : "completed", failed ? `HTTP status ${this.#status}` : null);
  }

  failed(error: Error): void {
    if (this.#abortReason !== null) this.#end("aborted", this.#abortReason);
    else if (this.#firstByteNs !== null) this.#end("truncated", error.message);
    else this.#end(this.#sentNs === null ? "refused" : "lost", error.message);
  }

  #end(outcome: LoadOutcome, error: string | null): void {
    if (this.#over) return;
    const endedNs = this.#nowNs();
    this.#over = true;
    this.#ended({
      sentNs: this.#sentNs,
      firstByteNs: this.#firstByteNs,
      endedNs,
      status: this.#status,
      outcome,
      error,
      contentType: this.#contentType,
      chunks: this.#chunks,
      chunkNs: this.#chunkNs,
    });
  }
}
