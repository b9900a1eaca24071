import { Dispatcher, type Client } from "undici";
import { Manners } from "../../wire/manners.ts";
import { wasReset } from "../../wire/reset.ts";
import { RequestBody } from "./request-body.ts";
import { UpstreamConnection, type ConnectionObserver } from "./upstream-connection.ts";

export const headBytesMax = 64 * 1024;

/** What is told of a request beside what undici tells. */
export interface UpstreamHandler extends Dispatcher.DispatchHandler {
  /** The server closed the used connection without reading the request, which now goes over a new one. */
  onSentAgain?(error: Error): void;
}

/** A connection is used again only after it has been quiet for so long: who closes right after an answer has done it by then. */
const settleMs = 50;
/** An engine that has worked for longer has read its request, whatever becomes of the connection. */
const unreadMsMax = 1_000;

const clientOptions: Client.Options = {
  pipelining: 1,
  // One request at a time on each connection, as on http.
  allowH2: false,
  // An engine may be silent for as long as it likes; who waits decides how long.
  headersTimeout: 0,
  bodyTimeout: 0,
  maxHeaderSize: headBytesMax,
};

interface Sending {
  readonly options: Dispatcher.DispatchOptions;
  readonly handler: UpstreamHandler;
  /** What became of the first sending, for the second. */
  readonly before: { readonly controller: Dispatcher.DispatchController; readonly error: Error } | null;
}

/**
 * Connections to one server, as many as there are requests: waiting for one inside the client would be counted as the
 * server's time. Servers close connections that they promised to keep, and a request that is written at that moment is
 * lost without having been read. So:
 * - a connection rests for a moment before it is used again, and one that is closed by then is never used;
 * - where a server is seen closing after its answers, each request gets a connection of its own;
 * - a request that the kernel of the other side says was not read (a reset) goes once over a new connection, and its
 *   observer is told. Nothing else is repeated: an end without a reset may be a server that read the request and failed.
 */
export class Upstream extends Dispatcher implements ConnectionObserver {
  readonly #origin: string;
  readonly #manners: Manners;
  readonly #all = new Set<UpstreamConnection>();
  /** In the order in which their last answers ended. */
  readonly #idle: UpstreamConnection[] = [];
  #opened = 0;

  constructor(origin: string, manners: Manners = new Manners()) {
    super();
    this.#origin = origin;
    this.#manners = manners;
  }

  /** Connections that were opened so far. */
  get connections(): number {
    return this.#opened;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: UpstreamHandler): boolean {
    this.#send(this.#take(), { options, handler, before: null });
    return true;
  }

  override async close(): Promise<void> {
    await Promise.all(Array.from(this.#all, ({ client }) => client.close()));
  }

  override async destroy(): Promise<void> {
    await Promise.all(Array.from(this.#all, ({ client }) => client.destroy()));
  }

  opened(): void {
    this.#opened += 1;
  }

  closedByServer(_connection: UpstreamConnection, afterAnswerMs: number): void {
    this.#manners.closed(afterAnswerMs);
  }

  gone(connection: UpstreamConnection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
  }

  #take(): UpstreamConnection {
    const at = this.#manners.closes ? -1 : this.#idle.findLastIndex(({ idleMs }) => idleMs >= settleMs);
    const [settled] = at === -1 ? [] : this.#idle.splice(at, 1);
    settled?.busy();
    return settled ?? this.#another();
  }

  #another(): UpstreamConnection {
    const connection = new UpstreamConnection(this.#origin, clientOptions, this);
    this.#all.add(connection);
    return connection;
  }

  #send(connection: UpstreamConnection, sending: Sending): void {
    const { options, handler, before } = sending;
    const seen = { used: false, startedMs: Number.NaN, answered: false };
    connection.client.dispatch(
      { ...options, ...(this.#manners.closes ? { reset: true } : {}) },
      {
        onRequestStart: (controller, context: unknown) => {
          seen.startedMs = performance.now();
          seen.used = connection.used;
          handler.onRequestStart?.(controller, context);
        },
        onRequestUpgrade: (...of) => handler.onRequestUpgrade?.(...of),
        onResponseStart: (...of) => {
          seen.answered = true;
          if (options.body instanceof RequestBody) options.body.release();
          handler.onResponseStart?.(...of);
        },
        onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
        onResponseEnd: (controller, trailers) => {
          this.#answered(connection);
          handler.onResponseEnd?.(controller, trailers);
        },
        onResponseError: (controller, told) => {
          const error = connection.refusal ?? told;
          connection.drop();
          const unread = seen.used && !seen.answered && wasReset(error);
          const isStarted = !Number.isNaN(seen.startedMs);
          if (before !== null && !isStarted) handler.onResponseError?.(before.controller, before.error);
          else if (before === null && unread && performance.now() - seen.startedMs <= unreadMsMax)
            void this.#sendAgain({ options, handler, before: { controller, error } });
          else handler.onResponseError?.(controller, error);
        },
      },
    );
  }

  async #sendAgain({
    options,
    handler,
    before,
  }: Sending & { readonly before: NonNullable<Sending["before"]> }): Promise<void> {
    const body = options.body instanceof RequestBody ? await options.body.whole() : options.body;
    const isLost = body === null && options.body !== null;
    if (isLost || (typeof body === "object" && body !== null && !Buffer.isBuffer(body))) {
      handler.onResponseError?.(before.controller, before.error);
      return;
    }
    handler.onSentAgain?.(before.error);
    this.#send(this.#another(), { options: { ...options, body: body ?? null }, handler, before });
  }

  #answered(connection: UpstreamConnection): void {
    this.#manners.answered();
    connection.answered();
    this.#idle.push(connection);
  }
}
