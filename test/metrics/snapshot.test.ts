import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { Clock } from "../../bench/measure/clock.ts";
import { systemClock } from "../../bench/measure/clock.ts";
import { metricsUrl, readSnapshot, scrape, ScrapeError, snapshotJson } from "../../bench/metrics/snapshot.ts";
import { serve } from "./server.ts";

const stopped: Clock = { nowNs: () => 42, wallIso: () => "2026-01-02T03:04:05.000Z" };
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => "no error",
    (error: unknown) => error,
  );

test("a scrape keeps the verbatim page, its times, and asks for the plain format", async () => {
  const seen: unknown[] = [];
  const url = await serve((request, response) => {
    seen.push([
      request.url,
      request.headers.accept,
      request.headers["accept-encoding"],
      request.headers.authorization,
    ]);
    response.end('# odd   spacing\nsglang:x{a="1"} 1.0\n');
  });
  const snapshot = await scrape(url, {
    clock: stopped,
    timeoutMs: 5000,
    headers: { authorization: "Bearer k" },
  });
  expect(seen).toEqual([["/metrics", "text/plain; version=0.0.4", "identity", "Bearer k"]]);
  const { exposition, ...rest } = snapshot;
  expect(rest).toEqual({
    url: `${url}/metrics`,
    at: "2026-01-02T03:04:05.000Z",
    atNs: 42,
    text: '# odd   spacing\nsglang:x{a="1"} 1.0\n',
  });
  expect(exposition.samples).toHaveLength(1);
  expect(readSnapshot(snapshotJson(snapshot))).toEqual(snapshot);
  expect(readSnapshot(snapshot.text)).toEqual({ ...snapshot, url: null, at: null, atNs: null });
});

test("addresses with a path are used as they are", () => {
  expect(metricsUrl("http://h:1")).toBe("http://h:1/metrics");
  expect(metricsUrl("http://h:1/")).toBe("http://h:1/metrics");
  expect(metricsUrl("http://h:1/prometheus/metrics?a=1")).toBe("http://h:1/prometheus/metrics?a=1");
});

test("failures are told apart", async () => {
  const options = { clock: systemClock, timeoutMs: 5000 };
  const missing = await serve((_, response) => response.writeHead(404).end("no"));
  const html = await serve((_, response) => response.end("<html></html>"));
  const zipped = await serve((_, response) =>
    response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("a 1\n")),
  );
  const cut = await serve((_, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("a 1\n", () => response.destroy());
  });
  const silent = await serve(() => undefined);
  const never = new AbortController();
  never.abort();
  const cases: readonly [() => Promise<unknown>, object][] = [
    [
      () => scrape(missing, options),
      { reason: "status", status: 404, message: expect.stringContaining("--enable-metrics") },
    ],
    [() => scrape(html, options), { reason: "not-exposition", message: expect.stringContaining("line 1") }],
    [() => scrape(zipped, options), { reason: "encoding" }],
    [() => scrape(cut, options), { reason: "unreachable" }],
    [
      () => scrape(silent, { ...options, timeoutMs: 50 }),
      { reason: "timeout", message: expect.stringContaining("50 ms") },
    ],
    [() => scrape(silent, { ...options, signal: never.signal }), { reason: "aborted" }],
    [
      () => scrape("http://127.0.0.1:1", options),
      { reason: "unreachable", url: "http://127.0.0.1:1/metrics" },
    ],
  ];
  for (const [attempt, expected] of cases) {
    const error = await failure(attempt());
    expect(error).toBeInstanceOf(ScrapeError);
    expect(error).toMatchObject({ code: "TOLLGATE_SCRAPE", ...expected });
  }
});

test("JSON that is no snapshot is an error, not an empty page", () => {
  expect(() => readSnapshot('{"detail":"Not Found"}')).toThrow(/JSON, but not a metrics snapshot/);
  expect(() => readSnapshot('{"my.metric"} 1\n')).toThrow(/quoted UTF-8 names/);
});
