import { once } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";

export interface Bomb {
  readonly name: string;
  /** Writes an answer, head included. The connection is closed after it. */
  readonly answer: (socket: Socket) => Promise<void>;
}

const megabyte = 1 << 20;
const head = (...fields: readonly string[]) =>
  `HTTP/1.1 200 OK\r\n${fields.map((field) => `${field}\r\n`).join("")}\r\n`;
const stream = head("content-type: text/event-stream", "connection: close");
const json = head("content-type: application/json", "connection: close");
const encodedJson = (encoding: string) =>
  head("content-type: application/json", "connection: close", `content-encoding: ${encoding}`);
const event = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: "x", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const said = (text: string) => event({ role: "assistant", content: text });
const over = `${event({}, "stop")}data: [DONE]\n\n`;
const whole = (message: object) =>
  JSON.stringify({
    id: "x",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, message, finish_reason: "stop" }],
  });

async function put(socket: Socket, bytes: string | Buffer): Promise<void> {
  if (socket.destroyed) throw new Error("gone");
  if (!socket.write(bytes, "latin1")) await Promise.race([once(socket, "drain"), once(socket, "close")]);
}

/** The same piece for ever, or until the reader leaves; 20 GB and two minutes end it, so that a failing test ends. */
async function forEver(socket: Socket, piece: string | Buffer): Promise<void> {
  const until = Date.now() + 120_000;
  for (let bytes = 0; !socket.destroyed && bytes < 20_000 * megabyte && Date.now() < until;) {
    await put(socket, piece);
    bytes += piece.length;
  }
}

const bomb = (name: string, ...parts: readonly (string | Buffer)[]): Bomb => ({
  name,
  answer: async (socket) => {
    for (const part of parts) await put(socket, part);
  },
});
const endless = (name: string, first: string | Buffer, piece: string | Buffer): Bomb => ({
  name,
  answer: async (socket) => {
    await put(socket, first);
    await forEver(socket, piece);
  },
});
interface Packing {
  readonly pack: (bytes: Buffer) => Buffer;
  readonly filler: number;
}

/** Made when it is asked for: the packed form of so much takes a second. */
const packed = (name: string, encoding: string, { pack, filler }: Packing): Bomb => ({
  name,
  answer: async (socket) => {
    await put(socket, encodedJson(encoding));
    const start = Buffer.from('{"choices":[{"message":{"role":"assistant","content":"');
    await put(socket, pack(Buffer.concat([start, Buffer.alloc(400 * megabyte, filler)])));
  },
});

const many = (text: string, bytes: number) => text.repeat(Math.ceil(bytes / text.length));
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const chunked = head("content-type: text/event-stream", "transfer-encoding: chunked");

