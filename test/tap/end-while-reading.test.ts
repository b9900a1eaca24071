import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { request } from "undici";
import { afterAll, expect, test } from "vitest";
import { Tap } from "../../bench/tap/tap.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { scriptedEngine, streamedAnswer } from "./fixtures/scripted-engine.ts";

const folder = new TemporaryFolder();
const engine = await scriptedEngine((_, response) => {
  response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" });
  // Long, so that reading it takes a while.
  response.end(gzipSync(streamedAnswer(Array.from({ length: 3000 }, (_, at) => `word ${at} `)).join("")));
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** A tap whose driver was killed ends at any moment after an answer, also while it reads what it has seen. */
test.each([0, 2, 4, 5, 6, 7, 8, 10])(
  "a tap that ends %d ms after an answer has recorded it at both hops",
  async (afterMs) => {
    const directory = join(folder.path, `after-${afterMs}`);
    {
      await using tap = new Tap((message) => expect.fail(message));
      const place = { arm: "raw" };
      const inner = await tap.listen({ ...place, name: "inner", hop: "inner", upstream: engine.url });
      const outer = await tap.listen({ ...place, name: "outer", hop: "outer", upstream: inner });
      await tap.openSegment(directory, true);
      const answers = Array.from({ length: 4 }, async () => {
        const { body } = await request(`${outer}/v1/chat/completions`, { method: "POST", body: "{}" });
        await body.arrayBuffer();
      });
      await Promise.all(answers);
      await sleep(afterMs);
    }
    const lines = readFileSync(join(directory, "taps.ndjson"), "utf8").trimEnd().split("\n");
    const hops = lines.map((line) => (JSON.parse(line) as { hop: string }).hop).toSorted();
    expect(hops).toEqual([...Array<string>(4).fill("inner"), ...Array<string>(4).fill("outer")]);
  },
);
