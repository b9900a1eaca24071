import { connect, type Socket } from "node:net";
import type { z } from "zod";
import { ToolConnectionError, ToolRefusedError, ToolTimeoutError } from "./tool-server-error.ts";
import { encodeFrame, FrameDecoder, type Frame } from "./framing.ts";
import {
  callReplySchema,
  errorReplySchema,
  helloReplySchema,
  sessionReplySchema,
  stateReplySchema,
  type CallReply,
  type HelloReply,
  type SessionReply,
  type StateReply,
  type ToolRequest,
} from "./protocol.ts";
import { connectOptionsOf } from "./socket-address.ts";

export interface ToolClientOptions {
  /** Unix socket path or `host:port`. */
  readonly socket: string;
  /** Longest wait for one reply. */
  readonly timeoutMs: number;
}

export interface ToolCallRequest {
  readonly token: string;
  readonly name: string;
  /** The argument text exactly as the model wrote it. */
  readonly argumentsText: string;
  readonly toolCallId?: string;
  readonly requestId?: string;
}

type RequestBody = ToolRequest extends infer Request
  ? Request extends ToolRequest
    ? Omit<Request, "id">
    : never
  : never;

interface Waiting {
  readonly op: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Opens one connection to a tool worker. @throws ToolConnectionError */
export async function connectToolClient(options: ToolClientOptions): Promise<ToolClient> {
  const socket = connect(connectOptionsOf(options.socket));
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", (cause) =>
      reject(new ToolConnectionError(options.socket, cause.message, { cause })),
    );
  });
  return new ToolClient(socket, options);
}

/**
 * One connection to a tool worker; requests may overlap. Every method throws ToolRefusedError for an error frame,
 * ToolTimeoutError after `timeoutMs`, ToolConnectionError when the connection is lost.
 */
export class ToolClient implements Disposable {
  readonly #socket: Socket;
  readonly #options: ToolClientOptions;
  readonly #decoder = new FrameDecoder();
  readonly #waiting = new Map<string | number, Waiting>();
  #nextId = 1;
  #lost: ToolConnectionError | null = null;

  constructor(socket: Socket, options: ToolClientOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.removeAllListeners("error");
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      for (const frame of this.#decoder.push(chunk)) this.#hear(frame);
    });
    socket.on("error", (cause) => this.#lose(cause.message, cause));
    socket.on("close", () => this.#lose("it was closed"));
  }

  async hello(token: string): Promise<HelloReply> {
    return this.#request({ op: "hello", token }, helloReplySchema);
  }

  async session(token: string, session: string): Promise<SessionReply> {
    return this.#request({ op: "session", token, session }, sessionReplySchema);
  }

  async call(call: ToolCallRequest): Promise<CallReply> {
    const { argumentsText, ...rest } = call;
    return this.#request({ op: "call", arguments: argumentsText, ...rest }, callReplySchema);
  }

  async state(token: string): Promise<StateReply> {
    return this.#request({ op: "state", token }, stateReplySchema);
  }

  [Symbol.dispose](): void {
    this.#lose("it was closed by this side");
    this.#socket.destroy();
  }

  async #request<Reply>(body: RequestBody, schema: z.ZodType<Reply>): Promise<Reply> {
    if (this.#lost !== null) throw this.#lost;
    const id = this.#nextId++;
    const { timeoutMs } = this.#options;
    const { promise, reject, resolve } = Promise.withResolvers<unknown>();
    const timer = setTimeout(() => {
      this.#waiting.delete(id);
      reject(new ToolTimeoutError(body.op, timeoutMs));
    }, timeoutMs);
    this.#waiting.set(id, { op: body.op, resolve, reject, timer });
    this.#socket.write(encodeFrame({ id, ...body }));
    const reply = schema.safeParse(await promise);
    if (!reply.success)
      throw new ToolConnectionError(this.#options.socket, reply.error.message, { cause: reply.error });
    return reply.data;
  }

  #hear(frame: Frame): void {
    if (frame.kind !== "value") {
      this.#lose(
        frame.kind === "malformed" ? frame.reason : `a reply is longer than ${frame.limitBytes} bytes`,
      );
      this.#socket.destroy();
      return;
    }
    const reply = (frame.value ?? {}) as { readonly id?: string | number; readonly ok?: unknown };
    const waiting = reply.id === undefined ? undefined : this.#waiting.get(reply.id);
    // A reply without a waiting request came after its deadline.
    if (reply.id === undefined || waiting === undefined) return;
    this.#waiting.delete(reply.id);
    clearTimeout(waiting.timer);
    const failure = reply.ok === false ? errorReplySchema.safeParse(reply) : null;
    if (failure?.success) {
      waiting.reject(new ToolRefusedError(waiting.op, failure.data.code, failure.data.message));
    } else waiting.resolve(reply);
  }

  #lose(detail: string, cause?: unknown): void {
    this.#lost ??= new ToolConnectionError(this.#options.socket, detail, { cause });
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(this.#lost);
    }
    this.#waiting.clear();
  }
}
