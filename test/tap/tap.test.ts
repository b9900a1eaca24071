import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { request } from "undici";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { startTap, type TapClient } from "../../bench/tap/client.ts";
import { readBodies } from "../../bench/tap/read-bodies.ts";
import type { ExchangeTiming } from "../../bench/workload/exchange.ts";
import {
  bodyOf,
  collect,
  scriptedEngine,
  streamedAnswer,
  type Answer,
  type ScriptedEngine,
} from "./fixtures/scripted-engine.ts";

let root = "";
let tap: TapClient;
let engine: ScriptedEngine;
let answer: Answer;
let outer = "";
let segment = "";
const failures: string[] = [];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "tollgate-test-"));
  engine = await scriptedEngine((incoming, response) => answer(incoming, response));
  tap = await startTap({
    environment: { TOLLGATE_RUN: "test-tap" },
    logFile: join(root, "tap.log"),
    onEvidenceFailure: (message) => failures.push(message),
  });
  const inner = await tap.listen({ name: "inner-raw", hop: "inner", arm: "raw", upstream: engine.url });
  outer = await tap.listen({ name: "outer-raw", hop: "outer", arm: "raw", upstream: inner });
});
afterAll(async () => {
  await tap[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});

let count = 0;
beforeEach(async () => {
  segment = join(root, `segment-${(count += 1)}`);
  await tap.openSegment(segment, true);
});
afterEach(async () => {
  await tap.closeSegment().catch(() => undefined);
});

const identity = (id: string, attempt = "attempt-1") => ({
  "x-tollgate-request": id,
  "x-tollgate-episode": "0123456789abcdef",
  "x-tollgate-attempt": attempt,
});
const timings = () =>
  readFileSync(join(segment, "taps.ndjson"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as ExchangeTiming);

function stream(events: readonly string[], pauseMs = 5): Answer {
  return async (incoming, response) => {
    await bodyOf(incoming);
    response.writeHead(200, "Fine", { "Content-Type": "text/event-stream", "X-Odd-Case": "kept" });
    for (const event of events) {
      response.write(event);
      await sleep(pauseMs);
    }
    response.end();
  };
}

test("headers of a listener take the place of the client's, whatever their case, and no other one's", async () => {
  answer = stream(streamedAnswer(["a"]));
  const headers = { authorization: "Bearer of-the-arm", "x-upstream": "here" };
  const listening = await tap.listen({
    name: "outer-h",
    hop: "outer",
    arm: "h",
    upstream: engine.url,
    headers,
  });
  const response = await request(`${listening}/v1/chat/completions`, {
    method: "POST",
    headers: { ...identity("h1"), Authorization: "Bearer of-the-agent", "X-Other": "kept" },
    body: "{}",
  });
  await response.body.dump();
  const got = engine.seen.at(-1)?.headersDistinct;
  expect(got).toMatchObject({
    authorization: ["Bearer of-the-arm"],
    "x-upstream": ["here"],
    "x-other": ["kept"],
    "x-tollgate-request": ["h1"],
  });
});

test("a streamed answer passes unchanged and is measured at both hops", async () => {
  const events = streamedAnswer(["a", "b", "c"]);
  answer = stream(events, 20);
  const response = await request(`${outer}/v1/chat/completions?x=1`, {
    method: "POST",
    headers: { ...identity("r1"), "content-type": "application/json" },
    body: '{"stream":true}',
  });
  expect(await response.body.text()).toBe(events.join(""));
  expect(response.statusCode).toBe(200);
  expect(response.headers).toMatchObject({ "content-type": "text/event-stream", "x-odd-case": "kept" });
  const [exchange, ...others] = await tap.take("attempt-1", 1_000);
  expect(others).toEqual([]);
  expect(exchange).toMatchObject({
    v: 1,
    hop: "outer",
    arm: "raw",
    requestId: "r1",
    episodeId: "0123456789abcdef",
    attemptKey: "attempt-1",
    method: "POST",
    path: "/v1/chat/completions?x=1",
    status: 200,
    outcome: "completed",
    error: null,
    streamed: true,
    requestBytes: 15,
    responseBytes: events.join("").length,
    usage: { promptTokens: 11, completionTokens: 3, cachedTokens: 4 },
    finishReason: "stop",
    incomplete: null,
    unreadable: { count: 0, first: null },
    requestBody: '{"stream":true}',
    responseBody: events.join(""),
  });
  const report = await tap.closeSegment();
  expect(report).toMatchObject({ unfinished: 0, evidenceError: null });
  expect(report.totals["outer-raw"]).toEqual({
    requests: 1,
    generations: 1,
    completed: 1,
    failed: 0,
    withoutUsage: 0,
    promptTokens: 11,
    completionTokens: 3,
    cachedTokens: 4,
    withoutCachedTokens: 0,
    requestBytes: 15,
    responseBytes: events.join("").length,
  });
  expect(report.totals["inner-raw"]).toEqual(report.totals["outer-raw"]);
  const [inner, outerLine] = timings();
  expect([inner?.hop, outerLine?.hop]).toEqual(["inner", "outer"]);
  for (const line of [inner, outerLine]) {
    // One chunk per event: the role chunk is the first, so the first token is in the second.
    expect(line?.chunks.map(([, bytes]) => bytes)).toEqual(events.map((event) => event.length));
    const stamps = line?.chunks.map(([ns]) => ns + (line.startedNs ?? 0)) ?? [];
    expect([line?.firstTokenNs, line?.lastTokenNs]).toEqual([stamps[1], stamps[3]]);
    const order = [line?.startedNs, line?.requestEndNs, line?.firstByteNs, ...stamps, line?.endedNs].map(
      Number,
    );
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  }
  expect(Number(outerLine?.startedNs) < Number(inner?.startedNs)).toBe(true);
});

test("chunks are forwarded as they come, not when the answer is complete", async () => {
  const gate = Promise.withResolvers<void>();
  answer = async (_incoming, response) => {
    response.write("data: first\n\n");
    await gate.promise;
    response.end("data: second\n\n");
  };
  const response = await request(`${outer}/v1/chat/completions`, { method: "POST", body: "{}" });
  const chunks = response.body[Symbol.asyncIterator]();
  expect(String((await chunks.next()).value)).toBe("data: first\n\n");
  gate.resolve();
  expect(String((await chunks.next()).value)).toBe("data: second\n\n");
  expect((await chunks.next()).done).toBe(true);
});

test("headers pass as they are, except those of the connection", async () => {
  let raw: string[] = [];
  answer = (incoming, response) => {
    raw = incoming.rawHeaders;
    response.end("ok");
  };
  const socket = connect(Number(new URL(outer).port), "127.0.0.1");
  socket.write(
    "GET /v1/models HTTP/1.1\r\nHost: client.example\r\nX-CamelCase: 1\r\nx-twice: a\r\nx-twice: b\r\n" +
      "Authorization: Bearer k\r\nConnection: close, x-private\r\nx-private: 1\r\n\r\n",
  );
  const text = await bodyOf(socket);
  expect(raw).toEqual(
    // What belongs to the hop comes first.
    [
      "host",
      new URL(engine.url).host,
      "connection",
      "keep-alive",
      "X-CamelCase",
      "1",
      "x-twice",
      "a",
      "x-twice",
      "b",
    ].concat(["Authorization", "Bearer k"]),
  );
  expect(text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  expect(text.toLowerCase()).not.toContain("tollgate");
});

test("large bodies pass unchanged in both directions and slow readers slow the engine down", async () => {
  const big = Array.from({ length: 40 }, (_, at) => String(at % 10).repeat(100_000)).join("");
  // Without bodies on disk: they are not what this is about.
  await tap.closeSegment();
  await tap.openSegment(join(segment, "without-bodies"), false);
  let written = 0;
  answer = async (incoming, response) => {
    const body = await bodyOf(incoming);
    for (let at = 0; at < 10; at += 1) {
      written += body.length;
      if (!response.write(body)) await once(response, "drain");
    }
    response.end();
  };
  const response = await request(`${outer}/v1/echo`, { method: "POST", body: big, headers: identity("big") });
  await sleep(1_000);
  const whileUnread = written;
  let received = 0;
  for await (const chunk of response.body) received += (chunk as Buffer).length;
  expect(received).toBe(10 * big.length);
  // Without back-pressure all of it would have been taken off the engine's hands by now.
  expect(whileUnread).toBeLessThan(10 * big.length);
  const [exchange] = await tap.take("attempt-1", 5_000);
  expect(exchange).toMatchObject({
    requestBytes: big.length,
    responseBytes: 10 * big.length,
    requestBody: big,
    error: null,
  });
});

test("an answer without an end is cut at a stated length, and so is a request", async () => {
  await tap.closeSegment();
  await tap.openSegment(join(segment, "without-bodies"), false);
  answer = async (incoming, response) => {
    await bodyOf(incoming);
    response.writeHead(200, { "content-type": "text/event-stream" });
    // Long events: it is their bytes that count, and reading many short ones takes long.
    const events = `data: {"id":"${"x".repeat(10_000)}"}\n\n`.repeat(10);
    const closed = once(response, "close");
    while (!response.destroyed && !response.writableEnded) {
      if (!response.write(events)) await Promise.race([once(response, "drain"), closed]);
    }
  };
  const endless = await request(`${outer}/v1/chat/completions`, {
    method: "POST",
    body: "{}",
    headers: identity("endless"),
  });
  let received = 0;
  await expect(
    (async () => {
      for await (const chunk of endless.body) received += (chunk as Buffer).length;
    })(),
  ).rejects.toThrow(/closed|terminated/);
  expect(received).toBeLessThanOrEqual(40 << 20);
  expect(received).toBeGreaterThan(35 << 20);

  const long = await request(`${outer}/v1/chat/completions`, {
    method: "POST",
    body: "x".repeat(41 << 20),
    headers: identity("long"),
  });
  expect(long.statusCode).toBe(413);
  expect(await long.body.text()).toMatch(/the request is longer than 40 MiB/);
  const [first, second] = await tap.take("attempt-1", 5_000);
  expect(first).toMatchObject({ requestId: "endless", outcome: "upstream-truncated" });
  expect(first?.inner).toMatchObject([
    { outcome: "upstream-truncated", error: "its answer is longer than 40 MiB" },
  ]);
  expect(second).toMatchObject({ requestId: "long", error: "the request is longer than 40 MiB" });
});

test("a client that goes away is passed on to the engine", async () => {
  const gone = Promise.withResolvers<void>();
  answer = (_incoming, response) => {
    response.on("close", () => gone.resolve());
    response.write("data: {}\n\n");
  };
  const abort = new AbortController();
  const response = await request(`${outer}/v1/chat/completions`, {
    method: "POST",
    body: "{}",
    headers: identity("r1", "leaver"),
    signal: abort.signal,
  });
  abort.abort();
  await response.body.text().catch(() => undefined);
  await gone.promise;
  const [exchange] = await tap.take("leaver", 5_000);
  expect(exchange).toMatchObject({ outcome: "client-aborted", status: 200, responseBody: "data: {}\n\n" });
  expect(exchange?.error).toContain("client closed its connection");
  const { totals } = await tap.closeSegment();
  expect(totals["outer-raw"]).toMatchObject({ completed: 0, failed: 1, withoutUsage: 1 });
  expect(timings().map(({ hop, outcome }) => [hop, outcome])).toEqual([
    ["outer", "client-aborted"],
    ["inner", "client-aborted"],
  ]);
});

test("an engine that cuts its answer cuts the client's", async () => {
  answer = (_incoming, response) => {
    response.write("data: 1\n\n", () => response.socket?.destroy());
  };
  const response = await request(`${outer}/v1/chat/completions`, {
    method: "POST",
    body: "{}",
    headers: identity("r1", "cut"),
  });
  await expect(response.body.text()).rejects.toThrow(/terminated|other side closed|aborted/);
  const [exchange] = await tap.take("cut", 5_000);
  expect(exchange).toMatchObject({ outcome: "upstream-truncated", status: 200, responseBody: "data: 1\n\n" });
});

test("an engine that goes away without an answer leaves the client without one", async () => {
  answer = (_incoming, response) => response.socket?.destroy();
  const sent = request(`${outer}/v1/x`, { method: "POST", body: "{}", headers: identity("r1", "mute") });
  await expect(sent).rejects.toThrow(/other side closed|ECONNRESET/);
  const [exchange] = await tap.take("mute", 5_000);
  expect(exchange).toMatchObject({ outcome: "upstream-failed", status: null, requestBody: "{}" });
  expect(engine.seen.filter(({ headers }) => headers["x-tollgate-attempt"] === "mute")).toHaveLength(1);
});

test("an engine that cannot be reached is a 502 that says who speaks", async () => {
  const url = await tap.listen({ name: "dead", hop: "outer", arm: "dead", upstream: "http://127.0.0.1:9" });
  const response = await request(`${url}/v1/x`, {
    method: "POST",
    body: "{}",
    headers: identity("r1", "dead"),
  });
  expect(response.statusCode).toBe(502);
  expect(await response.body.json()).toMatchObject({
    message: expect.stringContaining("outer tap of arm dead cannot reach http://127.0.0.1:9") as string,
    type: "tap_upstream_unreachable",
  });
  const [exchange] = await tap.take("dead", 5_000);
  expect(exchange).toMatchObject({ outcome: "upstream-failed", status: null });
});

test("a compressed answer passes as it is and is still read", async () => {
  const text = JSON.stringify({
    choices: [{ message: { content: "hi" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 3, completion_tokens: 1 },
  });
  answer = (_incoming, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
    response.end(gzipSync(text));
  };
  const response = await request(`${outer}/v1/chat/completions`, {
    method: "POST",
    body: "{}",
    headers: identity("r1", "zipped"),
  });
  expect(Buffer.from(await response.body.arrayBuffer())).toEqual(gzipSync(text));
  const [exchange] = await tap.take("zipped", 5_000);
  expect(exchange).toMatchObject({
    responseBody: text,
    responseBytes: gzipSync(text).length,
    usage: { promptTokens: 3, completionTokens: 1, cachedTokens: null },
    error: null,
  });
});

test("take waits for open exchanges, gives each out once and keeps attempts apart", async () => {
  const gate = Promise.withResolvers<void>();
  answer = async (incoming, response) => {
    const body = await bodyOf(incoming);
    if (body === "slow") await gate.promise;
    response.end(body);
  };
  const post = async (id: string, attempt: string, body: string) => {
    const response = await request(`${outer}/v1/x`, { method: "POST", body, headers: identity(id, attempt) });
    return response.body.text();
  };
  const slow = post("s", "one", "slow");
  await post("q", "one", "quick");
  await post("o", "two", "other");
  const early = await tap.take("one", 50);
  expect(early.map(({ requestBody }) => requestBody)).toEqual(["quick"]);
  const late = tap.take("one", 10_000);
  gate.resolve();
  await slow;
  expect((await late).map(({ requestBody, responseBody }) => [requestBody, responseBody])).toEqual([
    ["slow", "slow"],
  ]);
  expect(await tap.take("one", 0)).toEqual([]);
  expect((await tap.take("two", 0)).map(({ requestId }) => requestId)).toEqual(["o"]);
});

test("bodies of a closed segment are compressed and read back exactly", async () => {
  answer = async (incoming, response) => response.end(`re: ${(await bodyOf(incoming)).slice(-5)}`);
  const sent: string[] = [];
  for (let turn = 0; turn < 20; turn += 1) {
    for (const attempt of ["one", "two"]) {
      const body = JSON.stringify({ system: attempt.repeat(2_000), messages: "ü🚪".repeat(turn) });
      sent.push(body);
      const headers = identity(`${attempt}-${turn % 15}`, attempt);
      const response = await request(`${outer}/v1/x`, { method: "POST", body, headers });
      await response.body.dump();
    }
  }
  const inOrder = async () => (await collect(readBodies(segment))).filter(({ hop }) => hop === "outer");
  while ((await inOrder()).length < sent.length) await sleep(10);
  const whileOpen = await inOrder();
  await tap.closeSegment();
  expect(readdirSync(segment).toSorted()).toEqual(["bodies.ndjson.zst", "taps.ndjson"]);
  const bodies = await inOrder();
  expect(bodies.map(({ requestBody }) => requestBody)).toEqual(sent);
  expect(bodies.map(({ responseBody }) => responseBody)).toEqual(sent.map((body) => `re: ${body.slice(-5)}`));
  expect(whileOpen).toEqual(bodies);
});

test("a key that a server repeats passes, and is in nothing that is kept", async () => {
  const key = 'sk-"0123456789';
  const said = JSON.stringify({ error: { message: `Incorrect API key provided: ${key}` } });
  answer = (_incoming, response) => response.writeHead(401).end(said);
  const spec = { name: "outer-s", hop: "outer", arm: "s", upstream: engine.url } as const;
  const headers = { authorization: `Bearer ${key}` };
  const listening = await tap.listen({ ...spec, headers, secrets: [`Bearer ${key}`] });
  const sent = {
    method: "POST",
    headers: identity("s1", "k"),
    body: JSON.stringify({ heard: key }),
  } as const;
  const response = await request(`${listening}/v1/chat/completions`, sent);
  expect(await response.body.text()).toBe(said);
  const taken = await tap.take("k", 5_000);
  expect(taken.map(({ responseBody }) => responseBody)).toEqual([
    '{"error":{"message":"Incorrect API key provided: (secret)"}}',
  ]);
  await tap.closeSegment();
  const kept = await collect(readBodies(segment));
  expect(kept.map(({ requestBody }) => requestBody)).toEqual(['{"heard":"(secret)"}']);
  expect(JSON.stringify(kept)).not.toContain("0123456789");
});

test("a disk that is full is reported at once, marks the segment, and disturbs no exchange", async () => {
  await tap.closeSegment();
  const full = join(root, "full");
  await tap.openSegment(full, false);
  await tap.closeSegment();
  rmSync(join(full, "taps.ndjson"));
  symlinkSync("/dev/full", join(full, "taps.ndjson"));
  await tap.openSegment(full, true);
  answer = (_incoming, response) => response.end("ok");
  const response = await request(`${outer}/v1/x`, { headers: identity("r1", "full") });
  expect(await response.body.text()).toBe("ok");
  const report = await tap.closeSegment();
  expect(report.evidenceError).toMatch(/taps\.ndjson is incomplete: .*ENOSPC/);
  expect(report.totals["outer-raw"]?.requests).toBe(1);
  expect(failures).toEqual([report.evidenceError]);
});

test("an exchange that outlives its segment is counted as unfinished", async () => {
  const gate = Promise.withResolvers<void>();
  answer = async (_incoming, response) => {
    await gate.promise;
    response.end("ok");
  };
  const before = engine.seen.length;
  const open = request(`${outer}/v1/x`, { headers: identity("r1", "late") });
  await expect.poll(() => engine.seen.length).toBe(before + 1);
  const report = await tap.closeSegment();
  expect(report.unfinished).toBe(2);
  expect(report.totals["outer-raw"]?.requests).toBe(0);
  gate.resolve();
  await (await open).body.dump();
});

test("the tap ends when its driver is gone, and says when it died", async () => {
  const other = await startTap({ environment: {}, logFile: join(root, "other.log") });
  process.kill(other.pid, "SIGKILL");
  expect((await other.died).message).toContain(`The tap process ${other.pid} ended`);
  await expect(other.take("x", 0)).rejects.toThrow(/signal SIGKILL/);

  const script = `const { startTap } = await import(${JSON.stringify(join(import.meta.dirname, "../../bench/tap/client.ts"))});
    const tap = await startTap({ environment: {}, logFile: ${JSON.stringify(join(root, "orphan.log"))} });
    console.log(tap.pid);`;
  const driver = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(driver.stdout, "data")) as [Buffer];
  driver.kill("SIGKILL");
  const pid = Number(line.toString());
  await expect.poll(() => isAlive(pid)).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
