import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Entry of the engine that benchmarks measure against: `node null-engine-program.ts CHUNKS INTERVAL_MS`. It computes
 * nothing and writes into every chunk when it wrote it; without chunks the answer is JSON. Ends with its stdin.
 */
const [chunks = 0, intervalMs = 0] = process.argv.slice(2).map(Number);

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  request.resume().once("end", () => void answer(response));
});

const usage = { prompt_tokens: 8, completion_tokens: chunks, total_tokens: 8 + chunks };
const whole = JSON.stringify({
  choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
  usage,
});

async function answer(response: ServerResponse): Promise<void> {
  if (chunks === 0) {
    response.writeHead(200, { "content-type": "application/json", "content-length": whole.length });
    response.end(whole);
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
  for (let at = 0; at < chunks && !response.destroyed; at += 1) {
    if (intervalMs > 0) await sleep(intervalMs);
    const delta = { content: `${process.hrtime.bigint()}`.padStart(24) };
    response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`);
  }
  const last = { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
  response.end(`data: ${JSON.stringify(last)}\n\ndata: [DONE]\n\n`);
}

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}`, pid: process.pid })}\n`);
});
