import { once } from "node:events";
import { type WebSocket, WebSocketServer } from "ws";

export interface Asked {
  readonly id: string;
  readonly method: string;
  readonly params: unknown;
  readonly traceparent?: string;
}

/** A WebSocket server that speaks as much of OpenClaw's protocol as a test needs. */
export class StandInGateway implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer) {
    this.#server = server;
  }

  static async start(
    answer: (request: Asked, socket: WebSocket) => void,
    other: { readonly connect?: (request: Asked, socket: WebSocket) => void } = {},
  ): Promise<StandInGateway> {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    const gateway = new StandInGateway(server);
    server.on("connection", (socket) => {
      socket.on("message", (data: Buffer) => {
        const request: Asked = JSON.parse(data.toString("utf8"));
        gateway.asked.push(request);
        if (request.method === "connect" && other.connect !== undefined) other.connect(request, socket);
        else if (request.method === "connect")
          respond(socket, request, { ok: true, payload: { type: "hello-ok" } });
        else answer(request, socket);
      });
      socket.send(JSON.stringify({ type: "event", event: "connect.challenge", payload: { nonce: "n" } }));
    });
    return gateway;
  }

  /** Ends all connections; the gateway stays. */
  drop(): void {
    for (const socket of this.#server.clients) socket.terminate();
  }

  get connections(): number {
    return this.#server.clients.size;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("no TCP address");
    return `ws://127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
    await once(this.#server, "close");
  }
}

export function respond(socket: WebSocket, { id }: Asked, rest: Readonly<Record<string, unknown>>): void {
  socket.send(JSON.stringify({ type: "res", id, ...rest }));
}
