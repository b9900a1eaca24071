import { once } from "node:events";
import { expect, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import {
  GatewayClient,
  GatewayConnectionLost,
  GatewayRefusal,
} from "../../../bench/agent/openclaw/websocket-client.ts";

interface Asked {
  readonly id: string;
  readonly method: string;
  readonly params: unknown;
  readonly traceparent?: string;
}

/** A WebSocket server that speaks as much of OpenClaw's protocol as a test needs. */
class StandInGateway implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer) {
    this.#server = server;
  }

  static async start(answer: (request: Asked, socket: WebSocket) => void): Promise<StandInGateway> {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    const gateway = new StandInGateway(server);
    server.on("connection", (socket) => {
      socket.on("message", (data: Buffer) => {
        const request: Asked = JSON.parse(data.toString("utf8"));
        gateway.asked.push(request);
        if (request.method === "connect")
          respond(socket, request, { ok: true, payload: { type: "hello-ok" } });
        else answer(request, socket);
      });
      socket.send(JSON.stringify({ type: "event", event: "connect.challenge", payload: { nonce: "n" } }));
    });
    return gateway;
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

function respond(socket: WebSocket, { id }: Asked, rest: Readonly<Record<string, unknown>>): void {
  socket.send(JSON.stringify({ type: "res", id, ...rest }));
}

const soon = { timeoutMs: 5000 };

test("signs in with the token, then answers requests by id", async () => {
  await using gateway = await StandInGateway.start((request, socket) => {
    const later = request.params === 1 ? 50 : 0;
    setTimeout(() => {
      respond(socket, request, { ok: true, payload: request.params });
    }, later);
  });
  const client = await GatewayClient.connect(gateway.url, "secret", 5000);
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const slow = client.request("echo", 1, { ...soon, traceparent });
  expect(await client.request("echo", 2, soon)).toBe(2);
  expect(await slow).toBe(1);
  expect(gateway.asked[0]).toMatchObject({
    method: "connect",
    params: { maxProtocol: 4, auth: { token: "secret" } },
  });
  expect(gateway.asked[1]).toEqual({ type: "req", id: "2", method: "echo", params: 1, traceparent });
  await client.close();
});

test("an agent run ends with its second answer", async () => {
  await using gateway = await StandInGateway.start((request, socket) => {
    respond(socket, request, { ok: true, payload: { status: "accepted", runId: "r" } });
    socket.send(JSON.stringify({ type: "tick" }));
    socket.send(JSON.stringify({ type: "event", event: "agent" }));
    respond(socket, request, { ok: true, payload: { status: "ok" } });
  });
  const client = await GatewayClient.connect(gateway.url, "t", 5000);
  expect(await client.request("agent", {}, soon)).toEqual({ status: "ok" });
  await client.close();
});

test("a refusal, an unreadable answer and silence are told apart", async () => {
  await using gateway = await StandInGateway.start((request, socket) => {
    if (request.method === "no")
      respond(socket, request, { ok: false, error: { code: "UNAVAILABLE", message: "busy" } });
    if (request.method === "odd") respond(socket, request, { ok: "perhaps" });
  });
  const client = await GatewayClient.connect(gateway.url, "t", 5000);
  const refusals = ["no", "odd", "mute"].map(async (method) =>
    client.request(method, {}, { timeoutMs: 300 }).catch((error: unknown) => error),
  );
  expect(await Promise.all(refusals)).toMatchObject([
    { rpcCode: "UNAVAILABLE", message: "OpenClaw refused no: busy (UNAVAILABLE)" },
    { rpcCode: "UNREADABLE" },
    { rpcCode: "TIMEOUT", message: "OpenClaw refused mute: no answer after 300 ms (TIMEOUT)" },
  ]);
  await expect(client.request("no", {}, soon)).rejects.toThrow(GatewayRefusal);
  await client.close();
});

test("a lost connection rejects what was pending and everything after it", async () => {
  await using gateway = await StandInGateway.start((_request, socket) => {
    socket.terminate();
  });
  const client = await GatewayClient.connect(gateway.url, "t", 5000);
  const both = await Promise.allSettled([client.request("a", {}, soon), client.request("b", {}, soon)]);
  expect(both.map((result) => result.status === "rejected" && result.reason)).toEqual([
    expect.any(GatewayConnectionLost),
    expect.any(GatewayConnectionLost),
  ]);
  await client.closed;
  await expect(client.request("c", {}, soon)).rejects.toThrow(GatewayConnectionLost);
});

test("a port where nobody listens, and a server that never greets, are lost connections", async () => {
  await expect(GatewayClient.connect("ws://127.0.0.1:9", "t", 1000)).rejects.toThrow(GatewayConnectionLost);
  const silent = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(silent, "listening");
  const address = silent.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  await expect(GatewayClient.connect(`ws://127.0.0.1:${port}`, "t", 300)).rejects.toThrow(
    GatewayConnectionLost,
  );
  silent.close();
});
