import { once } from "node:events";
import * as fc from "fast-check";
import { request as nodeRequest, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import {
  readRequestHead,
  readResponseHead,
  requestFraming,
  responseFraming,
  WireError,
} from "../../bench/wire/head.ts";
import { MessageParser } from "../../bench/wire/message-parser.ts";

interface Read {
  readonly heads: string[];
  readonly raw: string;
  readonly data: string;
  readonly ends: number;
  readonly rest: string;
}

/** Reads one message whose bytes come in these pieces; a WireError is thrown. */
function read(pieces: readonly Buffer[], kind: "request" | "response"): Read {
  const parser = new MessageParser();
  const raw: Buffer[] = [];
  const data: Buffer[] = [];
  const rest: Buffer[] = [];
  const heads: string[] = [];
  let ends = 0;
  parser.begin({
    head: (text) => {
      heads.push(text);
      if (kind === "request") return requestFraming(readRequestHead(text));
      const head = readResponseHead(text);
      return head.status < 200 ? "interim" : responseFraming(head, "GET");
    },
    body: (bytes, parts) => {
      raw.push(bytes);
      data.push(...parts);
    },
    end: () => (ends += 1),
  });
  for (const piece of pieces) {
    const left = parser.isOver ? piece : parser.read(piece);
    if (left !== null) rest.push(left);
  }
  parser.close();
  const text = (parts: readonly Buffer[]) => Buffer.concat(parts).toString("latin1");
  return { heads, raw: text(raw), data: text(data), ends, rest: text(rest) };
}

const bytes = (text: string) => Buffer.from(text, "latin1");

test.each([
  ["no body", "HTTP/1.1 204 No Content\r\nx: 1\r\n\r\n", { raw: "", data: "", ends: 1, rest: "" }],
  [
    "a length",
    "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhellonext",
    { raw: "hello", data: "hello", ends: 1, rest: "next" },
  ],
  [
    "a length of nothing",
    "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    { raw: "", data: "", ends: 1, rest: "" },
  ],
  [
    "chunks, an extension and a trailer",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nx-sum: 1\r\n\r\nnext",
    { raw: "3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nx-sum: 1\r\n\r\n", data: "abcde", ends: 1, rest: "next" },
  ],
  [
    "the end of the connection",
    "HTTP/1.0 200 OK\r\n\r\nall of it",
    { raw: "all of it", data: "all of it", ends: 1, rest: "" },
  ],
  [
    "an interim head before it",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204\r\n\r\n",
    { raw: "", data: "", ends: 1, rest: "" },
  ],
  ["an empty line before it", "\r\nHTTP/1.1 204 \r\n\r\n", { raw: "", data: "", ends: 1, rest: "" }],
])("an answer with %s is read", (_, text, wanted) => {
  expect(read([bytes(text)], "response")).toMatchObject(wanted);
});

test("any split of the bytes gives the same reading", () => {
  const message = fc.oneof(
    fc.record({ kind: fc.constant("length" as const), body: fc.string({ maxLength: 40 }) }),
    fc.record({
      kind: fc.constant("chunked" as const),
      parts: fc.array(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 5 }),
    }),
  );
  fc.assert(
    fc.property(message, fc.array(fc.nat(400), { maxLength: 12 }), (given, cuts) => {
      const wire = Buffer.concat(
        given.kind === "length"
          ? [
              bytes(`HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(given.body)}\r\n\r\n`),
              Buffer.from(given.body),
            ]
          : [
              bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
              ...given.parts.flatMap((part) => [
                bytes(`${Buffer.byteLength(part).toString(16)}\r\n`),
                Buffer.from(part),
                bytes("\r\n"),
              ]),
              bytes("0\r\n\r\n"),
            ],
      );
      const ends = [...new Set(cuts.map((cut) => cut % wire.length)), wire.length].sort((a, b) => a - b);
      const pieces = ends
        .map((end, at) => wire.subarray(ends[at - 1] ?? 0, end))
        .filter(({ length }) => length > 0);
      const whole = read([wire], "response");
      expect(whole.ends).toBe(1);
      expect(read(pieces, "response")).toEqual(whole);
    }),
  );
});

const chunked = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n";

