import { once } from "node:events";
import { connect } from "node:net";
import { basename } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ViewedRuns } from "../viewed-runs.ts";

let runs: ViewedRuns;
let name: string;
beforeAll(async () => {
  runs = await ViewedRuns.begin();
  name = basename(await runs.write());
});
afterAll(() => runs[Symbol.asyncDispose]());

/** What comes back for bytes that no client library would send. */
async function raw(request: string): Promise<string> {
  const socket = connect(Number(new URL(runs.url).port), "127.0.0.1");
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
    // A stream of events ends with the view.
    if (answer.includes("text/event-stream")) socket.destroy();
  });
  const over = once(socket, "close");
  socket.write(request, "latin1");
  await over;
  return answer;
}

const get = (target: string) => raw(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);

const words = fc.constantFrom(
  "runs",
  "events",
  "episodes",
  "pairs",
  "report",
  "..",
  ".",
  "%2e%2e",
  "%2f",
  "%",
  "%00",
  "view.css",
  "__proto__",
  "constructor",
);
const part = fc.oneof(words, fc.string({ unit: "binary-ascii", maxLength: 12 }), fc.constant("NAME"));
const query = fc.dictionary(
  fc.oneof(
    fc.constantFrom("status", "task", "reward", "slow", "differs", "sort", "page", "load", "trial", "domain"),
    fc.string({ maxLength: 6 }),
  ),
  fc.oneof(fc.string({ maxLength: 10 }), fc.constantFrom("-1", "1e309", "NaN", "9".repeat(40), "<0.5", "1")),
  { maxKeys: 4 },
);

test("no address is answered by a failure, with a file of the disk, or with markup of its own", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 6 }), query, async (parts, asked) => {
      const path = parts
        .join("/")
        .replaceAll("NAME", name)
        .replaceAll(/[\r\n ]/g, "");
      const search = new URLSearchParams(asked).toString();
      const answer = await get(`/${path}?${search}&task=<script>x</script>`);
      expect(answer).toMatch(/^HTTP\/1\.1 (?:200|400|403|404) /);
      expect(answer).not.toMatch(/<script>x|root:x|"type":"episode"/);
    }),
    { numRuns: 300 },
  );
  expect(runs.told).toEqual([]);
});

test.each([
  ["no host", "GET / HTTP/1.0\r\n\r\n"],
  ["a host of its own in the target", "GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n"],
  ["two hosts", "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n"],
  ["no request", "\u0000\u0001\r\n\r\n"],
  ["a target of 1 MB", `GET /${"x".repeat(1e6)} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
])("%s: refused", async (_, request) => {
  const answer = await raw(request).catch((error: Error) => error.message);
  expect(answer).not.toContain(name);
  expect(answer).toMatch(/^HTTP\/1\.1 4\d\d |ECONNRESET|EPIPE/);
});

test("a target that names a server is read by its path alone", async () => {
  expect(await get(`http://localhost/runs/${name}`)).toMatch(/^HTTP\/1\.1 400 /);
});

test("so many pages may listen, and one more is told so", async () => {
  const stops: AbortController[] = [];
  const listen = async () => {
    const stop = new AbortController();
    stops.push(stop);
    return (await fetch(new URL("/events/", runs.url), { signal: stop.signal })).status;
  };
  const first = await Promise.all(Array.from({ length: 64 }, listen));
  expect(new Set(first)).toEqual(new Set([200]));
  expect(await listen()).toBe(503);
  for (const stop of stops) stop.abort();
  await expect.poll(listen).toBe(200);
  for (const stop of stops) stop.abort();
});
