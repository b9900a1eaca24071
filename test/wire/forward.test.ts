import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import {
  Forward,
  forwardTarget,
  type ForwardEnd,
  type ForwardObserver,
  type ForwardTarget,
} from "../../bench/wire/forward.ts";
import { Manners } from "../../bench/wire/manners.ts";
import type { ConnectionPool } from "../../bench/wire/pool.ts";
import { WireServer, type ResponseWriter } from "../../bench/wire/server.ts";
import { readRequestHead } from "../../bench/wire/head.ts";

/** What the engine does with a request that is whole; by hand, so that every byte is the test's. */
let respond: (socket: Socket, request: string) => void = () => undefined;
/** Requests as the engine got them, each whole. */
let seen: string[] = [];
let ends: ForwardEnd["outcome"][] = [];
let [pool, server]: [ConnectionPool | null, WireServer | null] = [null, null];

const engine = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
  let text = "";
  socket.on("error", () => undefined);
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
    for (let length = wholeRequest(text); length > 0; length = wholeRequest(text)) {
      const request = text.slice(0, length);
      text = text.slice(length);
      seen.push(request);
      respond(socket, request);
    }
  });
  socket.on("end", () => socket.end());
});

/** Length of the first request of a text, 0 while it is not whole. */
function wholeRequest(text: string): number {
  const head = text.indexOf("\r\n\r\n") + 4;
  if (head < 4) return 0;
  if (/transfer-encoding: chunked/i.test(text.slice(0, head))) {
    const end = text.indexOf("0\r\n\r\n", head);
    return end === -1 ? 0 : end + 5;
  }
  const length = head + Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
  return text.length >= length ? length : 0;
}

beforeAll(async () => {
  engine.listen(0, "127.0.0.1");
  await once(engine, "listening");
});
afterAll(() => new Promise((resolve) => engine.close(resolve)));

const given = {
  manners: new Manners(),
  unreachable: ({ message }: Error) => JSON.stringify({ message }),
};
const serving = (upstream: ForwardTarget) =>
  WireServer.listen(0, (head, response) => new Forward({ head, response, upstream }, observer).request);

beforeEach(async () => {
  [seen, ends] = [[], []];
  const { port } = engine.address() as AddressInfo;
  const upstream = forwardTarget(new URL(`http://127.0.0.1:${port}/at/`), given);
  pool = upstream.pool;
  server = await serving(upstream);
});
afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  await pool?.[Symbol.asyncDispose]();
});

const observer: ForwardObserver = {
  requestChunk: () => undefined,
  requestEnd: () => undefined,
  sentAgain: () => undefined,
  responseHead: () => undefined,
  responseChunk: () => undefined,
  end: ({ outcome }) => ends.push(outcome),
};

/** A client that sends bytes as they are. */
class Client {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  text = "";

  constructor(port = server?.port ?? 0) {
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.closed = once(this.socket, "close");
    this.socket.on("data", (bytes) => (this.text += bytes.toString("latin1")));
    this.socket.on("error", () => undefined);
  }

  /** What has come, when it is as wanted; after five seconds what there is. */
  async until(wanted: RegExp): Promise<string> {
    for (let turn = 0; turn < 1000 && !wanted.test(this.text); turn += 1) await sleep(5);
    if (!wanted.test(this.text)) throw new Error(`${this.text} is not ${String(wanted)}`);
    return this.text;
  }
}

/** A client whose connection has no room, and gets none as long as the test lasts. */
class FullClient implements ResponseWriter {
  begun = false;
  begin(): void {
    this.begun = true;
  }
  write(): boolean {
    return false;
  }
  readonly end = (): void => undefined;
  readonly answer = (): void => undefined;
  readonly cut = (): void => undefined;
  readonly refuse = (): void => undefined;
  readonly pause = (): void => undefined;
  readonly resume = (): void => undefined;
}

