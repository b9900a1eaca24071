import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { below, createRng } from "../../bench/statistics/rng.ts";
import { startTap, type TapClient } from "../../bench/tap/client.ts";
import { streamedAnswer } from "../tap/fixtures/scripted-engine.ts";
import { bombs } from "./bombs.ts";
import { exchange, inPieces, mutated, statuses } from "./raw-http.ts";

/**
 * Both taps in their own process, with what no honest client or server sends on either side. The server behind them is Node's own, which
 * reads what comes out: it must see as many requests as passed, and none that was hidden in another.
 */
const minutes = 60_000;
let root = "";
let tap: TapClient;
let outer = "";
let outerOfRaw = "";
const paths: string[] = [];
/** What the raw server answers with; pieces are sent one after another. */
let answer: readonly Buffer[] = [];
let hostile: ((socket: Socket) => Promise<void>) | null = null;

const oracle = createHttpServer((request, response) => {
  paths.push(request.url ?? "");
  void readText(request).then(
    (body) => response.end(JSON.stringify({ length: body.length })),
    () => response.destroy(),
  );
});
const rawServer = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => undefined);
  socket.once("data", () => {
    void (hostile === null ? sendPieces(socket) : hostile(socket).catch(() => undefined)).then(() =>
      socket.destroySoon(),
    );
  });
});

async function sendPieces(socket: Socket): Promise<void> {
  for (const piece of answer) {
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "tollgate-test-"));
  for (const server of [oracle, rawServer]) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }
  tap = await startTap({ environment: { TOLLGATE_RUN: "test-attacks" }, logFile: join(root, "tap.log") });
  const chained = async (name: string, port: number) => {
    const inner = await tap.listen({
      name: `inner-${name}`,
      hop: "inner",
      arm: name,
      upstream: `http://127.0.0.1:${port}`,
    });
    return tap.listen({ name: `outer-${name}`, hop: "outer", arm: name, upstream: inner });
  };
  outer = await chained("node", (oracle.address() as AddressInfo).port);
  outerOfRaw = await chained("raw", (rawServer.address() as AddressInfo).port);
  await tap.openSegment(join(root, "segment"), false);
});
afterAll(async () => {
  await tap[Symbol.asyncDispose]();
  oracle.closeAllConnections();
  oracle.close();
  rawServer.close();
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  paths.length = 0;
  hostile = null;
});

const hidden = "GET /hidden HTTP/1.1\r\nhost: x\r\n\r\n";
const post = (fields: string, body: string) => `POST /first HTTP/1.1\r\nhost: x\r\n${fields}\r\n${body}`;

