import * as fc from "fast-check";
import { expect, test } from "vitest";
import { awaitHttp, readiness } from "../../bench/stack/await-http.ts";
import { serve } from "../metrics/server.ts";

const probe = { url: "http://x/", status: 200 };

/** Whether the answers, one a second, show at the last of them that somebody serves. */
function readyAfter(answers: readonly (number | null)[], settledMs?: number): boolean {
  const isReady = readiness({ ...probe, ...(settledMs === undefined ? {} : { settledMs }) });
  return answers.map((status, second) => isReady(status, second * 1000)).at(-1) ?? false;
}

test.each<[what: string, answers: readonly (number | null)[], ready: boolean]>([
  ["the status that was asked for, at once", [200], true],
  ["another one, once", [404], false],
  ["another one that stays", [404, 404, 404, 404], true],
  ["an error of the path, as Portkey gives it", [null, 500, 500, 500, 500], true],
  ["a key that is refused: somebody is there to refuse it", [401, 401, 401, 401], true],
  ["nobody", [null, null, null, null, null], false],
  ["not yet there", [503, 503, 503, 503, 503], false],
  ["in front of what is not yet there", [502, 502, 504, 502, 504, 502], false],
  ["too busy", [429, 429, 429, 429, 429], false],
  ["answers that change", [404, 500, 404, 500, 404, 500], false],
  ["one that goes away in between", [404, 404, null, 404, 404, 404], false],
])("three seconds settle it: %s", (_, answers, ready) => {
  expect(readyAfter(answers, 3_000)).toBe(ready);
});

test("where a status was asked for, no other one ever settles it", () => {
  const other = fc.oneof(fc.constant(null), fc.integer({ min: 201, max: 599 }));
  fc.assert(
    fc.property(fc.array(other, { minLength: 1 }), (answers) => {
      expect(readyAfter(answers)).toBe(false);
    }),
  );
});

test("the answer that showed it is told, and every one before it is noted", async () => {
  let asked = 0;
  const server = await serve((_, response) => response.writeHead((asked += 1) < 3 ? 503 : 404).end());
  const notes: string[] = [];
  const url = `${server}/v1/models`;
  const signal = new AbortController().signal;
  const status = await awaitHttp({ url, status: 200, settledMs: 0 }, signal, (text) => notes.push(text));
  expect(status).toBe(404);
  expect(notes).toEqual([503, 503].map((code) => `GET ${url} was answered with ${code}, not 200`));
});
