import { expect, test } from "vitest";
import { UsageSum } from "../../bench/workload/usage-sum.ts";

const usage = { promptTokens: 10, completionTokens: 4, cachedTokens: 6 };

test("counts are summed over requests", () => {
  const sum = new UsageSum();
  sum.add(usage);
  sum.add(usage);
  expect(sum.total()).toEqual({ requests: 2, promptTokens: 20, completionTokens: 8, cachedTokens: 12 });
});

test("what one request does not say makes that sum unknown, whatever comes later", () => {
  const sum = new UsageSum();
  sum.add({ ...usage, cachedTokens: null });
  sum.add(usage);
  expect(sum.total()).toEqual({ requests: 2, promptTokens: 20, completionTokens: 8, cachedTokens: null });
  sum.add(null);
  sum.add(usage);
  expect(sum.total()).toEqual({
    requests: 4,
    promptTokens: null,
    completionTokens: null,
    cachedTokens: null,
  });
});
