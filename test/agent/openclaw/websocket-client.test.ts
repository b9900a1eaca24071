import { once } from "node:events";
import { expect, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import {
  GatewayClient,
  GatewayConnectionLost,
  GatewayRefusal,
} from "../../../bench/agent/openclaw/websocket-client.ts";
import { respond, StandInGateway } from "./stand-in-gateway.ts";

const soon = { timeoutMs: 5000 };

test("signs in with the token, then answers requests by id", async () => {
  await using gateway = await StandInGateway.start((request, socket) => {
    const later = request.params === 1 ? 50 : 0;
    setTimeout(() => {
      respond(socket, request, { ok: true, payload: request.params });
    }, later);
  });
  const client = await GatewayClient.connect(gateway.url, { token: "secret" }, 5000);
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
  const client = await GatewayClient.connect(gateway.url, { token: "t" }, 5000);
  expect(await client.request("agent", {}, soon)).toEqual({ status: "ok" });
  await client.close();
});

test("a refusal, an unreadable answer and silence are told apart", async () => {
  await using gateway = await StandInGateway.start((request, socket) => {
    if (request.method === "no")
      respond(socket, request, { ok: false, error: { code: "UNAVAILABLE", message: "busy" } });
    if (request.method === "odd") respond(socket, request, { ok: "perhaps" });
  });
  const client = await GatewayClient.connect(gateway.url, { token: "t" }, 5000);
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
  const client = await GatewayClient.connect(gateway.url, { token: "t" }, 5000);
  const both = await Promise.allSettled([client.request("a", {}, soon), client.request("b", {}, soon)]);
  expect(both.map((result) => result.status === "rejected" && result.reason)).toEqual([
    expect.any(GatewayConnectionLost),
    expect.any(GatewayConnectionLost),
  ]);
  await client.closed;
  await expect(client.request("c", {}, soon)).rejects.toThrow(GatewayConnectionLost);
});

/** What a gateway could send in place of an answer, and what is said of it. */
const unusable: readonly (readonly [string, (socket: WebSocket) => void, RegExp])[] = [
  ["text that is not JSON", (socket) => socket.send('{"type":"res","id":'), /not JSON/],
  ["a binary frame", (socket) => socket.send(Buffer.from('{"type":"tick"}')), /binary frame/],
  ["a frame above the size limit", (socket) => socket.send("x".repeat(70 * 1024 * 1024)), /payload size/i],
  ["text that is not UTF-8", (socket) => socket.send(Buffer.from([0xff, 0xfe]), { binary: false }), /UTF-8/i],
];

test.for(unusable)("%s ends the connection and every pending request says why", async ([, send, why]) => {
  await using gateway = await StandInGateway.start(({ method }, socket) => {
    if (method === "b") send(socket);
  });
  const client = await GatewayClient.connect(gateway.url, { token: "t" }, 5000);
  const both = await Promise.allSettled([client.request("a", {}, soon), client.request("b", {}, soon)]);
  for (const result of both) {
    const reason: unknown = result.status === "rejected" && result.reason;
    expect(reason).toBeInstanceOf(GatewayConnectionLost);
    expect(String(reason)).toMatch(why);
  }
  await client.closed;
  await expect(client.request("c", {}, soon)).rejects.toThrow(why);
});

test("JSON of another shape is passed over and the connection stays", async () => {
  await using gateway = await StandInGateway.start((request, socket) => {
    for (const frame of ["null", "[]", "7", '"res"', "{}", '{"type":"res"}', '{"type":"event"}'])
      socket.send(frame);
    respond(socket, request, { ok: true, payload: 1 });
  });
  const client = await GatewayClient.connect(gateway.url, { token: "t" }, 5000);
  expect(await client.request("a", {}, soon)).toBe(1);
  await client.close();
});

test("a port where nobody listens, and a server that never greets, are lost connections", async () => {
  await expect(GatewayClient.connect("ws://127.0.0.1:9", { token: "t" }, 1000)).rejects.toThrow(
    GatewayConnectionLost,
  );
  const silent = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(silent, "listening");
  const address = silent.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  await expect(GatewayClient.connect(`ws://127.0.0.1:${port}`, { token: "t" }, 300)).rejects.toThrow(
    GatewayConnectionLost,
  );
  silent.close();
});
