import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunUnreadableError } from "../../bench/errors.ts";
import { BodyLog } from "../../bench/tap/body-log.ts";
import { readBodies } from "../../bench/tap/read-bodies.ts";
import type { Exchange } from "../../bench/workload/exchange.ts";
import { collect } from "./fixtures/scripted-engine.ts";

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "tollgate-test-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const blank: Exchange = {
  v: 1,
  hop: "outer",
  arm: "raw",
  requestId: "",
  episodeId: null,
  attemptKey: null,
  method: "POST",
  path: "/",
  status: 200,
  outcome: "completed",
  error: null,
  streamed: false,
  requestBytes: 0,
  responseBytes: 0,
  startedNs: 0,
  requestEndNs: 0,
  firstByteNs: null,
  firstTokenNs: null,
  lastTokenNs: null,
  endedNs: 0,
  chunks: [],
  usage: null,
  finishReason: null,
  requestBody: "",
  responseBody: "",
};
/** Few ids and attempts, so that ids repeat within an attempt, between attempts and between hops. */
const exchange: fc.Arbitrary<Exchange> = fc
  .record({
    hop: fc.constantFrom("outer" as const, "inner" as const, "user" as const),
    requestId: fc.constantFrom("a", "b", "c", "d"),
    attemptKey: fc.constantFrom("one", "two", null),
    requestBody: fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("shared start, x", "shared start, yy"),
    ),
    responseBody: fc.string({ unit: "binary" }),
  })
  .map((fields) => ({ ...blank, ...fields }));

const lines = (exchanges: readonly Exchange[]) => {
  const log = new BodyLog();
  return exchanges.map((one) => `${JSON.stringify(log.line(one))}\n`);
};
const expected = (exchanges: readonly Exchange[]) =>
  exchanges.map(({ hop, requestId, requestBody, responseBody }) => ({
    hop,
    requestId,
    requestBody,
    responseBody,
  }));

test("what is read is what was written, whichever ids repeat and wherever the file was torn", async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(exchange, { maxLength: 20 }), fc.nat(30), async (exchanges, torn) => {
      const folder = mkdtempSync(join(directory, `${(count += 1)}-`));
      const text = lines(exchanges).join("");
      const last = lines(exchanges).at(-1) ?? "";
      const cut = Math.min(torn, last.length);
      writeFileSync(
        join(folder, "bodies.ndjson"),
        Buffer.from(text).subarray(0, Buffer.byteLength(text) - cut),
      );
      const whole = cut === 0 ? exchanges : exchanges.slice(0, -1);
      expect(await collect(readBodies(folder))).toEqual(expected(whole));
    }),
    { numRuns: 200 },
  );
});

test("a bad line in the middle is an error that names it", async () => {
  const [first = "", second = ""] = lines([
    { ...blank, requestId: "a", attemptKey: "one", requestBody: "text" },
    { ...blank, requestId: "b", attemptKey: "one", requestBody: "text and more" },
  ]);
  for (const [name, text, message] of [
    ["broken", `{"v":1\n${second}`, /line 1 of .*not a record of bodies/],
    ["baseless", second, /line 1 of .*its base a is missing/],
  ] as const) {
    const folder = mkdtempSync(join(directory, name));
    writeFileSync(join(folder, "bodies.ndjson.zst"), zstdCompressSync(text));
    const reading = collect(readBodies(folder));
    await expect(reading).rejects.toThrow(RunUnreadableError);
    await expect(reading).rejects.toThrow(message);
  }
  expect(first).toContain('"requestBase":null');
});