const get = (more = "") => `GET /a?b HTTP/1.1\r\nhost: client\r\n${more}\r\n`;
const ok = (body: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

test("an answer whose last bytes meet a client that can take no more leaves its connection fit for the next", async () => {
  respond = (socket) => socket.write(ok("all"));
  const upstream = forwardTarget(
    new URL(`http://127.0.0.1:${(engine.address() as AddressInfo).port}`),
    given,
  );
  await using used = upstream.pool;
  for (let turn = 0; turn < 3; turn += 1) {
    const call = {
      head: readRequestHead("GET /a HTTP/1.1\r\nhost: x"),
      response: new FullClient(),
      upstream,
    };
    const ended = Promise.withResolvers<ForwardEnd["outcome"]>();
    const watched = { ...observer, end: ({ outcome }: ForwardEnd) => ended.resolve(outcome) };
    new Forward(call, watched).request.end();
    expect(await Promise.race([ended.promise, sleep(2_000, "stands still")])).toBe("completed");
    // As long as a connection rests.
    await sleep(60);
  }
  expect(used.opened).toBe(1);
});

test("requests that were sent at once are answered one after another, in their order", async () => {
  respond = (socket, request) => {
    const name = /\/at\/(\w)/.exec(request)?.[1] ?? "";
    setTimeout(() => socket.write(ok(name)), name === "a" ? 40 : 5);
  };
  const client = new Client();
  client.socket.write(["a", "b", "c"].map((name) => `GET /${name} HTTP/1.1\r\nhost: x\r\n\r\n`).join(""));
  await client.until(/\na[^]*\nb[^]*\nc$/);
  expect(ends).toEqual(["completed", "completed", "completed"]);
  client.socket.destroy();
});

test("chunks, their extensions and trailers pass both ways as they are", async () => {
  const chunks = "3;n=1\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n";
  respond = (socket) => socket.write(`HTTP/1.1 200 Fine\r\ntransfer-encoding: chunked\r\n\r\n${chunks}`);
  const client = new Client();
  client.socket.write("POST /p HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
  expect(await client.until(/x-sum: 1\r\n\r\n$/)).toBe(
    `HTTP/1.1 200 Fine\r\ntransfer-encoding: chunked\r\n\r\n${chunks}`,
  );
  expect(seen).toEqual([
    `POST /at/p HTTP/1.1\r\nhost: 127.0.0.1:${(engine.address() as AddressInfo).port}\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
  ]);
  client.socket.destroy();
});

test("a client of HTTP/1.0 gets no chunks, and the end of the connection behind its answer", async () => {
  respond = (socket) =>
    socket.write(
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n3\r\n you\r\n0\r\n\r\n".replace(
        "3\r\n you",
        "4\r\n you",
      ),
    );
  const client = new Client();
  client.socket.write("GET / HTTP/1.0\r\n\r\n");
  await client.closed;
  expect(client.text).toBe("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhi you");
});

test("an answer to HEAD has no body, whatever its length says", async () => {
  respond = (socket, request) =>
    socket.write(request.startsWith("HEAD") ? "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n" : ok("next"));
  const client = new Client();
  client.socket.write(`HEAD / HTTP/1.1\r\n\r\n${get()}`);
  const text = await client.until(/next$/);
  expect(text).toMatch(/content-length: 9\r\n\r\nHTTP\/1\.1 200 OK\r\ncontent-length: 4\r\n\r\nnext$/);
  client.socket.destroy();
});

test("a client that waits for leave to send its body gets it here", async () => {
  respond = (socket) => socket.write(ok("done"));
  const client = new Client();
  client.socket.write("POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
  await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
  client.socket.write("hi");
  await client.until(/done$/);
  expect(seen[0]).not.toContain("expect");
  client.socket.destroy();
});

test("an informational head stays on its hop, and a change of protocol fails", async () => {
  respond = (socket) => socket.write(`HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${ok("hi")}`);
  const client = new Client();
  client.socket.write(get());
  expect(await client.until(/hi$/)).toBe(ok("hi"));
  respond = (socket) => socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\nwhatever");
  client.socket.write(get("connection: upgrade\r\nupgrade: websocket\r\n"));
  await client.closed;
  expect(ends).toEqual(["completed", "upstream-failed"]);
  expect(seen.at(-1)).not.toContain("websocket");
});

test.each([
  ["half", (socket: Socket) => socket.end()],
  ["whole", (socket: Socket) => socket.resetAndDestroy()],
])("a client that closes its connection (%s) ends the request to the engine", async (_, close) => {
  const closed = new Promise<void>(
    (resolve) => (respond = (socket) => socket.once("close", () => resolve())),
  );
  const client = new Client();
  client.socket.write(get());
  while (seen.length === 0) await sleep(5);
  close(client.socket);
  await closed;
  expect(ends).toEqual(["client-aborted"]);
});

test("an answer that comes before the whole request passes, and the client may go on", async () => {
  const early = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno"));
  });
  early.listen(0, "127.0.0.1");
  await once(early, "listening");
  const { port } = early.address() as AddressInfo;
  const upstream = forwardTarget(new URL(`http://127.0.0.1:${port}`), given);
  await using _pool = upstream.pool;
  await using tap = await serving(upstream);
  const client = connect({ port: tap.port, host: "127.0.0.1" });
  let text = "";
  client.on("data", (bytes) => (text += bytes.toString("latin1")));
  client.write("POST / HTTP/1.1\r\ncontent-length: 200000\r\n\r\n");
  while (!text.endsWith("no")) await sleep(5);
  client.write(`${"x".repeat(200_000)}${get()}`);
  while ((text.match(/no/g)?.length ?? 0) < 2) await sleep(5);
  expect(text.match(/413 Too Large/g)).toHaveLength(2);
  client.destroy();
  early.close();
});

test.each([
  [
    "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi",
    "upstream-truncated",
    /^HTTP\/1\.1 200 OK\r\ncontent-length: 9\r\n\r\nhi$/,
  ],
  [
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\nzz",
    "upstream-truncated",
    /^HTTP\/1\.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n$/,
  ],
  ["HTTP/1.1 200 OK\r\n\r\nall", "completed", /^HTTP\/1\.1 200 OK\r\nconnection: close\r\n\r\nall$/],
  ["", "upstream-failed", /^$/],
  ["no http\r\n\r\n", "upstream-failed", /^$/],
  ["HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", "upstream-failed", /^$/],
])("an engine that ends behind %j", async (bytes, outcome, wanted) => {
  respond = (socket) => socket.end(bytes);
  const client = new Client();
  client.socket.write(get());
  await client.closed;
  expect(client.text).toMatch(wanted);
  expect(ends).toEqual([outcome]);
});

test("what is no request is refused with the reason, and the next client is served", async () => {
  respond = (socket) => socket.write(ok("hi"));
  for (const [bytes, status] of [
    ["hello\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", 400],
    [`GET /${"a".repeat(70_000)}`, 431],
    ["CONNECT a:1 HTTP/1.1\r\n\r\n", 405],
    ["POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n", 501],
  ] as const) {
    const client = new Client();
    client.socket.write(bytes);
    await client.closed;
    expect(client.text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*"code":${status}`));
  }
  expect(seen).toEqual([]);
  const client = new Client();
  client.socket.write(get());
  await client.until(/hi$/);
  client.socket.destroy();
});

test("Node's own server reads what was sent, however it was written and cut", async () => {
  const got: [string, string][] = [];
  const oracle = createHttpServer((request, response) => {
    let body = "";
    request.setEncoding("latin1").on("data", (piece: string) => (body += piece));
    request.on("end", () => {
      got.push([request.url ?? "", body]);
      response.end("hi");
    });
  });
  oracle.listen(0, "127.0.0.1");
  await once(oracle, "listening");
  const target = forwardTarget(new URL(`http://127.0.0.1:${(oracle.address() as AddressInfo).port}`), given);
  await using _pool = target.pool;
  await using tap = await serving(target);
  const request = fc.record({
    path: fc.constantFrom("/a", "/b?c=d", "/%20"),
    body: fc.string({ unit: fc.constantFrom("a", "\r", "\n", "0", "G", "E", "T", " ", "/"), maxLength: 40 }),
    chunked: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(600), { maxLength: 6 }),
      async (requests, cuts) => {
        got.length = 0;
        const wire = requests.map(wireOf).join("");
        const client = new Client(tap.port);
        const parts = [...new Set([...cuts.map((cut) => cut % wire.length), wire.length])].sort(
          (a, b) => a - b,
        );
        for (const [at, end] of parts.entries()) {
          client.socket.write(wire.slice(parts[at - 1] ?? 0, end), "latin1");
          await sleep(1);
        }
        await client.until(new RegExp(`^(?:HTTP/1\\.1 200[^]*?\nhi){${requests.length}}$`));
        expect(got).toEqual(requests.map(({ path, body }) => [path, body]));
        client.socket.destroy();
      },
    ),
    { numRuns: 60 },
  );
  oracle.closeAllConnections();
  oracle.close();
});

function wireOf(request: {
  readonly path: string;
  readonly body: string;
  readonly chunked: boolean;
}): string {
  const { path, body, chunked } = request;
  const { length } = body;
  if (!chunked) return `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${body}`;
  const chunks = length === 0 ? "" : `${length.toString(16)}\r\n${body}\r\n`;
  return `POST ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
}

test("bytes of any kind leave the server serving", async () => {
  respond = (socket) => socket.write(ok("hi"));
  const part = fc.constantFrom(
    "GET / HTTP/1.1\r\n",
    "\r\n",
    "content-length: 2\r\n",
    "transfer-encoding: chunked\r\n",
    "2\r\nhi\r\n",
    "0\r\n\r\n",
    "\0",
    "upgrade: h2c\r\n",
    "GET //",
    "x: y\r\n",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 10 }), async (parts) => {
      const client = new Client();
      client.socket.write(parts.join(""), "latin1");
      await sleep(2);
      client.socket.destroy();
    }),
    { numRuns: 300 },
  );
  const client = new Client();
  client.socket.write(get());
  expect(await client.until(/hi$/)).toBe(ok("hi"));
  client.socket.destroy();
});
