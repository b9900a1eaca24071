import type { Dispatcher } from "undici";
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

/** Takes the stamps of one request. The first thing that each handler does is to ask the clock. */
export class RequestWatch implements Dispatcher.DispatchHandler {
  readonly #nowNs: () => number;
  readonly #ended: (answer: RawAnswer) => void;
  readonly #chunks: Buffer[] = [];
  readonly #chunkNs: number[] = [];
  #controller: Dispatcher.DispatchController | null = null;
  #sentNs: number | null = null;
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
    if (this.#controller === null) this.#end("aborted", reason);
    else this.#controller.abort(new Error(reason));
  }

  /** undici calls it right before it writes the request to an open socket. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#sentNs = this.#nowNs();
    this.#controller = controller;
    if (this.#over) controller.abort(new Error("the request was over before it was sent"));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    ...[status, headers]: [number, Record<string, string | string[] | undefined>, string?]
  ): void {
    const atNs = this.#nowNs();
    if (status < 200) return;
    this.#firstByteNs = atNs;
    this.#status = status;
    this.#contentType = String(headers["content-type"] ?? "");
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunkNs.push(this.#nowNs());
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const failed = this.#status !== null && this.#status >= 400;
    this.#end(failed ? "http-error" : "completed", failed ? `HTTP status ${this.#status}` : null);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
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
