import { expect, test } from "vitest";
import { tokenSums, wasteOf } from "../../../bench/analysis/tokens/token-sums.ts";
import type { TapTiming } from "../../../bench/evidence/tap-timing.ts";
import { buildTiming } from "../../evidence/tap-builder.ts";

const usage = { promptTokens: 100, completionTokens: 10, cachedTokens: 40 };
const answered = (changes: Partial<TapTiming> = {}) => buildTiming({ usage, ...changes });

test("sums are over the whole answers of one hop", () => {
  const timings = [
    answered(),
    answered(),
    answered({ hop: "inner" }),
    answered({ outcome: "client-aborted" }),
  ];
  expect(tokenSums(timings, "outer")).toMatchObject({
    requests: 3,
    answered: 2,
    withoutUsage: 0,
    promptTokens: 200,
    completionTokens: 20,
    cachedTokens: 80,
  });
});

test("one answer without usage makes every sum unknown; what the others reported is kept apart", () => {
  const sums = tokenSums([answered(), answered({ usage: null })], "outer");
  expect(sums).toMatchObject({
    withoutUsage: 1,
    promptTokens: null,
    completionTokens: null,
    cachedTokens: null,
  });
  expect(sums.reported.promptTokens).toBe(100);
});

test("answers that are errors inside a 200 are counted apart by kind; what they report was used all the same", () => {
  const errors = ['carries an error: {"code":503}', 'carries an error: {"code":429}'];
  const givenUp = answered({ incomplete: "was given up, with finish reason abort" });
  const failed = errors.map((incomplete) => answered({ incomplete, usage: null }));
  expect(tokenSums([answered({ incomplete: null }), ...failed, givenUp], "outer")).toMatchObject({
    requests: 4,
    answered: 1,
    incomplete: { "carries an error": 2, "was given up, with finish reason abort": 1 },
    withoutUsage: 0,
    promptTokens: 200,
  });
  expect(tokenSums([answered()], "outer")).not.toHaveProperty("incomplete");
});

test("impossible usage is counted and named; how many tokens a chunk brought is said", () => {
  const impossible = answered({ usage: null, impossibleUsage: '{"prompt_tokens":-5}' });
  const atOnce = answered({ firstTokenNs: 9e6, lastTokenNs: 9e6, tokenChunks: 1 });
  const whole = answered({ firstTokenNs: null, lastTokenNs: null, streamed: false });
  const timings = [answered({ tokenChunks: 4 }), atOnce, whole, impossible, impossible];
  expect(tokenSums(timings, "outer")).toMatchObject({
    impossibleUsage: { count: 2, first: '{"prompt_tokens":-5}' },
    cameAtOnce: 1,
    tokensPerChunk: 4,
    withoutUsage: 2,
    promptTokens: null,
  });
  for (const name of ["impossibleUsage", "cameAtOnce", "tokensPerChunk"])
    expect(tokenSums([answered()], "outer")).not.toHaveProperty(name);
});

test("an engine that does not tell cached tokens leaves only that sum unknown", () => {
  const silent = answered({ usage: { ...usage, cachedTokens: null } });
  expect(tokenSums([answered(), silent], "outer")).toMatchObject({
    withoutCachedTokens: 1,
    promptTokens: 200,
    cachedTokens: null,
  });
});

test("what is no generation counts nowhere", () => {
  expect(tokenSums([answered({ path: "/v1/models", method: "GET" })], "outer").requests).toBe(0);
});

test("waste is what attempts without a record asked for at the outer tap; requests of no attempt are none", () => {
  const timings = [
    answered({ attemptKey: "kept" }),
    answered({ attemptKey: "lost" }),
    answered({ attemptKey: "lost", usage: null, outcome: "client-aborted" }),
    answered({ attemptKey: "lost", hop: "inner" }),
    answered({ attemptKey: null }),
  ];
  expect(wasteOf(timings, new Set(["kept"]))).toEqual({
    attempts: 1,
    requests: 2,
    promptTokens: 100,
    completionTokens: 10,
  });
});
