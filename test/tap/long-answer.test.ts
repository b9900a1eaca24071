import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { afterAll, expect, test } from "vitest";
import { Tap } from "../../bench/tap/tap.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { scriptedEngine, streamedAnswer } from "./fixtures/scripted-engine.ts";

const folder = new TemporaryFolder();
/** 30 MB that say nothing: a second of reading at each hop. */
const comments = ": ping\n\n".repeat(3_750_000);
const engine = await scriptedEngine(({ url = "" }, response) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.end(`${url.startsWith("/long") ? comments : ""}${streamedAnswer(["a word"]).join("")}`);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

test("a tap serves on while it reads a long answer, and a segment that ends then has the answer", async () => {
  await using tap = new Tap((message) => expect.fail(message));
  const inner = await tap.listen({ arm: "raw", name: "inner", hop: "inner", upstream: engine.url });
  const outer = await tap.listen({ arm: "raw", name: "outer", hop: "outer", upstream: inner });
  await tap.openSegment(folder.path, false);
  const ask = async (path: string) => {
    const { body } = await request(`${outer}${path}`, { method: "POST", body: "{}" });
    return (await body.arrayBuffer()).byteLength;
  };
  expect(await ask("/long/v1/chat/completions")).toBeGreaterThan(comments.length);
  // It begins to read some milliseconds after the end.
  await sleep(20);
  const closing = tap.closeSegment();
  const others = (async () => {
    for (let count = 0; count < 3; count += 1) await ask("/v1/chat/completions");
    return "others served";
  })();
  const first = await Promise.race([closing.then(() => "segment closed"), others]);
  expect(first).toBe("others served");
  const { totals } = await closing;
  expect(totals["outer"]?.responseBytes).toBeGreaterThan(comments.length);
  expect(totals["inner"]?.responseBytes).toBeGreaterThan(comments.length);
});
