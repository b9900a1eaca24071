import { expect, test } from "vitest";
import type { TapListenerTotals } from "../../bench/tap/control.ts";
import { diff } from "../../bench/metrics/delta.ts";
import { deriveEngineDelta } from "../../bench/metrics/engine-delta.ts";
import { reconcile } from "../../bench/metrics/reconcile.ts";
import { readSnapshot } from "../../bench/metrics/snapshot.ts";
import { sglangPage } from "./server.ts";

const totals = (changes: Partial<TapListenerTotals> = {}): TapListenerTotals => ({
  requests: 3,
  generations: 3,
  completed: 3,
  failed: 0,
  withoutUsage: 0,
  promptTokens: 100,
  completionTokens: 20,
  cachedTokens: 0,
  withoutCachedTokens: 0,
  requestBytes: 1,
  responseBytes: 1,
  ...changes,
});
const engineAfter = (page: string, before = "") =>
  deriveEngineDelta(diff(readSnapshot(before), readSnapshot(page)), 10);
const engine = engineAfter(sglangPage({ prompt: 100, generated: 20, requests: 3 }));

test("equal at all three places is exact", () => {
  expect(reconcile({ outer: totals(), inner: totals(), engine })).toEqual({ verdict: "exact", details: [] });
});

test("a difference is named with its size and where there is more", () => {
  const skewed = reconcile({ outer: totals({ completionTokens: 21 }), inner: totals(), engine });
  expect(skewed).toEqual({
    verdict: "mismatch",
    details: ["completion tokens: outer tap 21, inner tap 20; 1 more at the outer tap"],
  });
  const hidden = engineAfter(sglangPage({ prompt: 150, generated: 20, requests: 4 }));
  expect(reconcile({ outer: totals(), inner: totals(), engine: hidden })).toEqual({
    verdict: "mismatch",
    details: [
      "prompt tokens: inner tap 100, engine counter 150; 50 more at the engine counter",
      "note: requests: inner tap 3, engine counter 4; 1 more at the engine counter",
    ],
  });
});

test("replies without usage are a mismatch even when the sums happen to agree", () => {
  const inner = totals({ withoutUsage: 2 });
  expect(reconcile({ outer: totals(), inner, engine })).toEqual({
    verdict: "mismatch",
    details: ["inner tap: 2 of 3 requests answered without usage, so its sums are too small"],
  });
});

test("a missing count is never exact", () => {
  const noTokens = engineAfter("# TYPE sglang:num_requests_total counter\nsglang:num_requests_total 3\n");
  const restarted = engineAfter(
    sglangPage({ prompt: 1, generated: 1 }),
    sglangPage({ prompt: 9, generated: 9 }),
  );
  const cases = [
    [{ outer: totals(), inner: totals(), engine: null }, ["engine counter: no metrics"]],
    [{ outer: totals(), inner: null, engine }, ["inner tap: no counts"]],
    [
      { outer: null, inner: null, engine: null },
      ["outer tap: no counts", "inner tap: no counts", "engine counter: no metrics"],
    ],
    [
      { outer: totals(), inner: totals(), engine: noTokens },
      [
        "engine counter: prompt tokens unknown, the page has no sglang:prompt_tokens_total; found sglang:num_requests_total",
        "engine counter: completion tokens unknown, the page has no sglang:generation_tokens_total; found sglang:num_requests_total",
      ],
    ],
    [
      { outer: totals(), inner: totals(), engine: restarted },
      [
        "engine counter: prompt tokens unknown, the engine restarted in between",
        "engine counter: completion tokens unknown, the engine restarted in between",
      ],
    ],
  ] as const;
  for (const [counts, details] of cases)
    expect(reconcile(counts)).toEqual({ verdict: "unavailable", details });
});

test("a difference outranks a missing count, and failures are noted", () => {
  const outer = totals({ promptTokens: 90, failed: 1, requests: 7, generations: 4 });
  expect(reconcile({ outer, inner: totals(), engine: null })).toEqual({
    verdict: "mismatch",
    details: [
      "prompt tokens: outer tap 90, inner tap 100; 10 more at the inner tap",
      "engine counter: no metrics",
      "note: requests: outer tap 4, inner tap 3; 1 more at the outer tap",
      "note: outer tap: 1 requests failed",
    ],
  });
});

