import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import type { LoadPlan, LoadSample, LoadSession } from "../../bench/load/load.ts";
import { loadMetrics, steadySamples } from "../../bench/load/latency.ts";
import { LoadThread } from "../../bench/load/load-thread.ts";
import { meanOf, percentile } from "../../bench/statistics/distribution.ts";
import { bodyOf, scriptedEngine, streamedAnswer, type Answer } from "../tap/fixtures/scripted-engine.ts";

const thread = new LoadThread(process.env);
afterAll(() => thread[Symbol.asyncDispose]());

const streaming =
  (betweenMs: number): Answer =>
  async (request, response) => {
    await bodyOf(request);
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of streamedAnswer(["a", "b", "c"])) {
      await sleep(betweenMs);
      response.write(event);
    }
    response.end();
  };

const session = (key: string, requests = 1, thinkMs = 0): LoadSession => ({
  key,
  headers: { authorization: `Bearer ${key}` },
  requests: Array.from({ length: requests }, (_, at) => ({
    id: `${key}-${at}`,
    path: "/v1/chat/completions",
    body: JSON.stringify({ stream: true, messages: [{ role: "user", content: `${key} ${at}` }] }),
    headers: { "x-tollgate-request": `${key}-${at}` },
    thinkMs,
  })),
});

const plan = (url: string, sessions: readonly LoadSession[], more: Partial<LoadPlan> = {}): LoadPlan => ({
  url,
  sessions,
  pace: { kind: "closed", users: 2, staggerMs: 0 },
  timeoutMs: 10_000,
  connectionsMax: null,
  keep: { chunks: false, output: false },
  ...more,
});
const byId = (samples: readonly LoadSample[]) => samples.toSorted((a, b) => a.id.localeCompare(b.id));
const outcomes = (samples: readonly LoadSample[]) => byId(samples).map(({ id, outcome }) => [id, outcome]);

test("a closed loop: requests of a session in order with their think time, and every stamp in its place", async () => {
  await using engine = await scriptedEngine(streaming(10));
  const sessions = ["s0", "s1", "s2"].map((key) => session(key, 3, 20));
  const result = await thread.run(plan(engine.url, sessions, { keep: { chunks: true, output: true } }));
  expect(result.notSent).toBe(0);
  expect(result.samples).toHaveLength(9);
  expect(new Set(result.samples.map(({ outputSha256 }) => outputSha256)).size).toBe(1);
  for (const sample of result.samples) {
    expect(sample).toMatchObject({
      status: 200,
      outcome: "completed",
      error: null,
      streamed: true,
      usage: { promptTokens: 11, completionTokens: 3, cachedTokens: 4 },
      finishReason: "stop",
      tokenChunks: 2,
    });
    const { intendedNs, sentNs, firstByteNs, firstTokenNs, lastTokenNs, endedNs, chunks } = sample;
    const stamps = [intendedNs, sentNs, firstByteNs, firstTokenNs, lastTokenNs, endedNs].map(Number);
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
    expect(chunks?.reduce((sum, [, bytes]) => sum + bytes, 0)).toBe(sample.responseBytes);
  }
  // The role chunk comes a pause before the first token; on a busy machine the two may arrive together once.
  const afterRole = result.samples.filter(
    ({ sentNs, firstTokenNs, chunks }) => Number(firstTokenNs) - Number(sentNs) > (chunks?.[0]?.[0] ?? 0),
  );
  expect(afterRole.length).toBeGreaterThan(0);
  const pausesMs: number[] = [];
  for (const { key } of sessions) {
    const own = result.samples.filter((sample) => sample.session === key);
    expect(own.map(({ index }) => index)).toEqual([0, 1, 2]);
    // A user has read when the body is over, a moment after the last byte of the answer.
    own.slice(1).forEach(({ intendedNs }, at) => {
      pausesMs.push((intendedNs - Number(own[at]?.endedNs)) / 1e6);
    });
  }
  // The least: on a busy machine some bodies end late, a pause that is too long by itself is in them all.
  expect(Math.min(...pausesMs)).toBeGreaterThanOrEqual(20);
  expect(Math.min(...pausesMs)).toBeLessThan(70);
  // The window ends when the first of the two users found no third session: the second one to be done with its first.
  const doneNs = result.samples.filter(({ id }) => id === "s0-2" || id === "s1-2").map((one) => one.endedNs);
  expect(result.steady.endNs).toBeGreaterThanOrEqual(Math.max(...doneNs));
  expect(result.steady.endNs).toBeLessThan(Math.max(...result.samples.map(({ endedNs }) => endedNs)));
  expect(
    engine.seen
      .map(({ headers }) => String(headers["x-tollgate-request"]))
      .toSorted((a, b) => a.localeCompare(b)),
  ).toEqual(byId(result.samples).map(({ id }) => id));
  expect(
    engine.seen.map(({ headers }) => headers.authorization).filter((key) => key === "Bearer s1"),
  ).toHaveLength(3);
});

