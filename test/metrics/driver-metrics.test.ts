import { request } from "undici";
import { expect, test } from "vitest";
import { systemClock } from "../../bench/measure/clock.ts";
import { serveDriverMetrics } from "../../bench/metrics/driver-metrics.ts";
import { scrape } from "../../bench/metrics/snapshot.ts";

const options = { runId: "run-1", plannedEpisodes: 8, plannedCells: 2, port: 0 };
const valuesAt = async (url: string) => {
  const { exposition } = await scrape(url, { clock: systemClock, timeoutMs: 5000 });
  return Object.fromEntries(
    exposition.samples.map(({ name, labels, value }) => {
      const shown = [...labels].filter(([label]) => label !== "run").map(([, text]) => text);
      return [[name, ...shown.sort()].join(" "), value];
    }),
  );
};

test("the driver's page follows the run and is readable by our own adapter", async () => {
  await using metrics = await serveDriverMetrics(options);
  expect(await valuesAt(metrics.url)).toMatchObject({
    tollgate_episodes_planned: 8,
    tollgate_cells_planned: 2,
    tollgate_episodes_in_flight: 0,
    tollgate_cells_done_total: 0,
  });
  metrics.cellStarted({ cellId: "c1", arm: "raw", load: "closed:4" });
  for (let episode = 0; episode < 3; episode++) metrics.episodeStarted();
  const times = { startedNs: 1e9, endedNs: 4e9 };
  metrics.episodeEnded({ status: "completed", arm: "raw", ...times });
  metrics.episodeEnded({ status: "failed", arm: "raw", ...times });
  const during = await valuesAt(metrics.url);
  expect(during).toMatchObject({
    "tollgate_episodes_total completed raw": 1,
    "tollgate_episodes_total failed raw": 1,
    tollgate_episodes_in_flight: 1,
    "tollgate_current_cell c1 closed:4 raw": 1,
  });
  expect(during["tollgate_driver_resident_memory_bytes"]).toBeGreaterThan(1e6);
  expect(during["tollgate_driver_event_loop_utilization"]).toBeGreaterThanOrEqual(0);
  metrics.cellEnded();
  metrics.cellStarted({ cellId: "c2", arm: "gateway", load: "closed:4" });
  const later = await valuesAt(metrics.url);
  expect(later).toMatchObject({
    tollgate_cells_done_total: 1,
    "tollgate_current_cell c2 closed:4 gateway": 1,
  });
  expect(Object.keys(later).filter((key) => key.startsWith("tollgate_current_cell"))).toHaveLength(1);
});

test("latencies are histograms in seconds; what an answer does not support is not observed", async () => {
  await using metrics = await serveDriverMetrics(options);
  metrics.requestsSeen("raw", [
    { ttftMs: 40, itlMs: 8, e2eMs: 300 },
    { ttftMs: null, itlMs: null, e2eMs: 700 },
  ]);
  metrics.episodeEnded({ status: "completed", arm: "raw", startedNs: 1e9, endedNs: 4e9 });
  metrics.episodeEnded(null);
  expect(await valuesAt(metrics.url)).toMatchObject({
    "tollgate_request_ttft_seconds_count raw": 1,
    "tollgate_request_ttft_seconds_sum raw": 0.04,
    "tollgate_request_itl_seconds_sum raw": 0.008,
    "tollgate_request_e2e_seconds_count raw": 2,
    "tollgate_request_e2e_seconds_sum raw": 1,
    "tollgate_request_e2e_seconds_bucket 0.5 raw": 1,
    "tollgate_episode_duration_seconds_count completed raw": 1,
    "tollgate_episode_duration_seconds_sum completed raw": 3,
  });
});

test("only GET /metrics is answered, two runs do not share numbers, and disposing frees the port", async () => {
  const first = await serveDriverMetrics(options);
  await using second = await serveDriverMetrics(options);
  first.episodeStarted();
  expect((await valuesAt(second.url))["tollgate_episodes_in_flight"]).toBe(0);
  expect((await request(new URL("/", first.url))).statusCode).toBe(404);
  expect((await request(first.url, { method: "POST" })).statusCode).toBe(404);
  const port = Number(new URL(first.url).port);
  await expect(serveDriverMetrics({ ...options, port })).rejects.toMatchObject({
    code: "TOLLGATE_START",
    part: "driver metrics",
  });
  await first[Symbol.asyncDispose]();
  await using again = await serveDriverMetrics({ ...options, port });
  expect(new URL(again.url).port).toBe(String(port));
});