test("cached tokens are compared only where every reply told them, and never decide", () => {
  const cached = engineAfter(
    `${sglangPage({ prompt: 100, generated: 20, requests: 3 })}# TYPE sglang:cached_tokens_total counter\nsglang:cached_tokens_total 64\n`,
  );
  expect(reconcile({ outer: totals(), inner: totals(), engine: cached })).toEqual({
    verdict: "exact",
    details: ["note: cached tokens: inner tap 0, engine counter 64; 64 more at the engine counter"],
  });
  const silent = totals({ withoutCachedTokens: 3 });
  expect(reconcile({ outer: silent, inner: silent, engine: cached })).toEqual({
    verdict: "exact",
    details: [],
  });
});

test("what a page rounds away is no difference and no equality; what it cannot have rounded away is one", () => {
  const llama = (prompt: string, predicted: string) =>
    engineAfter(
      `llamacpp:prompt_tokens_total ${prompt}\nllamacpp:prompt_tokens_cached_total 0\nllamacpp:tokens_predicted_total ${predicted}\n`,
      "llamacpp:prompt_tokens_total 1.90511e+06\nllamacpp:prompt_tokens_cached_total 0\nllamacpp:tokens_predicted_total 420506\n",
    );
  const taps = totals({ promptTokens: 244, completionTokens: 27 });
  const compared = (prompt: string, predicted = "420533") =>
    reconcile({ outer: taps, inner: taps, engine: llama(prompt, predicted) });
  expect(compared("1.90536e+06")).toEqual({
    verdict: "unavailable",
    details: [
      "prompt tokens: inner tap 244, engine counter 250; 6 more at the engine counter: within the page's resolution (the counter is printed to 6 digits, ±10)",
    ],
  });
  expect(compared("1.90537e+06")).toEqual({
    verdict: "mismatch",
    details: [
      "prompt tokens: inner tap 244, engine counter 260; 16 more at the engine counter (the counter is printed to 6 digits, ±10)",
    ],
  });
  // The other counter is exact and stays so.
  expect(compared("1.90536e+06", "420534").verdict).toBe("mismatch");
  expect(compared("1.905354e+06").verdict).toBe("exact");
});

test.each([
  [
    "llamacpp:prompt_tokens_total 100\nllamacpp:tokens_predicted_total 20\n",
    "prompt tokens unknown, the page has no llamacpp:prompt_tokens_cached_total; found llamacpp:prompt_tokens_total, llamacpp:tokens_predicted_total; llama.cpp counts prompt tokens without the cached ones",
  ],
  [
    "vllm:prompt_tokens_total 100\nvllm:gen_tokens_total 20\n",
    "completion tokens unknown, the page has no vllm:generation_tokens_total or vllm:generation_tokens; found vllm:prompt_tokens_total, vllm:gen_tokens_total",
  ],
  [
    "sglang:prompt_tokens_total 100\nsglang:generation_tokens_total NaN\n",
    "completion tokens unknown, sglang:generation_tokens_total is NaN",
  ],
  [
    "sglang:prompt_tokens_total 100.5\nsglang:generation_tokens_total 20\n",
    "prompt tokens unknown, sglang:prompt_tokens_total is 100.5: it counts things that have no parts",
  ],
  [
    'sglang:prompt_tokens_total{a="1"} 100\nsglang:prompt_tokens_total{a="1"} 100\nsglang:generation_tokens_total 20\n',
    "prompt tokens unknown, sglang:prompt_tokens_total occurs more than once on a page",
  ],
  ["up 1\n", "prompt tokens unknown, the page is of no engine that Tollgate knows"],
])("a count that is missing is named by its own name: %#", (page, said) => {
  const { details } = reconcile({ outer: totals(), inner: totals(), engine: engineAfter(page) });
  expect(details).toContain(`engine counter: ${said}`);
});
