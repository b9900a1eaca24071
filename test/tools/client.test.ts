import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectToolClient, type ToolClient } from "../../bench/tools/client.ts";
import { FrameDecoder } from "../../bench/tools/framing.ts";

type Frame = { readonly id: number; readonly op: string };
let server: Server;
let answer: (frame: Frame, socket: Socket) => void;
let client: ToolClient;

beforeEach(async () => {
  server = createServer((socket) => {
    const decoder = new FrameDecoder();
    socket.on("data", (chunk: Buffer) => {
      for (const frame of decoder.push(chunk))
        if (frame.kind === "value") answer(frame.value as Frame, socket);
    });
    socket.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  client = await connectToolClient({ socket: `127.0.0.1:${port}`, timeoutMs: 400 });
});
afterEach(() => {
  client[Symbol.dispose]();
  server.close();
});

const reply = (id: number | null, more: object = { ok: true, content: `reply to ${id}`, error: false }) =>
  `${JSON.stringify({ id, ...more })}\n`;
const call = () => client.call({ token: "t", name: "look", argumentsText: "{}" });
const lost = { code: "TOLLGATE_TOOL_CONNECTION" };

test("replies belong to requests by id, in whatever order and pieces they come", async () => {
  const waiting: number[] = [];
  answer = ({ id }, socket) => {
    waiting.push(id);
    if (waiting.length < 3) return;
    const text = waiting
      .reverse()
      .map((one) => reply(one))
      .join("");
    socket.write(text.slice(0, 20));
    setTimeout(() => socket.write(text.slice(20)), 10);
  };
  const replies = await Promise.all([call(), call(), call()]);
  expect(replies.map(({ content }) => content)).toEqual(["reply to 1", "reply to 2", "reply to 3"]);
});

test("a reply that comes after its deadline is nobody's, and the next request gets its own", async () => {
  answer = ({ id }, socket) => void setTimeout(() => socket.write(reply(id)), id === 1 ? 460 : 0);
  await expect(call()).rejects.toMatchObject({ code: "TOLLGATE_TOOL_TIMEOUT", afterMs: 400 });
  await new Promise((resolve) => setTimeout(resolve, 90));
  expect((await call()).content).toBe("reply to 2");
});

test("an error frame refuses its own request with the protocol's word, and the connection lives on", async () => {
  answer = ({ id }, socket) =>
    socket.write(
      id === 1 ? reply(id, { ok: false, code: "limit", message: "reached max_steps" }) : reply(id),
    );
  await expect(call()).rejects.toMatchObject({ code: "TOLLGATE_TOOL_REFUSED", reason: "limit" });
  expect((await call()).content).toBe("reply to 2");
});

test("a reply of another shape is an error of its request only", async () => {
  answer = ({ id }, socket) => socket.write(id === 1 ? reply(id, { ok: true, content: 5 }) : reply(id));
  await expect(call()).rejects.toMatchObject(lost);
  expect((await call()).content).toBe("reply to 2");
});

test("a line that is no JSON ends the connection: every open and every later request says why", async () => {
  answer = ({ id }, socket) => void (id === 2 && socket.write("<html>\n"));
  const said = [call(), call()].map((one) => expect(one).rejects.toThrow("the line is not JSON"));
  await Promise.all(said);
  await expect(call()).rejects.toThrow("the line is not JSON");
});

test("a server that goes away ends the requests that wait, at once and not at their deadline", async () => {
  answer = (_frame, socket) => socket.destroy();
  await expect(call()).rejects.toMatchObject(lost);
  await expect(call()).rejects.toMatchObject(lost);
});

test("nobody listens: the error names the address", async () => {
  const socket = "127.0.0.1:1";
  await expect(connectToolClient({ socket, timeoutMs: 200 })).rejects.toMatchObject({ ...lost, socket });
});
