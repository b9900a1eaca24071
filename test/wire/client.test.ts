import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { ClientConnection, type ResponseSink } from "../../bench/wire/client.ts";

/** A server that answers by hand. */
async function startServer(answer: (socket: Socket, request: number) => void) {
  const sockets = new Set<Socket>();
  let requests = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("data", () => answer(socket, (requests += 1)));
    socket.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends one request and says what its sink was told, in order. */
function exchange(connection: ClientConnection): Promise<string[]> {
  const told: string[] = [];
  return new Promise((resolve) => {
    const sink: ResponseSink = {
      sent: () => told.push("sent"),
      arrived: () => undefined,
      head: ({ status }) => told.push(`head ${status}`),
      body: (_, data) => told.push(...data.map((piece) => `chunk ${piece.toString()}`)),
      drained: () => undefined,
      end: () => resolve([...told, "end"]),
      failed: (error) => resolve([...told, `failed: ${error.message}`]),
    };
    connection.send(Buffer.from("POST /x HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}"), { method: "POST", sink });
  });
}

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

test("requests follow each other on one socket, and on a new one where the server ended the last", async () => {
  await using server = await startServer((socket, request) => {
    if (request === 2) socket.write("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi");
    else socket.write(ok);
  });
  const connection = new ClientConnection({ host: "127.0.0.1", port: server.port, secure: false });
  await connection.open();
  const whole = ["sent", "head 200", "chunk hi", "end"];
  expect(await exchange(connection)).toEqual(whole);
  expect(await exchange(connection)).toEqual(whole);
  expect(server.connections()).toBe(1);
  expect(await exchange(connection)).toEqual(whole);
  expect(server.connections()).toBe(2);
  connection.destroy();
});

test("a connection that ends in the middle fails the request, one that ends the body does not", async () => {
  const heads = [
    "",
    "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi",
    "HTTP/1.1 200 OK\r\n\r\nhi",
    "nonsense\r\n\r\n",
  ];
  await using server = await startServer((socket, request) => {
    const text = heads[request - 1] ?? "";
    if (text.startsWith("nonsense")) socket.write(text);
    else socket.end(text);
  });
  const connection = new ClientConnection({ host: "127.0.0.1", port: server.port, secure: false });
  expect(await exchange(connection)).toEqual(["sent", "failed: other side closed"]);
  expect(await exchange(connection)).toEqual(["sent", "head 200", "chunk hi", "failed: other side closed"]);
  expect(await exchange(connection)).toEqual(["sent", "head 200", "chunk hi", "end"]);
  expect(await exchange(connection)).toEqual(["sent", 'failed: the answer begins with "nonsense"']);
  connection.destroy();
});

test("an abort fails the request with its reason, and the connection works again", async () => {
  await using server = await startServer((socket, request) => {
    if (request > 1) socket.write(ok);
  });
  const connection = new ClientConnection({ host: "127.0.0.1", port: server.port, secure: false });
  await connection.open();
  const silent = exchange(connection);
  connection.abort(new Error("too long"));
  expect(await silent).toEqual(["sent", "failed: too long"]);
  expect(await exchange(connection)).toEqual(["sent", "head 200", "chunk hi", "end"]);
  connection.destroy();
});
