import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { onTestFinished, expect, test } from "vitest";
import { systemClock } from "../../bench/measure/clock.ts";
import { waitUntilIdle } from "../../bench/metrics/drain.ts";
import { createExpositionReader, ExpositionError, parseExposition } from "../../bench/metrics/exposition.ts";
import { scrape, ScrapeError } from "../../bench/metrics/snapshot.ts";

const line = (index: number) =>
  `sglang:stage_seconds_bucket{engine_type="unified",le="${index % 50}.5",model_name="m",rid="r${index}"} ${index}.0\n`;
const pageOf = (lines: number) => Array.from({ length: lines }, (_, index) => line(index)).join("");
const MiB = 1024 * 1024;

/** A server that is told how to answer, and counts the bytes that it got rid of. */
async function sender(
  answer: (response: ServerResponse) => void,
): Promise<{ url: string; sent: () => number }> {
  let sent = 0;
  const server = createServer((_, response) => {
    response.on("close", () => {
      sent += response.socket?.bytesWritten ?? 0;
    });
    answer(response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent: () => sent };
}

/** Writes the same piece as long as anybody reads. */
function endless(piece: string | Buffer) {
  return (response: ServerResponse) => {
    const write = () => {
      while (!response.destroyed && response.write(piece));
      if (!response.destroyed) response.once("drain", write);
    };
    write();
  };
}

const scrapeFailure = (url: string, timeoutMs = 60_000) =>
  scrape(url, { clock: systemClock, timeoutMs, bytesMax: 2 * MiB }).then(
    () => expect.unreachable("a page was read"),
    (error: unknown) => error as ScrapeError,
  );

test("the event loop goes on while a large page is read", async () => {
  const page = pageOf(20_000);
  const { url } = await sender((response) => response.end(page));
  let turns = 0;
  let reading = true;
  const count = () => {
    turns += 1;
    if (reading) setImmediate(count);
  };
  setImmediate(count);
  const snapshot = await scrape(url, { clock: systemClock, timeoutMs: 60_000 });
  reading = false;
  expect(snapshot.text).toBe(page);
  expect(snapshot.exposition.samples).toHaveLength(20_000);
  // One turn at least for every 64 KiB: no stretch without one is longer than the reading of that.
  expect(turns).toBeGreaterThan(page.length / 65_536);
});

test("a page cut into pieces anywhere reads as the whole one, and four times the page is not sixteen times the work", () => {
  const page = pageOf(400);
  const whole = parseExposition(page);
  for (const size of [1, 7, 64, 4096]) {
    const reader = createExpositionReader();
    for (let from = 0; from < page.length; from += size) reader.push(page.slice(from, from + size));
    expect(reader.end()).toEqual(whole);
  }
  const work = (lines: number) => {
    const text = pageOf(lines);
    const before = process.cpuUsage();
    parseExposition(text);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  work(5000);
  expect(work(20_000) / work(5000)).toBeLessThan(10);
});

test("one line without an end is refused before it fills the memory", () => {
  const reader = createExpositionReader();
  const push = () => {
    for (let count = 0; count < 100; count += 1) reader.push("x".repeat(65_536));
  };
  expect(push).toThrow(ExpositionError);
  expect(push).toThrow(/a line is longer than 1 MiB/);
});

test.each<[string, (response: ServerResponse) => void, string, RegExp]>([
  ["an endless page", endless(pageOf(500)), "too-large", /the page is larger than 2 MiB .*how many series/],
  ["an endless line", endless("x".repeat(65_536)), "not-exposition", /a line is longer than 1 MiB/],
  [
    "a page that announces its size",
    (response) => endless(pageOf(500))(response.writeHead(200, { "content-length": 100 * MiB })),
    "too-large",
    /104857600 bytes/,
  ],
  [
    "a gzip bomb",
    (response) =>
      endless(gzipSync("a 1\n".repeat(100_000)))(response.writeHead(200, { "content-encoding": "gzip" })),
    "encoding",
    /gzip was not asked for/,
  ],
  ["an endless error", (response) => endless("no ")(response.writeHead(500)), "status", /status 500/],
  ["an endless web page", endless("<html>\n".repeat(1000)), "not-exposition", /line 1/],
])("%s is left, with its name", async (...[, answer, reason, said]) => {
  const { url, sent } = await sender(answer);
  const error = await scrapeFailure(url);
  expect(error).toBeInstanceOf(ScrapeError);
  expect(error).toMatchObject({ reason, message: expect.stringMatching(said) });
  // What the sockets' buffers hold may be on its way.
  expect(sent()).toBeLessThan(24 * MiB);
});

test("a page that comes a byte at a time ends at the deadline", async () => {
  const { url } = await sender((response) => {
    const timer = setInterval(() => response.write("a"), 5);
    response.on("close", () => clearInterval(timer));
  });
  expect(await scrapeFailure(url, 200)).toMatchObject({ reason: "timeout" });
});

test.each<[string, (response: ServerResponse) => void, RegExp]>([
  [
    "a page of 33 MiB",
    (response) => endless(pageOf(500))(response.writeHead(200, { "content-length": 33 * MiB })),
    /larger than 32 MiB/,
  ],
  ["an endless line", endless("x".repeat(65_536)), /longer than 1 MiB/],
  [
    "a slow body",
    (response) => {
      response.writeHead(200);
      response.write("a");
    },
    /no complete page within 100 ms/,
  ],
])("waiting for an idle engine survives %s", async (...[, answer, reason]) => {
  const { url } = await sender(answer);
  const drained = await waitUntilIdle(url, {
    clock: systemClock,
    timeoutMs: 20_000,
    intervalMs: 1,
    scrapeTimeoutMs: /100 ms/.test(reason.source) ? 100 : 20_000,
  });
  expect(drained).toMatchObject({ drained: false, reason: expect.stringMatching(reason) });
});