test("an open loop sends when the plan says, whatever has not come back yet", async () => {
  await using engine = await scriptedEngine(streaming(20));
  const startsNs = Array.from({ length: 20 }, (_, at) => at * 5e6);
  const sessions = startsNs.map((_, at) => session(`s${String(at).padStart(2, "0")}`));
  const { samples, steady, startedNs } = await thread.run(
    plan(engine.url, sessions, { pace: { kind: "open", startsNs } }),
  );
  expect(byId(samples).map(({ intendedNs }) => intendedNs - startedNs)).toEqual(startsNs);
  expect(steady).toEqual({ startNs: startedNs, endNs: startedNs + 95e6 });
  const early = samples.filter(({ sentNs, intendedNs }) => Number(sentNs) < intendedNs);
  expect(early).toEqual([]);
  expect(samples.every(({ endedNs }) => endedNs - startedNs > 95e6 || endedNs > 0)).toBe(true);
});

test("latency from the intended start is that of the queue: 20 a second into a server that does 10", async () => {
  await using engine = await scriptedEngine(async (request, response) => {
    await bodyOf(request);
    await sleep(100);
    response.end("{}");
  });
  const startsNs = Array.from({ length: 20 }, (_, at) => at * 50e6);
  const sessions = startsNs.map((_, at) => session(`s${String(at).padStart(2, "0")}`));
  const { samples } = await thread.run(
    plan(engine.url, sessions, { pace: { kind: "open", startsNs }, connectionsMax: 1 }),
  );
  // Request k is due at 50k ms and done at 100(k + 1) ms: mean of 100 + 50k over k = 0..19. A client that measures from
  // the sending says 100 ms.
  const meanMs = samples.reduce((sum, { endedNs, intendedNs }) => sum + (endedNs - intendedNs) / 1e6, 0) / 20;
  expect(meanMs).toBeGreaterThan(575);
  const fromSentMs = samples.map(({ endedNs, sentNs }) => (endedNs - Number(sentNs)) / 1e6);
  expect(Math.min(...fromSentMs)).toBeGreaterThan(95);
});

test("every bad end has its name, and the session goes on", async () => {
  await using engine = await scriptedEngine(async (request, response) => {
    const text = await bodyOf(request);
    const head = () => response.writeHead(200, { "content-type": "text/event-stream" });
    const events = streamedAnswer(["a", "b"]);
    if (text.includes("s0 0")) return head().end(events.join(""));
    if (text.includes("s0 1")) return response.writeHead(503).end("busy");
    if (text.includes("s0 2"))
      return head().write(events.slice(0, 2).join(""), () => request.socket.destroy());
    if (text.includes("s0 3")) return head().end(events.slice(0, 3).join(""));
    if (text.includes("s0 4")) return request.socket.destroy();
    if (text.includes("s0 5")) return head().write(events[0]);
    return response.end("not JSON");
  });
  const { samples } = await thread.run(plan(engine.url, [session("s0", 7)], { timeoutMs: 1_500 }));
  expect(outcomes(samples)).toEqual([
    ["s0-0", "completed"],
    ["s0-1", "http-error"],
    ["s0-2", "truncated"],
    ["s0-3", "incomplete"],
    ["s0-4", "lost"],
    ["s0-5", "aborted"],
    ["s0-6", "incomplete"],
  ]);
  const [, busy, cut, unfinished, lost, silent, odd] = samples;
  expect(busy).toMatchObject({ status: 503, error: "HTTP status 503" });
  expect(cut).toMatchObject({ status: 200, finishReason: null, usage: null });
  expect(unfinished?.error).toBe("the answer ended without [DONE] and without a finish reason");
  expect(lost).toMatchObject({ status: null, firstByteNs: null });
  expect(silent?.error).toBe("not ended within 1500 ms");
  expect(odd).toMatchObject({ usage: null, firstTokenNs: null, streamed: false });
});

