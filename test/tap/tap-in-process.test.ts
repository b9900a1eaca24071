import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Tap } from "../../bench/tap/tap.ts";
import { scriptedEngine, type Answer, type ScriptedEngine } from "./fixtures/scripted-engine.ts";

let folder = "";
let engine: ScriptedEngine;
let tap: Tap;
let inner = "";
let outer = "";
let answer: Answer;
let release: () => void;
const always = { arm: "a", fromNs: 0, toNs: Number.MAX_SAFE_INTEGER };

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

/** The engine answers when the test says so. */
function held(): void {
  const { promise, resolve } = Promise.withResolvers<void>();
  release = resolve;
  answer = async (_request, response) => {
    await promise;
    response.writeHead(503).end("{}");
  };
}

test("the last inner exchange of an attempt says how it ended; none says nothing", async () => {
  expect(await tap.lastInner("k", always)).toBeNull();
  await get(inner, identity("one"));
  answer = (_request, response) => response.writeHead(429).end("{}");
  await get(inner, identity("two"));
  expect(await tap.lastInner("k", always)).toEqual({
    requestId: "two",
    status: 429,
    outcome: "completed",
    incomplete: null,
  });
  expect(await tap.lastInner("another", always)).toBeNull();
});

test("while the attempt's inner exchange is open its end is waited for", async () => {
  held();
  const asked = get(inner, identity("one"));
  await expect.poll(() => engine.seen.length).toBe(1);
  const [said] = await Promise.all([tap.lastInner("k", always), sleep(30).then(() => release())]);
  expect(said).toMatchObject({ requestId: "one", status: 503 });
  await asked;
});

test("a gateway that passes no identity on: its failure counts for who asks about that arm, its success does not", async () => {
  await get(inner);
  await expect.poll(() => engine.seen.length).toBe(1);
  expect(await tap.lastInner("k", always)).toBeNull();
  answer = (_request, response) => response.writeHead(500).end("{}");
  await get(inner);
  await expect
    .poll(() => tap.lastInner("k", always))
    .toEqual({ requestId: null, status: 500, outcome: "completed", incomplete: null });
  expect(await tap.lastInner("k", { ...always, arm: "b" })).toBeNull();
  expect(await tap.lastInner("k", { ...always, toNs: 1 })).toBeNull();
});

test("take gives up after its time without the open exchange, which a later take still gets", async () => {
  held();
  const asked = get(outer, identity("slow"));
  await expect.poll(() => engine.seen.length).toBe(1);
  expect(await tap.take("k", 20)).toEqual([]);
  release();
  await asked;
  expect((await tap.take("k", 5_000)).map(({ timing }) => timing.requestId)).toEqual(["slow"]);
});

test("two who take the same attempt wait for the same end, and one of them gets it", async () => {
  held();
  const asked = get(outer, identity("slow"));
  await expect.poll(() => engine.seen.length).toBe(1);
  const takes = Promise.all([tap.take("k", 5_000), tap.take("k", 5_000)]);
  release();
  expect((await takes).map((taken) => taken.length)).toEqual([1, 0]);
  await asked;
});

test("a new segment remembers no exchange, no inner end and no failure of the one before", async () => {
  answer = (_request, response) => response.writeHead(500).end("{}");
  await get(outer, identity("one"));
  await get(inner, identity("two"));
  await get(inner);
  expect((await tap.closeSegment()).totals).toMatchObject({ outer: { failed: 1 }, inner: { failed: 2 } });
  await tap.openSegment(join(folder, "2"), false);
  expect(await tap.take("k", 0)).toEqual([]);
  expect(await tap.lastInner("k", always)).toBeNull();
  expect((await tap.closeSegment()).totals).toMatchObject({ outer: { requests: 0 }, inner: { requests: 0 } });
  await expect(tap.closeSegment()).rejects.toThrow("No segment is open");
});

test("a second segment, and a second listener of one name, are refused and change nothing", async () => {
  await expect(tap.openSegment(join(folder, "2"), false)).rejects.toThrow("still open");
  const spec = { name: "outer", hop: "outer", arm: "b", upstream: engine.url } as const;
  await expect(tap.listen(spec)).rejects.toThrow("named outer already");
  await get(outer, identity("one"));
  expect((await tap.take("k", 5_000)).map(({ timing }) => timing.arm)).toEqual(["a"]);
});
