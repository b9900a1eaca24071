import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Entry of the engine that the latency benchmark measures against: `node null-engine-program.ts CHUNKS INTERVAL_MS`. It
 * computes nothing and writes into every chunk when it wrote it. Ends with its stdin.
 */
const [chunks = 0, intervalMs = 0] = process.argv.slice(2).map(Number);

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  request.resume().once("end", () => void answer(response));
});

async function answer(response: ServerResponse): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
  for (let at = 0; at < chunks && !response.destroyed; at += 1) {
    await sleep(intervalMs);
    const delta = { content: `${process.hrtime.bigint()}`.padStart(24) };
    response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`);
  }
  response.end("data: [DONE]\n\n");
}

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}`, pid: process.pid })}\n`);
});
