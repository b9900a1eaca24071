import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

interface ToolSocket {
  request(frame: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<unknown>;
  close(): void;
}
interface Frame {
  readonly id: number;
  readonly op: string;
}

const source = new URL("../../../../bench/agent/openclaw/plugin/tool-socket.js", import.meta.url).href;
const { ToolSocket }: { ToolSocket: new (address: string) => ToolSocket } = await import(source);

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "tg-ts-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Serves each complete batch of lines; the answer is written as the test wants it cut. */
async function serve(
  address: string | { readonly port: 0; readonly host: string },
  answer: (frames: readonly Frame[], socket: Socket) => void,
): Promise<{ readonly port: number } & AsyncDisposable> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => undefined);
    let rest = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      answer(
        lines.map((line): Frame => JSON.parse(line)),
        socket,
      );
    });
  });
  if (typeof address === "string") server.listen(address);
  else server.listen(address);
  await once(server, "listening");
  const bound = server.address();
  return {
    port: bound !== null && typeof bound === "object" ? bound.port : 0,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

test("replies are matched by id, in any order and cut anywhere, with line separators inside", async () => {
  const address = path.join(directory, "s");
  const content = "日本\u2028\r\n\u0000 end";
  const waiting: Frame[] = [];
  await using _server = await serve(address, (frames, socket) => {
    waiting.push(...frames);
    if (waiting.length < 3) return;
    const text = waiting
      .toReversed()
      .map(({ id, op }) => `${JSON.stringify({ id, ok: true, op, content })}\n`);
    const bytes = Buffer.from(`\n${text.join("")}`);
    for (let at = 0; at < bytes.length; at += 7) socket.write(bytes.subarray(at, at + 7));
  });
  const socket = new ToolSocket(address);
  const replies = await Promise.all(["a", "b", "c"].map(async (op) => socket.request({ op })));
  expect(replies).toEqual(["a", "b", "c"].map((op, index) => ({ id: index + 1, ok: true, op, content })));
  socket.close();
});

test("a lost connection rejects what was pending; the next request connects again", async () => {
  let losses = 0;
  await using server = await serve({ port: 0, host: "127.0.0.1" }, (frames, socket) => {
    if (losses++ === 0) socket.destroy();
    else for (const { id } of frames) socket.write(`${JSON.stringify({ id })}\n`);
  });
  const socket = new ToolSocket(`127.0.0.1:${server.port}`);
  await expect(socket.request({ op: "x" })).rejects.toThrow(/lost the connection to the tool server/);
  expect(await socket.request({ op: "y" })).toEqual({ id: 2 });
  socket.close();
});

test("a server that is not there, or that does not speak JSON, is a lost connection", async () => {
  const absent = new ToolSocket(path.join(directory, "absent"));
  await expect(absent.request({ op: "x" })).rejects.toThrow(/ENOENT/);
  const address = path.join(directory, "s");
  await using _server = await serve(address, (_frames, socket) => socket.write("nonsense\n"));
  await expect(new ToolSocket(address).request({ op: "x" })).rejects.toThrow(/JSON/);
});

test("an abort ends the wait, not the connection", async () => {
  const address = path.join(directory, "s");
  await using _server = await serve(address, (frames, socket) => {
    for (const { id, op } of frames) if (op !== "mute") socket.write(`${JSON.stringify({ id })}\n`);
  });
  const socket = new ToolSocket(address);
  const abort = new AbortController();
  const mute = socket.request({ op: "mute" }, abort.signal);
  abort.abort(new Error("turn over"));
  await expect(mute).rejects.toThrow("turn over");
  expect(await socket.request({ op: "loud" })).toEqual({ id: 2 });
  socket.close();
});