/** What two readers may take for different messages, which is how requests are smuggled past somebody. */
const ambiguous = [
  "POST / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
  "POST / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\n",
  "POST / HTTP/1.1\r\ncontent-length: 5, 5\r\n\r\n",
  "POST / HTTP/1.1\r\ncontent-length: +5\r\n\r\n",
  "POST / HTTP/1.1\r\ncontent-length: 0x5\r\n\r\n",
  "POST / HTTP/1.1\r\ncontent-length: 5 5\r\n\r\n",
  "POST / HTTP/1.1\r\ncontent-length: \r\n\r\n",
  "POST / HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n",
  "POST / HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
  "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n",
  "POST / HTTP/1.1\r\ntransfer-encoding: chunked, gzip\r\n\r\n",
  "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n",
  "POST / HTTP/1.1\r\ntransfer-encoding: xchunked\r\n\r\n",
  "POST / HTTP/1.1\r\ntransfer-encoding:\r\n chunked\r\n\r\n",
  "POST / HTTP/1.1\r\ncontent-length : 5\r\n\r\n",
  "POST / HTTP/1.1\r\n content-length: 5\r\n\r\n",
  "POST / HTTP/1.1\r\ncontent-length: 5\n\r\n\r\n",
  "POST / HTTP/1.1\nhost: a\n\r\n\r\n",
  "POST / HTTP/1.1\r\nx: a\rb\r\n\r\n",
  "POST / HTTP/1.1\r\nx: a\0b\r\n\r\n",
  "POST / HTTP/1.1\r\n: a\r\n\r\n",
  "POST / HTTP/1.1\r\nno colon\r\n\r\n",
  "POST /a b HTTP/1.1\r\n\r\n",
  "POST / HTTP/1.1 \r\n\r\n",
  "POST  / HTTP/1.1\r\n\r\n",
  "POST / HTTP/1.2\r\n\r\n",
  "POST / HTTP/2.0\r\n\r\n",
  "POST / http/1.1\r\n\r\n",
  "P(ST / HTTP/1.1\r\n\r\n",
  "\rPOST / HTTP/1.1\r\n\r\n",
  `${chunked}5\nhello\r\n0\r\n\r\n`,
  `${chunked}5\r\nhello0\r\n\r\n`,
  `${chunked}5\r\nhelloX\r\n0\r\n\r\n`,
  `${chunked}-5\r\nhello\r\n0\r\n\r\n`,
  `${chunked}0x5\r\nhello\r\n0\r\n\r\n`,
  `${chunked} 5\r\nhello\r\n0\r\n\r\n`,
  `${chunked}\r\nhello\r\n`,
  `${chunked}fffffffffffff\r\n`,
  `${chunked}5;a\rb\r\nhello\r\n0\r\n\r\n`,
  `${chunked}0\r\nno colon\r\n\r\n`,
  `${chunked}0\r\nx: a\n\r\n`,
];

test.each(ambiguous)("%j is refused, in one piece and byte by byte", (text) => {
  expect(() => read([bytes(text)], "request")).toThrow(WireError);
  expect(() =>
    read(
      [...bytes(text)].map((byte) => Buffer.from([byte])),
      "request",
    ),
  ).toThrow(WireError);
});

test("what has no bound of its own has one here", () => {
  const long = "a".repeat(70_000);
  for (const text of [
    `GET /${long} HTTP/1.1\r\n\r\n`,
    `GET / HTTP/1.1\r\nx: ${long}`,
    `GET / HTTP/1.1\r\n${"x: 1\r\n".repeat(1001)}\r\n`,
    `${chunked}5;${long}`,
    `${chunked}0\r\n${"x: 12345678\r\n".repeat(6000)}`,
  ])
    expect(() => read([bytes(text)], "request")).toThrow(expect.objectContaining({ status: 431 }));
});

test("bytes of any kind are read or refused, and nothing else happens", () => {
  const part = fc.constantFrom(
    "GET / HTTP/1.1",
    "HTTP/1.1 200 OK",
    "\r\n",
    "\r",
    "\n",
    ":",
    "content-length: 3",
    "transfer-encoding: chunked",
    "3\r\nabc",
    "0\r\n",
    "abc",
    " ",
    "\t",
    "\0",
    "ÿ",
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 14 }),
      fc.constantFrom("request" as const, "response" as const),
      (parts, kind) => {
        const outcome = readOrRefuse(bytes(parts.join("")), kind);
        expect(outcome === "refused" || outcome.ends <= 1).toBe(true);
      },
    ),
    { numRuns: 2000 },
  );
});

function readOrRefuse(wire: Buffer, kind: "request" | "response"): Read | "refused" {
  try {
    return read([wire], kind);
  } catch (thrown) {
    if (thrown instanceof WireError) return "refused";
    throw thrown;
  }
}

test("what Node's own server writes is read as Node's own client reads it", async () => {
  const bodies = ["", "x", "é".repeat(5000), "0\r\n\r\n"];
  const server = createServer((request, response) => {
    const body = bodies[Number(request.url?.slice(1))] ?? "";
    if (request.headers["x-length"] !== undefined)
      response.setHeader("content-length", Buffer.byteLength(body));
    for (let at = 0; at < body.length; at += 700) response.write(body.slice(at, at + 700));
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  for (const [at, body] of bodies.entries())
    for (const headers of [{}, { "x-length": "1" }]) {
      const wire: Buffer[] = [];
      await new Promise<void>((resolve, reject) => {
        const sent = nodeRequest(
          { port, host: "127.0.0.1", path: `/${at}`, headers, agent: false },
          (response) => {
            response.resume().on("end", resolve);
          },
        );
        sent.on("socket", (socket) => socket.on("data", (piece: Buffer) => wire.push(piece)));
        sent.on("error", reject).end();
      });
      expect(read(wire, "response")).toMatchObject({
        ends: 1,
        rest: "",
        data: bytes(Buffer.from(body).toString("latin1")).toString("latin1"),
      });
    }
  server.close();
});