/** Requests that two readers could take for different ones. None may bring the hidden request to the server. */
const smuggling: readonly (readonly [name: string, bytes: string])[] = [
  [
    "a length before chunks",
    post(`content-length: ${hidden.length + 5}\r\ntransfer-encoding: chunked\r\n`, `0\r\n\r\n${hidden}`),
  ],
  [
    "chunks before a length",
    post(`transfer-encoding: chunked\r\ncontent-length: ${hidden.length + 5}\r\n`, `0\r\n\r\n${hidden}`),
  ],
  ["two lengths", post(`content-length: 0\r\ncontent-length: ${hidden.length}\r\n`, hidden)],
  ["two equal lengths and more", post("content-length: 5\r\ncontent-length: 5\r\n", "hello") + "x".repeat(3)],
  ["a list of lengths", post(`content-length: 0, ${hidden.length}\r\n`, hidden)],
  ["a length with a plus", post(`content-length: +0\r\n`, hidden)],
  ["a length with a minus", post("content-length: -1\r\n", hidden)],
  ["a length in hexadecimal", post(`content-length: 0x${hidden.length.toString(16)}\r\n`, hidden)],
  ["a length with a space within", post("content-length: 0 0\r\n", hidden)],
  ["a length of nothing", post("content-length: \r\n", hidden)],
  ["a length beyond counting", post("content-length: 99999999999999999999999\r\n", hidden)],
  ["chunked twice", post("transfer-encoding: chunked, chunked\r\n", `0\r\n\r\n${hidden}`)],
  ["chunked and then identity", post("transfer-encoding: chunked, identity\r\n", `0\r\n\r\n${hidden}`)],
  ["identity", post("transfer-encoding: identity\r\n", hidden)],
  ["chunked in quotes", post('transfer-encoding: "chunked"\r\n', `0\r\n\r\n${hidden}`)],
  ["chunked with a vertical tab", post("transfer-encoding: \x0bchunked\r\n", `0\r\n\r\n${hidden}`)],
  ["chunked with a parameter", post("transfer-encoding: chunked;a=b\r\n", `0\r\n\r\n${hidden}`)],
  [
    "chunked in two fields",
    post("transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n", `0\r\n\r\n${hidden}`),
  ],
  [
    "a space before the colon",
    post(`transfer-encoding : chunked\r\ncontent-length: ${hidden.length + 5}\r\n`, `0\r\n\r\n${hidden}`),
  ],
  [
    "a tab before the name",
    post(`\ttransfer-encoding: chunked\r\ncontent-length: ${hidden.length}\r\n`, hidden),
  ],
  [
    "a folded field",
    post(`x: a\r\n transfer-encoding: chunked\r\ncontent-length: ${hidden.length}\r\n`, hidden),
  ],
  ["a name with a zero", post("transfer-encoding\0: chunked\r\n", `0\r\n\r\n${hidden}`)],
  ["a value with a zero", post("transfer-encoding: chunked\0\r\n", `0\r\n\r\n${hidden}`)],
  ["a bare line feed in the head", `POST /first HTTP/1.1\r\nhost: x\ncontent-length: 0\r\n\r\n${hidden}`],
  [
    "a bare carriage return in the head",
    `POST /first HTTP/1.1\r\nhost: x\rcontent-length: ${hidden.length}\r\n\r\n${hidden}`,
  ],
  ["a bare line feed behind a chunk's size", post("transfer-encoding: chunked\r\n", `3\nabc\r\n0\r\n\r\n`)],
  [
    "a chunk's size with a zero x",
    post("transfer-encoding: chunked\r\n", `0x3\r\nabc\r\n0\r\n\r\n${hidden}`),
  ],
  ["a chunk's size with a minus", post("transfer-encoding: chunked\r\n", `-1\r\n\r\n${hidden}`)],
  ["a chunk's size with a space before it", post("transfer-encoding: chunked\r\n", ` 3\r\nabc\r\n0\r\n\r\n`)],
  ["a chunk's size that overflows", post("transfer-encoding: chunked\r\n", `10000000000000000\r\n${hidden}`)],
  ["a chunk longer than its size", post("transfer-encoding: chunked\r\n", `3\r\nabcdef\r\n0\r\n\r\n`)],
  [
    "a line feed in a chunk's extension",
    post("transfer-encoding: chunked\r\n", `3;a="\n"\r\nabc\r\n0\r\n\r\n`),
  ],
  [
    "a carriage return in a chunk's extension",
    post("transfer-encoding: chunked\r\n", `3;a\rb\r\nabc\r\n0\r\n\r\n`),
  ],
  ["a bare line feed in the trailers", post("transfer-encoding: chunked\r\n", `0\r\na: b\n\r\n`)],
  ["a request in the trailers", post("transfer-encoding: chunked\r\n", `0\r\nGET /hidden HTTP/1.1\r\n\r\n`)],
  [
    "HTTP/1.0 with chunks",
    `POST /first HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
  ],
  ["HTTP/1.2", `GET /first HTTP/1.2\r\nhost: x\r\n\r\n${hidden}`],
  ["HTTP/0.9", `GET /hidden\r\n\r\n`],
  ["two spaces in the first line", `GET  /hidden HTTP/1.1\r\nhost: x\r\n\r\n`],
  ["a tab in the first line", `GET\t/hidden\tHTTP/1.1\r\nhost: x\r\n\r\n`],
  ["a line end in the target", `GET /first\r\n\r\nGET /hidden HTTP/1.1\r\nhost: x\r\n\r\n`],
  ["CONNECT", `CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n${hidden}`],
  ["HTTP/2's preface", `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hidden}`],
  ["a TLS hello", `\x16\x03\x01\x02\x00\x01\x00${hidden}`],
  ["a head without an end", `GET /first HTTP/1.1\r\n${"x: y\r\n".repeat(20_000)}`],
  ["a first line of a megabyte", `GET /${"a".repeat(1 << 20)} HTTP/1.1\r\n\r\n`],
  ["connection names the length", post(`connection: content-length\r\ncontent-length: 5\r\n`, `hello`)],
];

test.each(smuggling)(
  "%s hides no request",
  async (_name, bytes) => {
    for (const pieces of [
      [bytes],
      inPieces(bytes.slice(0, 70_000), createRng(bytes.length)),
      bytes.length < 400 ? bytes.split("") : [bytes],
    ]) {
      const text = await exchange(outer, pieces, 300);
      expect(statuses(text).filter((status) => status >= 500 && status !== 501)).toEqual([]);
    }
    expect(paths.filter((path) => path !== "/first")).toEqual([]);
  },
  minutes,
);

test("an upgrade is a request like others, and its connection stays what it was", async () => {
  const upgrade =
    "GET /first HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c, websocket\r\nhttp2-settings: AAMAAABkAAQ\r\n\r\n";
  const text = await exchange(outer, [upgrade + hidden.replace("hidden", "second")], 500);
  expect(statuses(text)).toEqual([200, 200]);
  expect(paths).toEqual(["/first", "/second"]);
});

test(
  "5,000 mutated requests: the server reads as many requests as were passed on, and the tap serves on",
  async () => {
    const rng = createRng(20_261_130);
    const body = '{"model":"m","messages":[]}';
    const seeds = [
      `POST /first HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
      `POST /first HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n${body.length.toString(16)};e="q"\r\n${body}\r\n0\r\nx-t: 1\r\n\r\n`,
      "GET /first?a=b HTTP/1.1\r\nhost: x\r\nx-tollgate-attempt: a\r\nx-tollgate-request: r\r\n\r\n",
      "GET /first HTTP/1.1\r\nhost: x\r\n\r\nGET /second HTTP/1.1\r\nhost: x\r\n\r\n",
    ];
    let answered = 0;
    for (let round = 0; round < 250; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => {
          const bytes = mutated(seeds[below(rng, seeds.length)] ?? "", rng);
          return exchange(outer, below(rng, 2) === 0 ? [bytes] : inPieces(bytes, rng), 200);
        }),
      );
      answered += answers.flatMap(statuses).filter((status) => status === 200).length;
    }
    expect(answered).toBeGreaterThan(500);
    await tap.closeSegment().then(async ({ totals }) => {
      // Node may have refused some of what was passed on: that is no answer of 200, and no second request.
      expect(paths.length).toBeLessThanOrEqual(totals["inner-node"]?.requests ?? 0);
      // Of some the client has left, or sent what is no body, before anything went on.
      expect(totals["inner-node"]?.requests ?? 0).toBeLessThanOrEqual(totals["outer-node"]?.requests ?? 0);
    });
    await tap.openSegment(join(root, "segment-2"), false);
    expect(
      statuses(await exchange(outer, ["GET /first HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"])),
    ).toEqual([200]);
  },
  20 * minutes,
);