export const bombs: readonly Bomb[] = [
  endless("endless-stream", stream, many(said("word "), 64 * 1024)),
  endless("endless-comments", stream, many(": ping\n\n", 64 * 1024)),
  endless("endless-line", stream + "data: ", "x".repeat(64 * 1024)),
  endless("endless-json", json + '{"choices":[{"message":{"content":"', "y".repeat(64 * 1024)),
  endless("endless-tiny-chunks", chunked, many(chunk("d"), 60 * 1024)),
  endless("endless-head", "HTTP/1.1 200 OK\r\n", "x-filler: abcdefghijklmnop\r\n"),
  endless("endless-informational-heads", "", many("HTTP/1.1 100 Continue\r\n\r\n", 32 * 1024)),
  endless("endless-trailers", `${chunked}0\r\n`, many("x-t: y\r\n", 32 * 1024)),
  endless("endless-chunk-extension", `${chunked}5;`, "e".repeat(32 * 1024)),
  endless(
    "endless-usage",
    stream,
    many('data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\n', 64 * 1024),
  ),
  endless("endless-done", stream + said("hello") + over, many("data: [DONE]\n\n", 64 * 1024)),
  endless(
    "endless-error",
    "HTTP/1.1 500 Error\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n",
    "e".repeat(64 * 1024),
  ),
  endless(
    "endless-call-arguments",
    stream + event({ tool_calls: [{ index: 0, id: "a", function: { name: "renew_loan", arguments: "" } }] }),
    many(event({ tool_calls: [{ index: 0, function: { arguments: "0" } }] }), 64 * 1024),
  ),
  endless(
    "endless-calls",
    stream,
    many(event({ tool_calls: [{ index: 0, id: "a", function: { name: "b", arguments: "{}" } }] }), 64 * 1024),
  ),
  bomb("control-characters", json + '{"choices":[{"message":{"content":"', "\x01".repeat(120 * megabyte)),
  bomb("bytes-that-are-no-text", json, Buffer.alloc(120 * megabyte, 0xff)),
  bomb("one-line-of-a-hundred-megabytes", stream + said("z".repeat(100 * megabyte)) + over),
  bomb("a-million-events", stream, many(said("w"), 40 * megabyte), over),
  packed("gzip", "gzip", { pack: gzipSync, filler: 0x61 }),
  packed("gzip-of-control-characters", "gzip", { pack: gzipSync, filler: 1 }),
  packed("brotli", "br", { pack: (bytes) => brotliCompressSync(bytes, { params: { 1: 1 } }), filler: 0x61 }),
  packed("zstd", "zstd", { pack: zstdCompressSync, filler: 0x61 }),
  packed("gzip-in-gzip", "gzip, gzip", { pack: (bytes) => gzipSync(gzipSync(bytes)), filler: 0x61 }),
  bomb("deep-arrays", json + "[".repeat(4_000_000)),
  bomb(
    "deep-objects-in-an-event",
    `${stream}data: ${'{"a":'.repeat(2_000_000)}1${"}".repeat(2_000_000)}\n\n`,
    over,
  ),
  bomb(
    "deep-arguments",
    stream +
      event({
        tool_calls: [
          {
            index: 0,
            id: "a",
            function: {
              name: "renew_loan",
              arguments: `{"loan_id":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
            },
          },
        ],
      }) +
      event({}, "tool_calls") +
      "data: [DONE]\n\n",
  ),
  bomb(
    "a-hundred-thousand-calls",
    json +
      whole({
        role: "assistant",
        content: null,
        tool_calls: Array.from({ length: 100_000 }, (_, at) => ({
          id: `c${at}`,
          type: "function",
          function: { name: "renew_loan", arguments: "{}" },
        })),
      }),
  ),
  bomb(
    "five-megabytes-of-arguments",
    json +
      whole({
        role: "assistant",
        content: null,
        tool_calls: [
          {
            id: "c",
            type: "function",
            function: {
              name: "renew_loan",
              arguments: JSON.stringify({ loan_id: "L".repeat(5 * megabyte) }),
            },
          },
        ],
      }),
  ),
  bomb("thirty-megabytes-of-text", json + whole({ role: "assistant", content: "t".repeat(30 * megabyte) })),
  bomb("a-chunk-of-256-terabytes", `${chunked}ffffffffffff\r\nabc`),
  bomb(
    "a-length-that-never-comes",
    head("content-type: application/json", "content-length: 999999999999999") + "{",
  ),
  bomb(
    "two-lengths",
    head("content-type: application/json", "content-length: 2", "content-length: 3") + "{}",
  ),
  bomb(
    "a-length-beside-chunks",
    head("content-length: 2", "transfer-encoding: chunked") + chunk("{}") + "0\r\n\r\n",
  ),
  bomb("a-second-answer-behind", head("content-length: 2") + "{}" + head("content-length: 2") + "{}"),
  bomb(
    "another-protocol",
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n\x81\x05hello",
  ),
  bomb("no-http", "SSH-2.0-OpenSSH_9.9\r\n"),
  bomb(
    "a-thousand-and-one-fields",
    `HTTP/1.1 200 OK\r\n${many("x-f: y\r\n", 8 * 1001)}content-length: 2\r\n\r\n{}`,
  ),
  bomb("a-field-of-64-kilobytes", head(`x-f: ${"y".repeat(64 * 1024)}`, "content-length: 2") + "{}"),
  bomb(
    "a-redirect-to-itself",
    "HTTP/1.1 307 Temporary Redirect\r\nlocation: /v1/chat/completions\r\ncontent-length: 0\r\n\r\n",
  ),
  bomb(
    "numbers-that-are-none",
    json +
      '{"choices":[{"message":{"role":"assistant","content":"a"},"finish_reason":"stop","index":1e999}],"usage":{"prompt_tokens":1e300,"completion_tokens":-5.5,"total_tokens":"NaN"},"created":1e400}',
  ),
  bomb(
    "prototype",
    json +
      '{"__proto__":{"choices":[]},"constructor":{"prototype":{"x":1}},"choices":[{"message":{"role":"assistant","content":"a","__proto__":{"tool_calls":[1]}},"finish_reason":"stop"}]}',
  ),
  {
    name: "a-byte-now-and-then",
    answer: async (socket) => {
      await put(socket, stream);
      const text = said("slow ") + over;
      for (let at = 0; at < text.length && !socket.destroyed; at += 1) {
        await put(socket, text.slice(at, at + 1));
        await sleep(5);
      }
    },
  },
  {
    name: "silence",
    answer: async (socket) => {
      await Promise.race([sleep(60_000), once(socket, "close")]);
    },
  },
];
