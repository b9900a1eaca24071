import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { z } from "zod";
import { TollgateError } from "../../errors.ts";
import { type DeviceIdentity, signedDevice } from "./device-identity.ts";
import { acceptedSchema, answerIdSchema, helloSchema, serverFrameSchema } from "./frames.ts";
import { Timer } from "../../measure/deadline.ts";

/** OpenClaw refused a request; `rpcCode` is its own word, e.g. `UNAVAILABLE`. */
export class GatewayRefusal extends TollgateError {
  readonly code = "TOLLGATE_OPENCLAW_REFUSED";
  readonly rpcCode: string;
  /** Its finer word, e.g. `AUTH_TOKEN_MISMATCH`; null where it has none. */
  readonly detail: string | null;
  /** Whether it says that the same request may succeed later, e.g. while it starts. */
  readonly retryable: boolean;

  constructor(method: string, { code, message, detail, retryable }: RefusalReason) {
    super(`OpenClaw refused ${method}: ${message} (${code})`);
    this.rpcCode = code;
    this.detail = detail ?? null;
    this.retryable = retryable ?? false;
  }
}

interface RefusalReason {
  readonly code: string;
  readonly message: string;
  readonly detail?: string | undefined;
  readonly retryable?: boolean | undefined;
}

/** The connection to an OpenClaw gateway is gone; nothing that was pending will be answered. */
export class GatewayConnectionLost extends TollgateError {
  readonly code = "TOLLGATE_OPENCLAW_LOST";
}

