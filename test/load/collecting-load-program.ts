import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { LoadThread } from "../../bench/load/load-thread.ts";

/**
 * Sends 100 requests a second to a server of its own and keeps the answers. Prints the longest time in which it took nearly a
 * whole processor, by the kernel's count, and how many requests ended.
 */
const windowMs = 50;
const requests = 400;
const answer = JSON.stringify({ choices: [{ message: { content: "yes" }, finish_reason: "stop" }] });
const server = createServer((request, response) => {
  request.resume().on("end", () => response.end(answer));
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

await using thread = new LoadThread(process.env);
const { policy } = await thread.scheduling;
const usedMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
};
let window = { sinceMs: performance.now(), usedMs: usedMs() };
let [busyMs, longestMs] = [0, 0];
const looks = setInterval(() => {
  const [nowMs, used] = [performance.now(), usedMs()];
  busyMs = used - window.usedMs > 0.9 * (nowMs - window.sinceMs) ? busyMs + used - window.usedMs : 0;
  longestMs = Math.max(longestMs, busyMs);
  window = { sinceMs: nowMs, usedMs: used };
}, windowMs);

const body = JSON.stringify({ messages: [{ role: "user", content: "x".repeat(20_000) }] });
const { samples } = await thread.run({
  url,
  sessions: Array.from({ length: requests }, (_, at) => ({
    key: `s${at}`,
    headers: {},
    requests: [{ id: `r${at}`, path: "/", body, headers: {}, thinkMs: 0 }],
  })),
  pace: { kind: "open", startsNs: Array.from({ length: requests }, (_, at) => at * 10e6) },
  timeoutMs: 20_000,
  connectionsMax: null,
  keep: { chunks: true, output: true },
});
clearInterval(looks);
server.close();
const ended = samples.filter(({ status }) => status === 200).length;
process.stdout.write(`${JSON.stringify({ policy, ended, busyMs: longestMs })}\n`);
