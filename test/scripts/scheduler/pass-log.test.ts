import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import {
  betweenPasses,
  hostTimes,
  passFigures,
  readPasses,
  type Pass,
} from "../../../scripts/scheduler/pass-log.ts";

const folder = mkdtempSync(join(tmpdir(), "tollgate-passes-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Passes that follow each other: kind, requests, length, and wall and processor time until the next one, in ms. */
function passes(...rows: readonly [Pass["kind"], number, number, number, number][]): Pass[] {
  let nowMs = 100;
  let processorMs = 7;
  return rows.map(([kind, requests, lengthMs, wallMs, usedMs]) => {
    const pass = {
      kind,
      requests,
      tokens: requests,
      beginNs: nowMs * 1e6,
      endNs: (nowMs + lengthMs) * 1e6,
      beginProcessorNs: processorMs * 1e6,
      endProcessorNs: (processorMs + 0.5) * 1e6,
      wantedMs: lengthMs - 1,
    };
    nowMs += lengthMs + wallMs;
    processorMs += 0.5 + usedMs;
    return pass;
  });
}

const some = passes(
  ["prefill", 1, 20, 5, 4],
  ["decode", 1, 12, 3, 2],
  ["decode", 1, 12, 9, 8],
  ["prefill", 2, 30, 6, 5],
  ["decode", 3, 14, 4, 3],
  ["decode", 3, 14, 0, 0],
);

test("between two passes lies the scheduler's own work; before a prefill without others it may have waited for a request", () => {
  expect(betweenPasses(some)).toEqual([
    { prefill: "after", requests: 1, wallMs: 5, processorMs: 4 },
    { prefill: "none", requests: 1, wallMs: 3, processorMs: 2 },
    { prefill: "before", requests: 1, wallMs: 9, processorMs: 8 },
    { prefill: "after", requests: 2, wallMs: 6, processorMs: 5 },
    { prefill: "none", requests: 3, wallMs: 4, processorMs: 3 },
  ]);
  const alone = passes(["decode", 1, 12, 900, 890], ["prefill", 2, 20, 1, 1], ["decode", 2, 12, 0, 0]);
  expect(betweenPasses(alone)).toEqual([{ prefill: "after", requests: 2, wallMs: 1, processorMs: 1 }]);
  const last = passes(["decode", 1, 12, 900, 890], ["prefill", 2, 20, 1, 1], ["prefill", 1, 20, 1, 1]);
  expect(betweenPasses(last)).toEqual([]);
});

test("a prefill costs what goes beyond a decode pass before it and after it", () => {
  // 1.5 ms and 0.5 ms a request between decode passes; 8 - 2 before a prefill, 4 - 2 and 5 - 2.5 after one.
  expect(hostTimes(betweenPasses(some))).toEqual({ stepMs: 1.5, stepMsPerRequest: 0.5, prefillMs: 6 + 2.25 });
});

test("figures of some passes", () => {
  expect(passFigures(some)).toEqual({
    prefills: 2,
    decodes: 4,
    batch: 2,
    wallMs: 3.5,
    processorMs: 2.5,
    lateMs: 1,
  });
});

test("passes of a span are read from a log that goes on before and after it; a broken line is refused", () => {
  const file = join(folder, "passes.ndjson");
  writeFileSync(file, some.map((pass) => `${JSON.stringify(pass)}\n`).join(""));
  const [, second, third] = some;
  expect(readPasses(file, { fromNs: second?.beginNs ?? 0, toNs: third?.beginNs ?? 0 })).toEqual([
    second,
    third,
  ]);
  writeFileSync(file, '{"kind":"decode"}\n');
  expect(() => readPasses(file, { fromNs: 0, toNs: 1 })).toThrow(/requests/);
});

const times = fc.record({
  stepMs: fc.double({ min: 0, max: 20, noNaN: true }),
  stepMsPerRequest: fc.double({ min: 0, max: 2, noNaN: true }),
});

test("times that lie on a line are found again, and one long pause of many short ones moves nothing", () => {
  const sizes = fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 2, maxLength: 8 });
  fc.assert(
    fc.property(times, sizes, fc.integer({ min: 3, max: 9 }), (line, requestsOf, repeats) => {
      const between = requestsOf.flatMap((requests) => {
        const processorMs = line.stepMs + line.stepMsPerRequest * requests;
        const pause = { prefill: "none" as const, requests, wallMs: 1 };
        const usual = Array.from({ length: repeats }, () => ({ ...pause, processorMs }));
        return [...usual, { ...pause, processorMs: 500 }];
      });
      const found = hostTimes(between);
      expect(found.stepMs).toBeCloseTo(line.stepMs, 6);
      expect(found.stepMsPerRequest).toBeCloseTo(line.stepMsPerRequest, 6);
    }),
  );
});

test("one batch size alone says nothing of a request: all of it is the step's", () => {
  const between = [2, 3, 4].map((processorMs) => ({
    prefill: "none" as const,
    requests: 5,
    wallMs: 9,
    processorMs,
  }));
  expect(hostTimes(between)).toEqual({ stepMs: 3, stepMsPerRequest: 0, prefillMs: 0 });
});
