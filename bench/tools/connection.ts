import type { Socket } from "node:net";
import { encodeFrame, FrameDecoder, type Frame } from "./framing.ts";
import { toolRequestSchema, type ErrorReply, type ToolRequest } from "./protocol.ts";

export interface ConnectionOptions {
  readonly maxFrameBytes: number;
  readonly nowNs: () => number;
  /** Carries out one request. Those of one connection never overlap; of one worker, only those that wait for something. */
  readonly handle: (request: ToolRequest, receivedNs: number) => object | Promise<object>;
}

/** Longest time that one connection's pipelined requests run before other connections get their turn. */
const sliceNs = 4_000_000;

/** Answers the requests of one connection in order. Bad frames cost an error frame, never the connection. */
export class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #decoder: FrameDecoder;
  readonly #waiting: { readonly frame: Frame; readonly receivedNs: number }[] = [];
  #turnScheduled = false;
  /** A request is carried out that waits for something. */
  #waits = false;
  #ended = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#decoder = new FrameDecoder(options.maxFrameBytes);
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#receive(this.#decoder.push(chunk)));
    socket.on("end", () => {
      this.#ended = true;
      this.#receive(this.#decoder.end());
    });
    // A peer that resets or vanishes has nobody left to answer; `close` follows and frees the socket.
    socket.on("error", () => socket.destroy());
    socket.on("drain", () => {
      socket.resume();
      this.#work();
    });
  }

  #receive(frames: readonly Frame[]): void {
    const receivedNs = this.#options.nowNs();
    for (const frame of frames) this.#waiting.push({ frame, receivedNs });
    if (!this.#turnScheduled) this.#work();
  }

  #work(): void {
    this.#turnScheduled = false;
    if (this.#waits) return;
    const untilNs = this.#options.nowNs() + sliceNs;
    while (this.#waiting.length > 0) {
      if (this.#socket.destroyed) return;
      if (this.#socket.writableNeedDrain) {
        // The peer does not read its replies: stop reading its requests until it does.
        this.#socket.pause();
        return;
      }
      if (this.#options.nowNs() > untilNs) {
        this.#turnScheduled = true;
        setImmediate(() => this.#work());
        return;
      }
      const next = this.#waiting.shift();
      if (next === undefined) break;
      const answer = this.#answer(next.frame, next.receivedNs);
      if (answer instanceof Promise) {
        this.#waits = true;
        void answer.then((bytes) => this.#goOn(bytes));
        return;
      }
      this.#socket.write(answer);
    }
    if (this.#ended) this.#socket.end();
  }

  #goOn(answer: Buffer): void {
    this.#waits = false;
    if (!this.#socket.destroyed) this.#socket.write(answer);
    if (!this.#turnScheduled) this.#work();
  }

  #answer(frame: Frame, receivedNs: number): Buffer | Promise<Buffer> {
    if (frame.kind === "malformed") return encodeFrame(refusal(null, "malformed", frame.reason));
    if (frame.kind === "oversize") {
      return encodeFrame(refusal(null, "oversize", `the line is longer than ${frame.limitBytes} bytes`));
    }
    const parsed = toolRequestSchema.safeParse(frame.value);
    if (!parsed.success) return encodeFrame(refuseShape(frame.value, parsed.error.issues));
    const { id } = parsed.data;
    const reply = this.#options.handle(parsed.data, receivedNs);
    return reply instanceof Promise
      ? reply.then((value) => this.#framed(id, value))
      : this.#framed(id, reply);
  }

  #framed(id: ToolRequest["id"], value: object): Buffer {
    const reply = encodeFrame(value);
    if (reply.length <= this.#options.maxFrameBytes) return reply;
    return encodeFrame(refusal(id, "oversize", `the reply has ${reply.length} bytes`));
  }
}

export function refusal(id: string | number | null, code: string, message: string): ErrorReply {
  return { id, ok: false, code, message };
}

interface ShapeIssue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function refuseShape(value: unknown, issues: readonly ShapeIssue[]): ErrorReply {
  const fields = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const { id, op } = fields;
  const knownId = typeof id === "string" || typeof id === "number" ? id : null;
  const unknownOp = issues.some((issue) => issue.path[0] === "op") && typeof op === "string";
  if (unknownOp) return refusal(knownId, "unknown-op", `there is no operation ${JSON.stringify(op)}`);
  const reasons = issues.map((issue) => `${issue.path.join(".") || "frame"}: ${issue.message}`);
  return refusal(knownId, "malformed", reasons.join("; "));
}
