import { expect, test } from "vitest";
import { systemClock } from "../../bench/measure/clock.ts";
import { waitUntilIdle } from "../../bench/metrics/drain.ts";
import { serve, servePages, sglangPage } from "./server.ts";

const options = { clock: systemClock, timeoutMs: 5000, intervalMs: 5, scrapeTimeoutMs: 1000 };
const busy = sglangPage({ running: 2, queued: 1 });
const idle = sglangPage({ running: 0, queued: 0 });

test("two idle looks in a row are needed: a gap between two requests is not the end", async () => {
  let looks = 0;
  const url = await servePages((n) => {
    looks = n + 1;
    return [busy, idle, busy, 503, idle][n] ?? idle;
  });
  const result = await waitUntilIdle(url, options);
  expect(result).toEqual({ drained: true, waitedMs: expect.any(Number), reason: null });
  expect(looks).toBe(6);
});

const loads = (running: number, waiting = 0) => ({
  version: "0.5.10.post1",
  loads: [{ num_running_reqs: running, num_waiting_reqs: waiting, token_usage: 0 }],
  aggregate: { total_reqs: 0 },
});

test("gauges that are stale for half a minute do not keep an engine busy whose scheduler says that it is idle", async () => {
  const url = await servePages(
    () => busy,
    () => loads(0),
  );
  expect(await waitUntilIdle(url, options)).toMatchObject({ drained: true, reason: null });
});

test("nor do they make one idle that has just begun", async () => {
  const url = await servePages(
    () => idle,
    (n) => loads(n < 3 ? 1 : 0, n < 3 ? 4 : 0),
  );
  expect(await waitUntilIdle(url, { ...options, timeoutMs: 12 })).toMatchObject({
    drained: false,
    reason: expect.stringContaining("1 running, 4 queued"),
  });
});

test.each([[{}], [{ loads: [] }], [{ loads: [{ num_running_reqs: 0 }] }], ["no"]])(
  "a page of loads that says something else is no page: %j",
  async (page) => {
    const url = await servePages(
      () => busy,
      () => page,
    );
    expect(await waitUntilIdle(url, { ...options, timeoutMs: 40 })).toMatchObject({ drained: false });
  },
);

test("a server that stays busy is reported with what it was doing", async () => {
  const result = await waitUntilIdle(await servePages(() => busy), { ...options, timeoutMs: 40 });
  expect(result).toMatchObject({ drained: false, reason: "not idle after 40 ms: 2 running, 1 queued" });
  expect(result.waitedMs).toBeLessThan(5000);
});

test("missing metrics are said at once, and never taken for idle", async () => {
  const cases: readonly [string | number, RegExp][] = [
    [404, /status 404.*--enable-metrics/],
    ["<html>", /metric name/],
    ["up 1\n", /running and queued requests are not known: the page has none of the prefixes .*; found up/],
    [sglangPage({ running: 0 }), /the page has no sglang:num_queue_reqs; found sglang:num_running_reqs/],
    [sglangPage({ running: 0, queued: Number.NaN }), /sglang:num_queue_reqs is no number/],
  ];
  for (const [page, reason] of cases) {
    const result = await waitUntilIdle(await servePages(() => page), options);
    expect(result).toMatchObject({ drained: false, reason: expect.stringMatching(reason) });
  }
});

test("a dead server ends the wait after five looks", async () => {
  const result = await waitUntilIdle("http://127.0.0.1:1", options);
  expect(result).toMatchObject({
    drained: false,
    reason: expect.stringContaining("5 looks in a row failed"),
  });
});

test("the caller's signal ends the wait, in a pause and in a look", async () => {
  const signal = AbortSignal.timeout(30);
  const url = await servePages(() => busy);
  expect(await waitUntilIdle(url, { ...options, intervalMs: 1000, signal })).toMatchObject({
    drained: false,
    reason: "stopped by the caller",
  });
  const silent = await serve(() => undefined);
  expect(await waitUntilIdle(silent, { ...options, signal: AbortSignal.timeout(30) })).toMatchObject({
    drained: false,
    reason: "stopped by the caller",
  });
});
