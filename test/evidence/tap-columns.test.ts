import * as fc from "fast-check";
import { expect, test } from "vitest";
import { TapColumns } from "../../bench/evidence/tap-columns.ts";
import type { TapTiming } from "../../bench/evidence/tap-timing.ts";
import { buildTiming } from "./tap-builder.ts";

const ns = fc.oneof(fc.constant(null), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
const word = fc.oneof(fc.constant(null), fc.constantFrom("", "a", "null", "zero\u0000"));
const changes: fc.Arbitrary<Partial<TapTiming>> = fc.record(
  {
    hop: fc.constantFrom("outer", "inner", "user"),
    requestId: fc.constantFrom("r0", "r1"),
    episodeId: word,
    attemptKey: word,
    status: fc.oneof(fc.constant(null), fc.constantFrom(0, 200, 503)),
    outcome: fc.constantFrom("completed", "client-aborted"),
    error: word,
    streamed: fc.boolean(),
    requestBytes: fc.nat(),
    startedNs: fc.nat(),
    firstByteNs: ns,
    firstTokenNs: ns,
    lastTokenNs: ns,
    sentAgain: fc.record({ atNs: fc.nat(), error: fc.constant("reset") }),
    usage: fc.oneof(
      fc.constant(null),
      fc.record({
        promptTokens: fc.nat(),
        completionTokens: fc.nat({ max: 3 }),
        cachedTokens: fc.oneof(fc.constant(null), fc.nat({ max: 1 })),
      }),
    ),
    impossibleUsage: fc.constant("-1 tokens"),
    tokenChunks: fc.nat({ max: 2 }),
    finishReason: word,
    incomplete: word,
    unreadable: fc.record({ count: fc.nat({ max: 2 }), first: word }),
  },
  { requiredKeys: [] },
);

test("an exchange reads from its columns as it was written, absent, null and 0 kept apart", () => {
  const fields = Object.keys({
    ...buildTiming(),
    sentAgain: 0,
    impossibleUsage: 0,
    tokenChunks: 0,
    incomplete: 0,
    unreadable: 0,
  }) as (keyof TapTiming)[];
  const read = (timing: TapTiming) => Object.fromEntries(fields.map((field) => [field, timing[field]]));
  fc.assert(
    fc.property(fc.array(changes, { maxLength: 12 }), (many) => {
      const columns = new TapColumns();
      const timings = many.map((own) => buildTiming(own));
      for (const timing of timings) columns.push(timing);
      expect(columns.timings.map(read)).toEqual(timings.map(read));
    }),
  );
});