test("a server that is not there is told before anything is sent; one that goes away refuses", async () => {
  const sockets = new Set<Socket>();
  // It goes away as soon as it has been asked something.
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("data", () => {
      server.close();
      for (const one of sockets) one.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const { samples } = await thread.run(plan(url, [session("s0", 3, 60)]));
  expect(outcomes(samples).slice(1)).toEqual([
    ["s0-1", "refused"],
    ["s0-2", "refused"],
  ]);
  await expect(thread.run(plan(url, [session("s0")]))).rejects.toThrow(/accepts no connection/);
});

test("a drain lets what is in flight end, a cancellation aborts it; both say what was not sent", async () => {
  let stop = new AbortController();
  const answer = streaming(30);
  await using engine = await scriptedEngine(async (request, response) => {
    if (engine.seen.length % 2 === 0) stop.abort();
    return answer(request, response);
  });
  const sessions = Array.from({ length: 6 }, (_, at) => session(`s${at}`));
  const drained = await thread.run(plan(engine.url, sessions), { drain: stop.signal });
  expect(drained.samples.map(({ outcome }) => outcome)).toEqual(["completed", "completed"]);
  expect(drained.notSent).toBe(4);
  stop = new AbortController();
  const cancelled = await thread.run(plan(engine.url, sessions), { cancel: stop.signal });
  expect(cancelled.samples.map(({ outcome, error }) => [outcome, error])).toEqual([
    ["aborted", "the load was stopped"],
    ["aborted", "the load was stopped"],
  ]);
  expect(cancelled.notSent).toBe(4);
});

test("a server that takes 100 ms is never said to take less: a sample is a request, and none is made up", async () => {
  await using engine = await scriptedEngine(async (request, response) => {
    await bodyOf(request);
    await sleep(100);
    response.end("{}");
  });
  const startsNs = Array.from({ length: 10 }, (_, at) => at * 100e6);
  const sessions = startsNs.map((_, at) => session(`s${at}`));
  const { samples } = await thread.run(plan(engine.url, sessions, { pace: { kind: "open", startsNs } }));
  const latencies = samples.flatMap((sample) => loadMetrics.e2eIntended(sample) ?? []);
  expect(meanOf(latencies)).toBeGreaterThan(95);
  expect(Math.min(...latencies)).toBeGreaterThan(95);
  expect(samples).toHaveLength(10);
});

test("a thousand sends at 1,000 a second: what is late once does not make the next ones later", async () => {
  await using engine = await scriptedEngine(async (request, response) => {
    await bodyOf(request);
    response.end("{}");
  });
  const startsNs = Array.from({ length: 1_000 }, (_, at) => at * 1e6);
  const sessions = startsNs.map((_, at) => session(`s${String(at).padStart(4, "0")}`));
  const { samples, startedNs } = await thread.run(
    plan(engine.url, sessions, { pace: { kind: "open", startsNs } }),
  );
  const lateMs = byId(samples).map(
    ({ sentNs }, at) => (Number(sentNs) - startedNs - (startsNs[at] ?? 0)) / 1e6,
  );
  expect(lateMs).toHaveLength(1_000);
  // The least of the last 200: a machine that stands still for a moment delays some, a sum of delays is in them all. Who
  // sleeps a millisecond after each send is some 150 ms late by then.
  expect(Math.min(...lateMs.slice(-200))).toBeLessThan(20);
});

test("16 long answers to requests of 200 kB: a first token is stamped when the server sends it", async () => {
  const sentNs = new Map<string, number>();
  const [role = "", first = "", ...rest] = streamedAnswer(Array.from({ length: 150 }, () => "x".repeat(300)));
  await using engine = await scriptedEngine(async (request, response) => {
    await bodyOf(request);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(role);
    await sleep(5);
    sentNs.set(String(request.headers["x-tollgate-request"]), Number(process.hrtime.bigint()));
    response.write(first);
    for (const event of rest) {
      await sleep(2);
      response.write(event);
    }
    response.end();
  });
  const body = JSON.stringify({ stream: true, messages: [{ role: "user", content: "y".repeat(200_000) }] });
  const sessions = Array.from({ length: 16 }, (_, at) => session(`s${at}`, 3)).map((one) => ({
    ...one,
    requests: one.requests.map((request) => ({ ...request, body })),
  }));
  const { samples } = await thread.run(
    plan(engine.url, sessions, { pace: { kind: "closed", users: 16, staggerMs: 20 }, timeoutMs: 60_000 }),
  );
  expect(samples.filter(({ outcome }) => outcome === "completed")).toHaveLength(48);
  // One clock: both threads are of this process. A client that does more work the longer answers get is late by hundreds.
  const lateOf = ({ id, firstTokenNs }: LoadSample) => (Number(firstTokenNs) - (sentNs.get(id) ?? 0)) / 1e6;
  expect(Math.min(...samples.map(lateOf))).toBeGreaterThanOrEqual(0);
  // A quarter of those that came while all sixteen were answered: a busy machine delays many, such a client delays them all.
  expect(
    percentile(
      samples.filter(({ index }) => index > 0).map((sample) => lateOf(sample)),
      0.25,
    ),
  ).toBeLessThan(25);
});

test("the steady window goes by when requests were due, not by the order in which they ended", () => {
  const ended = [0, 3, 2, 1].map((intendedNs) => ({ intendedNs }) as LoadSample);
  const steady = steadySamples(ended, { startNs: 1, endNs: 2 });
  expect(steady.map(({ intendedNs }) => intendedNs)).toEqual([2, 1]);
});
