import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { SessionReply, ToolRequest } from "../../../bench/tools/protocol.ts";
import { toolRequestSchema } from "../../../bench/tools/protocol.ts";

export type ToolCall = Extract<ToolRequest, { op: "call" }>;
/** A session as a test registers it; the stand-in adds id, socket and token. */
export type RegisteredSession = Omit<SessionReply, "id" | "ok" | "socket" | "token">;

/** A tool server on a real unix socket whose tools are a function of the test. */
export class StandInTools implements AsyncDisposable {
  readonly calls: (ToolCall & { readonly attemptKey: string })[] = [];
  readonly socket: string;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  readonly #sessions = new Map<string, RegisteredSession>();
  readonly #fleetToken: string;
  readonly #execute: StandInOptions["execute"];

  private constructor(options: StandInOptions) {
    this.socket = options.socket;
    this.#fleetToken = options.fleetToken;
    this.#execute = options.execute;
    this.#server = createServer((connection) => {
      this.#serve(connection);
    });
  }

  static async start(options: StandInOptions): Promise<StandInTools> {
    const tools = new StandInTools(options);
    tools.#server.listen(options.socket);
    await once(tools.#server, "listening");
    return tools;
  }

  register(session: RegisteredSession): void {
    this.#sessions.set(session.attemptKey, session);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(connection: Socket): void {
    this.#connections.add(connection);
    connection.on("close", () => this.#connections.delete(connection));
    connection.on("error", () => undefined);
    connection.setEncoding("utf8");
    let rest = "";
    connection.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const reply = this.#reply(toolRequestSchema.parse(JSON.parse(line)));
        if (reply === null) connection.destroy();
        else connection.write(`${JSON.stringify(reply)}\n`);
      }
    });
  }

  #reply(frame: ToolRequest): unknown {
    const { id } = frame;
    if (frame.op === "session" && frame.token === this.#fleetToken) {
      const session = this.#sessions.get(frame.session);
      if (session === undefined) return { id, ok: false, code: "unknown-session", message: frame.session };
      return { id, ok: true, ...session, socket: this.socket, token: `episode:${session.attemptKey}` };
    }
    if (frame.op === "call" && frame.token.startsWith("episode:")) {
      this.calls.push({ ...frame, attemptKey: frame.token.slice("episode:".length) });
      const content = this.#execute(frame);
      if (typeof content !== "string") {
        return "hangUp" in content
          ? null
          : { id, ok: false, code: content.refuse, message: `refused: ${content.refuse}` };
      }
      return { id, ok: true, content, error: content.startsWith("Error:") };
    }
    return { id, ok: false, code: "bad-token", message: "bad token" };
  }
}

export interface StandInOptions {
  readonly socket: string;
  readonly fleetToken: string;
  /** The content of the result, or what else happens: the server refuses, or hangs up. */
  readonly execute: (call: ToolCall) => string | { readonly refuse: string } | { readonly hangUp: true };
}
