import { expect, test } from "vitest";
import { systemClock } from "../../bench/measure/clock.ts";
import {
  type EngineSampling,
  sampleEngines,
  type SampledEngine,
} from "../../bench/metrics/sample-engines.ts";
import { serve, servePages, sglangPage } from "./server.ts";

const engine = (metricsUrl: string, role: SampledEngine["role"] = "agent") => ({ role, metricsUrl });

/** Samples until `enough` says so, or until so many were taken. */
async function take(engines: readonly SampledEngine[], most: number, intervalS = 0.02) {
  const stop = new AbortController();
  const taken: EngineSampling[] = [];
  await sampleEngines(engines, {
    clock: systemClock,
    intervalS,
    signal: stop.signal,
    sampled: async (sampling) => {
      taken.push(sampling);
      if (taken.length === most) stop.abort();
    },
  });
  return taken;
}

const stateOf = (sampling: EngineSampling | undefined) =>
  sampling === undefined || "failed" in sampling ? null : sampling.state;

test("each engine is read again and again; a page that cannot be read is a sample that says why", async () => {
  const agent = await servePages((n) => (n === 1 ? 503 : sglangPage({ running: n, queued: 2 * n })));
  const user = await servePages(() => sglangPage({ running: 7, queued: 0 }));
  const taken = await take([engine(agent), engine(user, "user")], 6);
  const of = (role: string) => taken.filter((sampling) => sampling.role === role);
  expect(of("agent").map((sampling) => stateOf(sampling)?.running ?? null)).toEqual([0, null, 2]);
  expect(of("agent").map((sampling) => stateOf(sampling)?.queued ?? null)).toEqual([0, null, 4]);
  expect(of("agent")[1]).toMatchObject({ failed: expect.stringContaining("503") });
  expect(of("user").map((sampling) => stateOf(sampling)?.running)).toEqual([7, 7, 7]);
});

test("SGLang's scheduler is believed before its page; when it does not answer once, the page's old gauges do not stand in", async () => {
  let asked = 0;
  const url = await serve((request, response) => {
    if (!request.url?.startsWith("/v1/loads")) response.end(sglangPage({ running: 99, queued: 99 }));
    else if (asked++ === 1) response.writeHead(500).end();
    else
      response.end(
        JSON.stringify({ loads: [{ num_running_reqs: 3, num_waiting_reqs: 1, token_usage: 0.5 }] }),
      );
  });
  const taken = await take([engine(url)], 3);
  expect(taken.map(stateOf).map((state) => [state?.running, state?.queued, state?.kvUsage])).toEqual([
    [3, 1, 0.5],
    [null, null, null],
    [3, 1, 0.5],
  ]);
});

test("the first reading is one interval after the start, and none is after the end", async () => {
  let reads = 0;
  const url = await servePages(() => {
    reads += 1;
    return sglangPage({ running: 1, queued: 0 });
  });
  const stop = new AbortController();
  const none = sampleEngines([engine(url)], {
    clock: systemClock,
    intervalS: 3600,
    signal: stop.signal,
    sampled: () => Promise.reject(new Error("nothing was due")),
  });
  stop.abort();
  await none;
  expect(reads).toBe(0);
});

test("a reading that is under way when the work ends is given up and is no failure", async () => {
  const stop = new AbortController();
  const url = await serve(() => stop.abort());
  const taken: EngineSampling[] = [];
  await sampleEngines([engine(url)], {
    clock: systemClock,
    intervalS: 0.01,
    signal: stop.signal,
    sampled: async (sampling) => void taken.push(sampling),
  });
  expect(taken).toEqual([]);
});

test("who answers slowly is asked seldom: between two readings there are nine times as long as one takes", async () => {
  const starts: number[] = [];
  const url = await serve((request, response) => {
    if (request.url?.startsWith("/v1/loads")) {
      response.writeHead(404).end();
      return;
    }
    starts.push(performance.now());
    setTimeout(() => response.end(sglangPage({ running: 1, queued: 0 })), 40);
  });
  await take([engine(url)], 2, 0.01);
  expect((starts[1] ?? 0) - (starts[0] ?? 0)).toBeGreaterThanOrEqual(40 * 10 - 5);
});

test.each([401, 404])(
  "a server that answers %d has no page for us: that is a sample, and it is not asked again",
  async (status) => {
    let asked = 0;
    const without = await serve((_, response) => {
      asked += 1;
      response.writeHead(status).end();
    });
    const other = await servePages((n) => (n === 0 ? 500 : sglangPage({ running: n, queued: 0 })));
    const taken = await take([engine(without), engine(other, "user")], 5);
    expect(taken.map(({ role }) => role)).toEqual(["agent", "user", "user", "user", "user"]);
    expect(taken[0]).toMatchObject({ failed: expect.stringContaining(String(status)) });
    expect(asked).toBe(1);
    // One that fails for once is asked again.
    expect(taken.slice(1).map((sampling) => "failed" in sampling)).toEqual([true, false, false, false]);
  },
);
