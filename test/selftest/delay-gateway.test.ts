import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { systemClock } from "../../bench/measure/clock.ts";
import { DelayGateway } from "../../bench/selftest/delay-gateway.ts";
import { addedToEndMs, addedToFirstTokenMs, delayLogSchema } from "../../bench/selftest/delay-log.ts";
import type { DelayPlace } from "../../bench/selftest/delay-shape.ts";

/** An upstream that answers with three chunks, 100 ms apart, or cuts the connection after the first. */
async function startUpstream() {
  const seen: { readonly headers: unknown; readonly body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      seen.push({ headers: request.headers, body });
      response.writeHead(201, { "content-type": "text/event-stream", "x-engine": "yes" });
      const chunks = ['data: {"content":"a"}\n\n', "data: 2\n\n", "data: [DONE]\n\n"];
      void (async () => {
        for (const chunk of chunks) {
          response.write(chunk);
          if (body === "cut") return response.destroy();
          await sleep(100);
        }
        return response.end();
      })();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function gatewayFor(upstream: string, place: DelayPlace, ms: number) {
  const gateway = new DelayGateway({
    upstream,
    plan: { place, shape: { kind: "fixed", ms } },
    seed: 1,
    nowNs: () => systemClock.nowNs(),
  });
  const url = await gateway.listen();
  const post = (path: string, id: string, body = '{"messages":[{"role":"assistant"}]}') =>
    fetch(`${url}${path}/v1/chat/completions`, {
      method: "POST",
      headers: { "x-tollgate-request": id, authorization: "Bearer key" },
      body,
    });
  const log = async () => delayLogSchema.parse(await (await fetch(`${url}/delay-log`)).json());
  return { post, log, url, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() };
}

test.each([
  { place: "request", head: 0, first: 150, end: 150 },
  // The head waits; a chunk that came while it did waited less.
  { place: "first-byte", head: 150, first: 0, end: 0 },
  // The last chunk waits 50 ms behind the second, less where it was read late, and then its own time. The body ends 100 ms after it: no
  // client waits for that.
  { place: "token", head: 0, first: 0, end: 150 },
] as const)(
  "a delay at $place is in the log, and the other way adds none",
  async ({ place, head, first, end }) => {
    await using upstream = await startUpstream();
    await using gateway = await gatewayFor(upstream.url, place, 150);
    const answers = [await gateway.post("/null", "n"), await gateway.post("/delayed", "d")];
    for (const answer of answers) {
      expect(answer.status).toBe(201);
      expect(answer.headers.get("x-engine")).toBe("yes");
      expect(await answer.text()).toBe('data: {"content":"a"}\n\ndata: 2\n\ndata: [DONE]\n\n');
    }
    expect(upstream.seen).toMatchObject([
      { headers: { authorization: "Bearer key" }, body: '{"messages":[{"role":"assistant"}]}' },
      { headers: { "x-tollgate-request": "d" }, body: '{"messages":[{"role":"assistant"}]}' },
    ]);
    const { plan, held } = await gateway.log();
    expect(plan).toContain("fixed 150 ms");
    expect(held).toMatchObject([
      { requestId: "n", path: "null", inFlight: 1, bodyBytes: 35, turn: 1 },
      { requestId: "d", path: "delayed", inFlight: 1, bodyBytes: 35, turn: 1 },
    ]);
    const [, delayed] = held;
    if (delayed === undefined) throw new Error("the log lacks the delayed request");
    // Never shorter than it says but for what Node's timers cut off a millisecond; how much longer is the machine's.
    const least = (ms: number) => Math.max(0, ms - 1);
    expect((delayed.headHeldNs ?? 0) / 1e6).toBeGreaterThanOrEqual(least(head));
    expect(addedToFirstTokenMs(delayed)).toBeGreaterThanOrEqual(least(first));
    expect(addedToEndMs(delayed)).toBeGreaterThanOrEqual(least(end));
  },
);

test("an answer that is cut is cut for the client too, and in no log", async () => {
  await using upstream = await startUpstream();
  await using gateway = await gatewayFor(upstream.url, "request", 0);
  const answered = gateway.post("/delayed", "c", "cut").then((answer) => answer.text());
  await expect(answered).rejects.toBeInstanceOf(TypeError);
  await expect(fetch(`${gateway.url}/elsewhere`).then(({ status }) => status)).resolves.toBe(404);
  expect((await gateway.log()).held).toEqual([]);
});

test("without an engine the client's connection ends", async () => {
  await using gateway = await gatewayFor("http://127.0.0.1:1", "request", 0);
  await expect(gateway.post("/null", "x")).rejects.toBeInstanceOf(TypeError);
});
