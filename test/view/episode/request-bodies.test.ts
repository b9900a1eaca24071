import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRequests } from "../../../bench/view/episode/episode-requests.ts";
import { readRequestBodies } from "../../../bench/view/episode/request-bodies.ts";
import { ownExchanges, stampsMs, writeExchanges, type WrittenExchange } from "./episode-run.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-bodies-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const attempts = ["first-s0", "second-s0"] as const;
const attempt = { attemptKey: attempts[0], startedNs: 0, endedNs: 1e12, requests: 0 };

/** What is read of the first of two attempts: of each request the bodies of all its exchanges. */
async function readFirst(exchanges: readonly (readonly WrittenExchange[])[]) {
  const all = exchanges.flatMap((own, at) =>
    ownExchanges({ arm: "gateway", episodeId: `e${at}`, attemptKey: attempts[at] ?? null }, own),
  );
  await writeExchanges(
    scratch,
    // A tap writes an exchange when it ends.
    all.toSorted((a, b) => (a.timing.endedNs ?? 0) - (b.timing.endedNs ?? 0)),
    "zst",
  );
  const requests = await readRequests({ ...attempt, segmentDirectory: scratch }, []);
  const bodies = await readRequestBodies(scratch, requests);
  return requests.map(({ outer, inner, method }) => ({
    method,
    outer: bodies?.get(outer)?.requestBody,
    inner: inner.map((exchange) => bodies?.get(exchange)?.requestBody),
  }));
}

const pairOf = (
  id: string,
  fromMs: number,
  inner: WrittenExchange["timing"] = {},
): readonly WrittenExchange[] => [
  {
    timing: { requestId: id, ...stampsMs(fromMs, fromMs + 10, fromMs + 50) },
    request: `asked ${id}`,
    response: "a",
  },
  {
    timing: { hop: "inner", requestId: id, ...stampsMs(fromMs + 1, fromMs + 9, fromMs + 49), ...inner },
    request: `engine ${id}`,
    response: "e",
  },
];

test("every body is given to its own exchange", async () => {
  expect(await readFirst([[...pairOf("a1", 0), ...pairOf("a2", 100)], pairOf("b1", 20)])).toEqual([
    { method: "request-id", outer: "asked a1", inner: ["engine a1"] },
    { method: "request-id", outer: "asked a2", inner: ["engine a2"] },
  ]);
});

test("a gateway that asks again under the same id: both bodies in their order, and what comes after lies over the first", async () => {
  const [outer, inner] = pairOf("a1", 0);
  const again = {
    ...inner!,
    timing: { ...inner!.timing, ...stampsMs(25, 30, 49.5) },
    request: "another text altogether",
  };
  expect(await readFirst([[outer!, inner!, again, ...pairOf("a2", 100)]])).toEqual([
    { method: "request-id", outer: "asked a1", inner: ["engine a1", "another text altogether"] },
    { method: "request-id", outer: "asked a2", inner: ["engine a2"] },
  ]);
});

test("a gateway that passes no identity on: joined where nothing else is possible, its bodies differences to those of others", async () => {
  const nameless = (id: string) => ({ requestId: id, episodeId: null, attemptKey: null });
  expect(
    await readFirst([
      [...pairOf("a1", 0, nameless("inner:1")), ...pairOf("a2", 200, nameless("inner:3"))],
      pairOf("b1", 100, nameless("inner:2")),
    ]),
  ).toEqual([
    { method: "time-and-tokens", outer: "asked a1", inner: ["engine a1"] },
    { method: "time-and-tokens", outer: "asked a2", inner: ["engine a2"] },
  ]);
});

test("two requests at once that nothing tells apart are joined with neither", async () => {
  const nameless = (id: string) => ({ requestId: id, episodeId: null, attemptKey: null });
  const long = (id: string, inner: string): readonly WrittenExchange[] => {
    const [outer, reached] = pairOf(id, 10, nameless(inner));
    return [{ ...outer!, timing: { ...outer!.timing, ...stampsMs(0, 20, 100) } }, reached!];
  };
  expect(await readFirst([long("a1", "inner:1"), long("b1", "inner:2")])).toEqual([
    { method: null, outer: "asked a1", inner: [] },
  ]);
});

test("whatever the bodies say, and however the requests of two attempts alternate", async () => {
  const text = fc.string({ unit: "binary", maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), text, text), { minLength: 1, maxLength: 12 }),
      async (requests) => {
        const own = [0, 1].map((episode) =>
          requests.flatMap(([whose, outer, inner], at): readonly WrittenExchange[] => {
            if (whose !== episode) return [];
            const [one, other] = pairOf(`r${at}`, at * 100);
            return [
              { ...one!, request: outer },
              { ...other!, request: inner },
            ];
          }),
        );
        const expected = requests
          .filter(([whose]) => whose === 0)
          .map(([, outer, inner]) => ({
            method: "request-id",
            outer,
            inner: [inner],
          }));
        expect(await readFirst(own)).toEqual(expected);
      },
    ),
    { numRuns: 30 },
  );
});

test("a small file may hold a thousand times as much: it is read only as far as is allowed", async () => {
  const [outer, inner] = pairOf("a1", 0);
  const exchanges = [{ ...outer!, response: "0".repeat(5_000_000) }, inner!].map((exchange) => ({
    ...exchange,
    timing: { ...exchange.timing, attemptKey: attempts[0] },
  }));
  await writeExchanges(scratch, exchanges, "zst");
  expect((await stat(join(scratch, "bodies.ndjson.zst"))).size).toBeLessThan(5_000);
  const requests = await readRequests({ ...attempt, segmentDirectory: scratch }, []);
  expect(await readRequestBodies(scratch, requests, 4_000_000)).toBeNull();
  expect((await readRequestBodies(scratch, requests, 6_000_000))?.size).toBe(2);
});
