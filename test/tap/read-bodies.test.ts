import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunUnreadableError } from "../../bench/errors.ts";
import { BodyBases } from "../../bench/tap/body-bases.ts";
import type { BodyLine } from "../../bench/tap/body-line.ts";
import { BodyLog } from "../../bench/tap/body-log.ts";
import { readBodies } from "../../bench/tap/read-bodies.ts";
import type { Exchange } from "../../bench/workload/exchange.ts";
import { heapGrowthBytes } from "../measure/heap-growth.ts";
import { blankExchange } from "./fixtures/blank-exchange.ts";
import { collect } from "./fixtures/scripted-engine.ts";

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "tollgate-test-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

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
  .map((fields) => ({ ...blankExchange, ...fields }));

const lines = (exchanges: readonly Exchange[], charsMax?: number) => {
  const log = new BodyLog(charsMax);
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

test("what is read is what was written, however few bases the writer had room for", async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(exchange, { maxLength: 40 }), fc.nat(60), async (exchanges, charsMax) => {
      const folder = mkdtempSync(join(directory, `few-${(count += 1)}-`));
      writeFileSync(join(folder, "bodies.ndjson"), lines(exchanges, charsMax).join(""));
      expect(await collect(readBodies(folder))).toEqual(expected(exchanges));
    }),
    { numRuns: 200 },
  );
});

test("a base is left where the next one would have no room, and its attempt begins anew", () => {
  const [first, second] = ["one", "two"].map((attemptKey) => ({
    ...blankExchange,
    attemptKey,
    requestBody: "0123456789",
  }));
  const asked = [first, second, first, second].flatMap((one, at) =>
    one === undefined ? [] : [{ ...one, requestId: `r${at}` }],
  );
  const baseOf = (line: string) => (JSON.parse(line) as { requestBase: string | null }).requestBase;
  expect(lines(asked, 20).map(baseOf)).toEqual([null, null, "r0", "r1"]);
  expect(lines(asked, 19).map(baseOf)).toEqual([null, null, null, null]);
});

test("an id that another open conversation has is no base, and each goes on as its own", async () => {
  const exchanges = [
    ["one", "same", "first of one"],
    ["two", "same", "first of two"],
    ["one", "b", "first of one and more"],
    ["two", "c", "first of two and more"],
    ["three", "same", "of three, when nobody refers to the id any more"],
    ["three", "d", "of three, when nobody refers to the id any more, and more"],
  ].map(([attemptKey = "", requestId = "", requestBody = ""]) => ({
    ...blankExchange,
    attemptKey,
    requestId,
    requestBody,
  }));
  const written = lines(exchanges);
  const folder = mkdtempSync(join(directory, "same-"));
  writeFileSync(join(folder, "bodies.ndjson"), written.join(""));
  expect(await collect(readBodies(folder))).toEqual(expected(exchanges));
  const told = written.map((line) => {
    const { isBase, requestBase } = JSON.parse(line) as BodyLine;
    return [isBase, requestBase];
  });
  expect(told).toEqual([
    [true, null],
    [false, null],
    [true, "same"],
    [true, null],
    [true, null],
    [true, "same"],
  ]);
});

test("in files from before lines said what is a base, the first line of an id is one", async () => {
  const folder = mkdtempSync(join(directory, "old-"));
  const old = (requestId: string, requestBase: string | null, middle: string) => {
    const prefix = requestBase === null ? 0 : 5;
    return { v: 1, hop: "outer", requestId, requestBase, prefix, suffix: 0, middle, response: "" };
  };
  const written = [old("a", null, "first"), old("a", null, "other"), old("b", "a", "!")];
  writeFileSync(join(folder, "bodies.ndjson"), written.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const read = await collect(readBodies(folder));
  expect(read.map(({ requestBody }) => requestBody)).toEqual(["first", "other", "first!"]);
});

test("neither writer nor reader grows with the number of requests", async () => {
  const [log, bases] = [new BodyLog(), new BodyBases<string>()];
  let attempts = 0;
  const growth = await heapGrowthBytes((times) => {
    for (let at = 0; at < times; at += 1) {
      attempts += 1;
      for (const turn of [1, 2, 3, 4]) {
        const ids = { attemptKey: `attempt-${attempts}`, requestId: `attempt-${attempts}-a${turn}` };
        bases.add(log.line({ ...blankExchange, ...ids, requestBody: "text" }), "text");
      }
    }
  }, 20_000);
  // Sets of all ids took 20 MB.
  expect(growth).toBeLessThan(1_000_000);
});

test("a bad line in the middle is an error that names it", async () => {
  const [first = "", second = ""] = lines([
    { ...blankExchange, requestId: "a", attemptKey: "one", requestBody: "text" },
    { ...blankExchange, requestId: "b", attemptKey: "one", requestBody: "text and more" },
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

test("conversations that lie further apart than bases are kept are read as they were written", async () => {
  const attempts = Array.from({ length: 1_100 }, (_, index) => `a${index}`);
  const exchanges = [0, 1, 2].flatMap((turn) =>
    attempts.map((attemptKey) => ({
      ...blankExchange,
      attemptKey,
      requestId: `${attemptKey}-${turn}`,
      requestBody: `${attemptKey} said ${"x".repeat(turn)}`,
    })),
  );
  const folder = mkdtempSync(join(directory, "many-"));
  writeFileSync(join(folder, "bodies.ndjson"), lines(exchanges).join(""));
  expect(await collect(readBodies(folder))).toEqual(expected(exchanges));
});

test("what is kept while reading are the bases of open conversations, not all requests", async () => {
  const folder = mkdtempSync(join(directory, "large-"));
  const file = createWriteStream(join(folder, "bodies.ndjson"));
  const log = new BodyLog();
  // 400 MB of requests, 4 MB in the file.
  for (let attempt = 0; attempt < 200; attempt += 1) {
    let messages = randomBytes(10_000).toString("hex").repeat(5);
    for (let turn = 0; turn < 20; turn += 1) {
      messages += `turn ${turn}`;
      const requestBody = `{"messages":"${messages}","model":"m"}`;
      const one = {
        ...blankExchange,
        attemptKey: `a${attempt}`,
        requestId: `${attempt}-${turn}`,
        requestBody,
      };
      file.write(`${JSON.stringify(log.line(one))}\n`);
    }
  }
  file.end();
  await once(file, "close");
  const url = pathToFileURL(resolve("bench/tap/read-bodies.ts")).href;
  const program = `
    const { readBodies } = await import(${JSON.stringify(url)});
    let units = 0;
    for await (const { requestBody } of readBodies(${JSON.stringify(folder)})) units += requestBody.length;
    console.log(units);`;
  const { stdout, status } = spawnSync(
    process.execPath,
    ["--max-old-space-size=120", "--input-type=module", "--eval", program],
    { encoding: "utf8" },
  );
  expect([status, Number(stdout)]).toEqual([0, expect.closeTo(400e6, -7)]);
});
