import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readAnswer } from "../../bench/answer/read-answer.ts";
import { Tap } from "../../bench/tap/tap.ts";
import { scriptedEngine, type Answer, type ScriptedEngine } from "./fixtures/scripted-engine.ts";

let folder = "";
let engine: ScriptedEngine;
let tap: Tap;
let inner = "";
let outer = "";
let answer: Answer;
let release: () => void;
const whole = JSON.stringify({ choices: [{ message: { content: "Done." }, finish_reason: "stop" }] });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tollgate-test-"));
  answer = (_request, response) => response.end("{}");
  engine = await scriptedEngine((incoming, response) => answer(incoming, response));
  tap = new Tap(() => undefined);
  inner = await tap.listen({ name: "inner", hop: "inner", arm: "a", upstream: engine.url });
  outer = await tap.listen({ name: "outer", hop: "outer", arm: "a", upstream: engine.url });
  await tap.openSegment(join(folder, "1"), false);
});
afterEach(async () => {
  await tap[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const identity = (id: string) => ({ "x-tollgate-request": id, "x-tollgate-attempt": "k" });
async function get(origin: string, headers: Record<string, string> = {}): Promise<void> {
  const { body } = await request(`${origin}/v1/models`, { headers });
  await body.dump();
}

async function generate(origin: string, headers: Record<string, string> = {}): Promise<void> {
  const url = `${origin}/v1/chat/completions`;
  const { body } = await request(url, { method: "POST", headers, body: "{}" });
  // `dump` leaves a long answer.
  await body.arrayBuffer();
}

/** The engine answers when the test says so: with this answer, or with an error. */
function held(body?: string): void {
  const { promise, resolve } = Promise.withResolvers<void>();
  release = resolve;
  answer = async (_request, response) => {
    await promise;
    response.writeHead(body === undefined ? 503 : 200).end(body ?? "{}");
  };
}

/** What the inner tap saw of the attempt's requests since they were asked for last. */
const innerOf = async () => (await tap.take("k", 5_000)).inner;

test("how an attempt's requests to the engine ended is given out once, in their order", async () => {
  expect(await innerOf()).toEqual([]);
  await generate(inner, identity("one"));
  answer = (_request, response) => response.writeHead(429).end("{}");
  await generate(inner, identity("two"));
  await expect.poll(() => engine.seen.length).toBe(2);
  expect(await innerOf()).toMatchObject([
    { requestId: "one", status: 200, incomplete: "ended without a finish reason", silent: true, owner: null },
    { requestId: "two", status: 429, outcome: "completed", incomplete: null, owner: null },
  ]);
  expect(await innerOf()).toEqual([]);
});

test("requests that are no generations say nothing of an answer", async () => {
  await get(inner, identity("models"));
  expect(await innerOf()).toEqual([]);
});

test("behind an answer that failed, the end of the attempt's request to the engine is waited for", async () => {
  held();
  const asked = generate(inner, identity("one"));
  await expect.poll(() => engine.seen.length).toBe(1);
  const gateway = await tap.listen({ name: "dead", hop: "outer", arm: "a", upstream: "http://127.0.0.1:1" });
  await generate(gateway, identity("one"));
  const [{ inner: ends }] = await Promise.all([tap.take("k", 5_000), sleep(30).then(() => release())]);
  expect(ends).toMatchObject([{ requestId: "one", status: 503 }]);
  await asked;
});

test("a gateway that passes no identity on: faults are kept with what they asked, good answers are not", async () => {
  const through = async (status: number) => {
    answer = (_request, response) => response.writeHead(status).end(whole);
    const before = engine.seen.length;
    // The gateway asks the engine while the agent's request is open.
    held(whole);
    const asked = generate(outer, identity("mine"));
    await expect.poll(() => engine.seen.length).toBe(before + 1);
    answer = (_request, response) => response.writeHead(status).end(whole);
    await generate(inner);
    release();
    await asked;
  };
  await through(200);
  expect(await innerOf()).toEqual([]);
  await through(500);
  expect(await innerOf()).toMatchObject([{ status: 500, owner: { alone: true, question: null } }]);
});

test("take gives up after its time without the open exchange, which a later take still gets", async () => {
  held();
  const asked = get(outer, identity("slow"));
  await expect.poll(() => engine.seen.length).toBe(1);
  expect((await tap.take("k", 20)).exchanges).toEqual([]);
  release();
  await asked;
  const { exchanges } = await tap.take("k", 5_000);
  expect(exchanges.map(({ timing }) => timing.requestId)).toEqual(["slow"]);
});

test("two who take the same attempt wait for the same end, and one of them gets it", async () => {
  held();
  const asked = get(outer, identity("slow"));
  await expect.poll(() => engine.seen.length).toBe(1);
  const takes = Promise.all([tap.take("k", 5_000), tap.take("k", 5_000)]);
  release();
  expect((await takes).map(({ exchanges }) => exchanges.length)).toEqual([1, 0]);
  await asked;
});

test("a new segment remembers no exchange, no inner end and no failure of the one before", async () => {
  answer = (_request, response) => response.writeHead(500).end("{}");
  await get(outer, identity("one"));
  await get(inner, identity("two"));
  await get(inner);
  expect((await tap.closeSegment()).totals).toMatchObject({ outer: { failed: 1 }, inner: { failed: 2 } });
  await tap.openSegment(join(folder, "2"), false);
  expect(await tap.take("k", 0)).toEqual({ exchanges: [], inner: [] });
  expect((await tap.closeSegment()).totals).toMatchObject({ outer: { requests: 0 }, inner: { requests: 0 } });
  await expect(tap.closeSegment()).rejects.toThrow("No segment is open");
});

test("a second segment, and a second listener of one name, are refused and change nothing", async () => {
  await expect(tap.openSegment(join(folder, "2"), false)).rejects.toThrow("still open");
  const spec = { name: "outer", hop: "outer", arm: "b", upstream: engine.url } as const;
  await expect(tap.listen(spec)).rejects.toThrow("named outer already");
  await get(outer, identity("one"));
  expect((await tap.take("k", 5_000)).exchanges.map(({ timing }) => timing.arm)).toEqual(["a"]);
});

test("reading an answer at the inner tap does not hold its end at the outer one", async () => {
  const events = Array.from({ length: 40_000 }, (_, at) => {
    const delta = { content: `word ${at} `, [`odd-${at}`]: at };
    return `data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`;
  });
  const body = Buffer.from(`${events.join("")}data: [DONE]\n\n`);
  const readingMs = Math.min(...[1, 2, 3].map(() => timed(() => readAnswer(body))));
  answer = async (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write(body);
    await sleep(200);
    response.end();
  };
  const before = await tap.listen({ name: "before", hop: "outer", arm: "a", upstream: inner });
  const heldMs: number[] = [];
  for (const id of ["one", "two", "three"]) {
    const { endedNs } = await takenAfter(() => generate(before, identity(id)));
    heldMs.push((endedNs.outer - endedNs.inner) / 1e6);
  }
  // The least: others' work on a busy machine may come between the two ends, reading would each time.
  expect(Math.min(...heldMs)).toBeLessThan(readingMs / 3);
});

function timed(work: () => unknown): number {
  const beganMs = performance.now();
  work();
  return performance.now() - beganMs;
}

/** When the attempt's one exchange ended at both taps. */
async function takenAfter(work: () => Promise<void>) {
  await work();
  const taken = await tap.take("k", 5_000);
  const [outerEnd, innerEnd] = [taken.exchanges[0]?.timing.endedNs, taken.inner[0]?.endedNs];
  return { endedNs: { outer: outerEnd ?? Number.NaN, inner: innerEnd ?? Number.NaN } };
}