interface PendingRequest {
  readonly method: string;
  readonly resolve: (payload: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface RequestOptions {
  readonly timeoutMs: number;
  /** W3C trace context; OpenClaw passes the trace id on to its model requests. */
  readonly traceparent?: string;
}

/** How a client says who it is, and what it wants to hear. */
export interface SignIn {
  readonly token: string;
  /** Absent: a back-end client on loopback needs none. */
  readonly device?: DeviceIdentity;
  /** Called with every event; asks the gateway for those of tools as well. Absent: none is wanted. */
  readonly onEvent?: (event: GatewayEvent) => void;
}

export interface GatewayEvent {
  readonly event: string;
  readonly payload: unknown;
}

/** One WebSocket to one OpenClaw gateway, protocol 4. Requests are matched by id. */
export class GatewayClient {
  readonly #socket: WebSocket;
  readonly #pending = new Map<string, PendingRequest>();
  /** Resolves when the connection is closed, by either side. */
  readonly closed: Promise<void>;
  #nextId = 1;
  /** What went wrong with the connection, for the messages of all that waited for it. */
  #fault: string | null = null;
  #serverVersion: string | null = null;
  readonly #onEvent: SignIn["onEvent"];

  private constructor(socket: WebSocket, onEvent: SignIn["onEvent"]) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    socket.on("message", (data: Buffer, isBinary) => {
      this.#receive(data, isBinary);
    });
    // Also frames that are too long or break the protocol. `close` always follows, with everything that must be done.
    socket.on("error", ({ message }) => (this.#fault ??= message));
    socket.on("close", () => {
      this.#lose();
      resolve();
    });
  }

  /** Connects and signs in. Rejects with `GatewayConnectionLost` or `GatewayRefusal`. */
  static async connect(url: string, signIn: SignIn, timeoutMs: number): Promise<GatewayClient> {
    // OpenClaw's own limit for what it sends is 25 MiB.
    const socket = new WebSocket(url, { maxPayload: 64 * 1024 * 1024 });
    const client = new GatewayClient(socket, signIn.onEvent);
    const challenge = await client.#challenged(timeoutMs);
    try {
      const hello = await client.request("connect", connectParameters(signIn, challenge), { timeoutMs });
      client.#serverVersion = helloSchema.safeParse(hello).data?.server?.version ?? null;
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** OpenClaw's version, as it has said it; null where it has not. */
  get serverVersion(): string | null {
    return this.#serverVersion;
  }

  /**
   * Sends one request and resolves with its payload; for `agent`, with the payload of the finished run. Rejects with
   * `GatewayRefusal` (also on timeout, code `TIMEOUT`) or `GatewayConnectionLost`.
   */
  async request(method: string, params: unknown, options: RequestOptions): Promise<unknown> {
    const id = String(this.#nextId++);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (this.#socket.readyState !== WebSocket.OPEN) throw this.#lost();
    this.#pending.set(id, { method, resolve, reject });
    using _limit = new Timer(options.timeoutMs, () => {
      this.#pending.delete(id);
      const message = `no answer after ${options.timeoutMs} ms`;
      reject(new GatewayRefusal(method, { code: "TIMEOUT", message }));
    });
    const { traceparent } = options;
    this.#socket.send(JSON.stringify({ type: "req", id, method, params, traceparent }));
    return await promise;
  }

  /** Closes the socket and waits until it is closed, at most a second. */
  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    this.#socket.close();
    await Promise.race([this.closed, sleep(1000, undefined, { ref: false })]);
    this.#socket.terminate();
  }

  async #challenged(timeoutMs: number): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set("connect.challenge", { method: "connect", resolve, reject });
    const timer = setTimeout(() => {
      this.#socket.terminate();
    }, timeoutMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A frame that cannot be read ends the connection: whose answer it was is unknown, so no request can be trusted. */
  #receive(data: Buffer, isBinary: boolean): void {
    const json = isBinary ? undefined : jsonOf(data.toString("utf8"));
    if (json === undefined) {
      this.#fault ??= `it sent ${isBinary ? "a binary frame" : "a frame that is not JSON"} of ${data.length} bytes`;
      this.#socket.terminate();
      return;
    }
    const parsed = serverFrameSchema.safeParse(json);
    if (!parsed.success) {
      this.#refuseUnreadable(json, z.prettifyError(parsed.error));
      return;
    }
    const frame = parsed.data;
    if (frame.type === "event") {
      if (frame.event === "connect.challenge") this.#take(frame.event)?.resolve(frame.payload);
      else this.#onEvent?.({ event: frame.event, payload: frame.payload });
      return;
    }
    const accepted = frame.ok && acceptedSchema.safeParse(frame.payload).success;
    if (accepted && this.#pending.get(frame.id)?.method === "agent") return;
    const pending = this.#take(frame.id);
    if (pending === undefined) return;
    if (frame.ok) pending.resolve(frame.payload);
    else {
      const { code, message, details, retryable } = frame.error ?? nothingSaid;
      const detail = details?.code ?? details?.reason;
      pending.reject(new GatewayRefusal(pending.method, { code, message, detail, retryable }));
    }
  }

  #refuseUnreadable(json: unknown, why: string): void {
    const answer = answerIdSchema.safeParse(json);
    // Frames of other kinds are ignored.
    if (!answer.success) return;
    const pending = this.#take(answer.data.id);
    pending?.reject(new GatewayRefusal(pending.method, { code: "UNREADABLE", message: why }));
  }

  #take(id: string): PendingRequest | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #lose(): void {
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of waiting) reject(this.#lost());
  }

  #lost(): GatewayConnectionLost {
    const why = this.#fault === null ? "" : `: ${this.#fault}`;
    return new GatewayConnectionLost(`the connection to an OpenClaw gateway process was lost${why}`);
  }
}

/** undefined when the text is not JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * What a gateway answered, in the shape that the method promises.
 * @throws {GatewayRefusal} with code UNREADABLE when the answer has another shape
 */
export function readAnswer<Answer>(method: string, payload: unknown, schema: z.ZodType<Answer>): Answer {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  throw new GatewayRefusal(method, { code: "UNREADABLE", message: z.prettifyError(parsed.error) });
}

const nothingSaid = { code: "UNKNOWN", message: "no reason given", details: undefined, retryable: undefined };
const client = { id: "gateway-client", version: "0.0.1", platform: process.platform, mode: "backend" };
const role = "operator";
const scopes = ["operator.read", "operator.write", "operator.admin"];

/** A back-end client with the shared token needs no device key on loopback. */
function connectParameters(
  { token, device, onEvent }: SignIn,
  challenge: unknown,
): Readonly<Record<string, unknown>> {
  const signed = device && signedDevice(device, { client, role, scopes, token, challenge });
  return {
    minProtocol: 4,
    maxProtocol: 4,
    client,
    role,
    scopes,
    caps: onEvent === undefined ? [] : ["tool-events"],
    auth: { token },
    ...(signed === undefined ? {} : { device: signed }),
  };
}
