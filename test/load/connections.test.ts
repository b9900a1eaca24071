import { afterAll, expect, test } from "vitest";
import { LoadThread } from "../../bench/load/load-thread.ts";
import { bodyOf, scriptedEngine } from "../tap/fixtures/scripted-engine.ts";

const thread = new LoadThread(process.env);
afterAll(() => thread[Symbol.asyncDispose]());

test("requests reuse their connections: no handshake is inside a latency", async () => {
  const ports = new Set<number | undefined>();
  await using engine = await scriptedEngine(async (request, response) => {
    ports.add(request.socket.remotePort);
    await bodyOf(request);
    response.writeHead(200, { "content-type": "application/json" });
    response.end('{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}');
  });
  const requests = (key: string) =>
    Array.from({ length: 20 }, (_, at) => ({
      id: `${key}-${at}`,
      path: "/v1/chat/completions",
      body: "{}",
      thinkMs: 0,
    }));
  const result = await thread.run({
    url: engine.url,
    sessions: ["a", "b", "c", "d"].map((key) => ({ key, headers: {}, requests: requests(key) })),
    pace: { kind: "closed", users: 2, staggerMs: 0 },
    timeoutMs: 10_000,
    connectionsMax: null,
    keep: { chunks: false, output: false },
  });
  expect(result.samples.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 80 }, () => "completed"));
  expect(ports.size).toBeLessThanOrEqual(2);
});