const ask = () =>
  exchange(
    outerOfRaw,
    [
      "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-tollgate-attempt: split\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
    ],
    5_000,
  );
const streamed = streamedAnswer(["Grüße, ", "日本", "語 ", "🙂"]).join("");
const framed = [
  [
    "a length",
    `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: ${Buffer.byteLength(streamed)}\r\n\r\n${streamed}`,
  ],
  [
    "chunks",
    `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n${streamedAnswer(
      ["Grüße, ", "日本", "語 ", "🙂"],
    )
      .map((event) => `${Buffer.byteLength(event).toString(16)};a=b\r\n${event}\r\n`)
      .join("")}0\r\nx-t: y\r\n\r\n`,
  ],
  ["the end of the connection", `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n${streamed}`],
] as const;

test.each(framed)(
  "a stream that ends by %s, cut at every byte, is the same stream",
  async (_name, text) => {
    const bytes = Buffer.from(text);
    answer = [bytes];
    const whole = await ask();
    const [expected] = await tap.take("split", 1_000);
    expect(expected).toMatchObject({
      status: 200,
      outcome: "completed",
      finishReason: "stop",
      incomplete: null,
    });
    for (let at = 1; at < bytes.length; at += 1) {
      answer = [bytes.subarray(0, at), bytes.subarray(at)];
      const cut = await ask();
      expect(cut).toBe(whole);
      const [seen] = await tap.take("split", 1_000);
      expect(seen).toMatchObject({
        outcome: "completed",
        responseBody: expected?.responseBody,
        usage: expected?.usage,
        finishReason: "stop",
        unreadable: { count: 0 },
      });
    }
    answer = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
    expect(await ask()).toBe(whole);
  },
  10 * minutes,
);

test(
  "3,000 mutated answers: each is passed on, or its client sees it break off",
  async () => {
    const rng = createRng(20_261_131);
    for (let round = 0; round < 3_000; round += 1) {
      const [, text] = framed[below(rng, framed.length)] ?? framed[0];
      answer = inPieces(mutated(Buffer.from(text).toString("latin1"), rng), rng).map((piece) =>
        Buffer.from(piece, "latin1"),
      );
      await Promise.race([ask(), sleep(6_000)]);
      await tap.take("split", 1_000);
    }
    answer = [Buffer.from(framed[0][1])];
    expect(statuses(await ask())).toEqual([200]);
  },
  20 * minutes,
);

test.each(bombs.filter(({ name }) => name !== "silence"))(
  "the bomb $name leaves the taps serving",
  async ({ answer: bomb }) => {
    hostile = bomb;
    await exchange(
      outerOfRaw,
      ["POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"],
      10_000,
    );
    hostile = null;
    answer = [Buffer.from(framed[0][1])];
    expect(statuses(await ask())).toEqual([200]);
    await tap.take("split", 10_000);
  },
  3 * minutes,
);
