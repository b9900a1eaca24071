import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/**
 * Entry of the server that generators are compared on: `node mock-engine-program.ts FIRST_MS GAP_MS TOKENS`. It answers any
 * POST with a chat completion, as a stream when the body asks for one, and does as little as possible itself: no HTTP
 * library, answers prepared beforehand. With FIRST_MS and GAP_MS 0 a whole answer leaves in one write.
 *
 * It keeps its own monotonic stamps. `GET /stamps` gives them out and forgets them: `arrivalNs` when a request was there,
 * `firstSentNs` when its first token was handed to the kernel, in order of arrival.
 */
const [firstMs = 0, gapMs = 0, tokens = 8] = process.argv.slice(2).map(Number);

const usage = { prompt_tokens: 8, completion_tokens: tokens, total_tokens: 8 + tokens };
const event = (body: unknown) => `data: ${JSON.stringify(body)}\n\n`;
const chunk = (choices: readonly unknown[], rest: object = {}) =>
  event({ id: "c", object: "chat.completion.chunk", created: 1, model: "mock", choices, ...rest });
const framed = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

const streamHead =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n";
const tokenEvent = framed(chunk([{ index: 0, delta: { content: "tok " }, finish_reason: null }]));
const lastEvents =
  framed(chunk([{ index: 0, delta: {}, finish_reason: "stop" }])) +
  framed(chunk([], { usage })) +
  framed("data: [DONE]\n\n") +
  "0\r\n\r\n";
const wholeStream = Buffer.from(streamHead + tokenEvent.repeat(tokens) + lastEvents);
const [headAndFirst, nextToken, end] = [
  Buffer.from(streamHead + tokenEvent),
  Buffer.from(tokenEvent),
  Buffer.from(lastEvents),
];

const json = (body: unknown) => {
  const text = JSON.stringify(body);
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: keep-alive\r\n\r\n${text}`,
  );
};
const completion = json({
  id: "c",
  object: "chat.completion",
  created: 1,
  model: "mock",
  choices: [{ index: 0, message: { role: "assistant", content: "tok" }, finish_reason: "stop" }],
  usage,
});
const models = json({
  object: "list",
  data: [{ id: "mock", object: "model", created: 1, owned_by: "mock" }],
});

const nowNs = () => Number(process.hrtime.bigint());
let arrivalNs: number[] = [];
let firstSentNs: number[] = [];

function answer(socket: Socket, request: { readonly head: string; readonly body: string }): void {
  if (request.head.startsWith("GET /stamps ")) {
    socket.write(json({ arrivalNs, firstSentNs }));
    arrivalNs = [];
    firstSentNs = [];
    return;
  }
  if (!request.head.startsWith("POST ")) {
    socket.write(models);
    return;
  }
  const at = arrivalNs.push(nowNs()) - 1;
  const stamps = firstSentNs;
  const streamed = /"stream": ?true/.test(request.body);
  if (firstMs === 0 && gapMs === 0) {
    stamps[at] = nowNs();
    socket.write(streamed ? wholeStream : completion);
    return;
  }
  setTimeout(() => {
    stamps[at] = nowNs();
    if (streamed) later(socket, 1);
    socket.write(streamed ? headAndFirst : completion);
  }, firstMs);
}

function later(socket: Socket, sent: number): void {
  setTimeout(() => {
    if (socket.destroyed) return;
    if (sent < tokens) later(socket, sent + 1);
    socket.write(sent < tokens ? nextToken : end);
  }, gapMs);
}

/** Requests of one connection, which may come in pieces or several at once. */
function serve(socket: Socket): void {
  let waiting = "";
  socket.setNoDelay(true);
  socket.setEncoding("latin1");
  socket.on("error", () => socket.destroy());
  socket.on("data", (piece: string) => {
    waiting = waiting === "" ? piece : waiting + piece;
    for (;;) {
      const headEnd = waiting.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const head = waiting.slice(0, headEnd);
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      const requestEnd = headEnd + 4 + length;
      if (waiting.length < requestEnd) return;
      answer(socket, { head, body: waiting.slice(headEnd + 4, requestEnd) });
      waiting = waiting.slice(requestEnd);
    }
  });
}

const server = createServer(serve);
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}`, pid: process.pid })}\n`);
});
