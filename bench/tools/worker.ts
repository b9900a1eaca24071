import { createServer, type Socket } from "node:net";
import type { MessagePort } from "node:worker_threads";
import { messageOf } from "../errors.ts";
import { Connection } from "./connection.ts";
import { listenOn } from "./socket-address.ts";
import type { ToolModule } from "./tool-module.ts";
import { ToolWorkerPool } from "./tool-worker-pool.ts";
import type { FromWorker, ToWorker, WorkerTask } from "./worker-messages.ts";

/**
 * Entry of a tool worker thread (tinypool). One run lasts as long as the thread: it listens on a socket for tool calls
 * and on `port` for the main thread, and returns when the main thread says `stop`.
 */
export default async function runToolWorker(input: { task: WorkerTask; port: MessagePort }): Promise<void> {
  const { task, port } = input;
  const send = (message: FromWorker): void => port.postMessage(message, []);
  const module = (await import(task.module)) as ToolModule;
  const desk = new ToolWorkerPool({ task, module, send, nowNs });
  const preload = task.preload.map((settings) => desk.source(settings));
  const listener = await listen(task, desk);
  await Promise.all(preload);
  await new Promise<void>((resolve) => {
    port.on("message", (message: ToWorker) => {
      if (message.type === "ping") send({ type: "pong" });
      else if (message.type === "do") void carryOut(desk, message, send);
      else resolve();
    });
    send({ type: "ready", socket: listener.socket });
  });
  await listener.close();
  port.close();
}

const nowNs = (): number => Number(process.hrtime.bigint());

async function carryOut(
  desk: ToolWorkerPool,
  message: Extract<ToWorker, { type: "do" }>,
  send: (message: FromWorker) => void,
): Promise<void> {
  try {
    send({ type: "done", number: message.number, result: await desk.carryOut(message) });
  } catch (error) {
    const kind = error instanceof Error ? error.name : "unknown";
    send({ type: "failed", number: message.number, kind, message: messageOf(error) });
  }
}

async function listen(task: WorkerTask, desk: ToolWorkerPool) {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    const handle = desk.answer.bind(desk);
    socket.on("error", () => socket.destroy());
    return new Connection(socket, { maxFrameBytes: task.maxFrameBytes, nowNs, handle });
  });
  const socket = await listenOn(server, task.socket, task.generation);
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const connection of open) connection.destroy();
    await closed;
  };
  return { socket, close };
}
