import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";

/**
 * The body of an incoming request for the next hop. undici destroys the body it is given when the upstream fails, and
 * destroying an IncomingMessage cuts the client's connection: with this between them the client can still be answered.
 * It is kept until the answer begins, for a request that has to be sent again.
 */
export class RequestBody extends Readable {
  readonly #request: IncomingMessage;
  #kept: Buffer[] | null = [];

  constructor(request: IncomingMessage, observer: { chunk(chunk: Buffer): void; end(): void }) {
    super();
    this.#request = request;
    request.on("data", (chunk: Buffer) => {
      observer.chunk(chunk);
      this.#kept?.push(chunk);
      if (!this.destroyed && !this.push(chunk)) request.pause();
    });
    request.once("end", () => {
      observer.end();
      this.push(null);
    });
    request.once("close", () => {
      if (!request.complete) this.destroy(new Error("the client went away while it sent its request"));
    });
    // Its reader hears of a failure from the exchange; without a listener an early failure would end the process.
    this.on("error", () => undefined);
  }

  /** All of it, when the client has sent it; null when it goes away before that, or the bytes were released. */
  whole(): Promise<Buffer | null> {
    return new Promise((resolve) => {
      const settle = () =>
        resolve(this.#request.complete && this.#kept !== null ? Buffer.concat(this.#kept) : null);
      if (this.#request.readableEnded || this.#request.destroyed) return settle();
      this.#request.once("end", settle).once("close", settle).resume();
    });
  }

  /** It will not be sent again. */
  release(): void {
    this.#kept = null;
  }

  override _read(): void {
    this.#request.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // What is still coming is read and thrown away, so that the connection can be used again.
    this.#request.resume();
    callback(error);
  }
}

/** Whether a request carries a body at all. */
export function hasBody(request: IncomingMessage): boolean {
  return (
    request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0
  );
}
