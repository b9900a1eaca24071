import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { encodePost, HttpConnection, type RequestHandler } from "../../bench/load/http-connection.ts";

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

/** Sends one request and says what its handler was told, in order. */
function exchange(connection: HttpConnection): Promise<string[]> {
  const told: string[] = [];
  return new Promise((resolve) => {
    const handler: RequestHandler = {
      sent: () => told.push("sent"),
      arrived: () => undefined,
      head: (status) => told.push(`head ${status}`),
      chunk: (chunk) => told.push(`chunk ${chunk.toString()}`),
      end: () => resolve([...told, "end"]),
      failed: (error) => resolve([...told, `failed: ${error.message}`]),
    };
    connection.send(
      encodePost({ host: "engine", path: "/x" }, { headers: {}, body: Buffer.from("{}") }),
      handler,
    );
  });
}

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

test("requests follow each other on one socket, and on a new one where the server ended the last", async () => {
  await using server = await startServer((socket, request) => {
    if (request === 2) socket.write("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi");
    else socket.write(ok);
  });
  const connection = new HttpConnection({ host: "127.0.0.1", port: server.port });
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
  const connection = new HttpConnection({ host: "127.0.0.1", port: server.port });
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
  const connection = new HttpConnection({ host: "127.0.0.1", port: server.port });
  await connection.open();
  const silent = exchange(connection);
  connection.abort(new Error("too long"));
  expect(await silent).toEqual(["sent", "failed: too long"]);
  expect(await exchange(connection)).toEqual(["sent", "head 200", "chunk hi", "end"]);
  connection.destroy();
});

test("a request is the bytes that HTTP wants, and what it does not allow is refused", () => {
  const body = Buffer.from('{"a":"é"}');
  expect(encodePost({ host: "h:1", path: "/v1" }, { headers: { "x-a": "b" }, body }).toString()).toBe(
    `POST /v1 HTTP/1.1\r\nhost: h:1\r\nx-a: b\r\ncontent-length: ${body.length}\r\n\r\n{"a":"é"}`,
  );
  const bad =
    (headers: Record<string, string>, path = "/v1") =>
    () =>
      encodePost({ host: "h", path }, { headers, body });
  expect(bad({ "x-a": "b\r\nx-c: d" })).toThrow(TypeError);
  expect(bad({ "x a": "b" })).toThrow("cannot be sent");
  expect(bad({ "x-a": "日" })).toThrow("cannot be sent");
  expect(bad({}, "/v1 HTTP/1.1\r\n")).toThrow("the path");
});
