import { expect, test } from "vitest";
import { recordedSlo, sloOf, sloSchema } from "../../bench/config/slo-schema.ts";

test.each([
  ["ttft_p95", "2s", 2000],
  ["itl_p95", "50ms", 50],
  ["e2e_mean", "1.5 s", 1500],
  ["episode_p90", "2m", 120_000],
  ["episode_p99", "1h", 3_600_000],
  ["ttft_p50", "800us", 0.8],
])("%s: %s", (name, text, limitMs) => {
  const slo = sloOf(sloSchema.parse({ [name]: text }));
  const [measure, statistic] = name.split("_");
  expect(slo).toEqual({ times: [{ name, measure, statistic, limitMs, text }], passRateDrop: null });
});

test("a loss of passed tasks is in percentage points", () => {
  expect(sloOf(sloSchema.parse({ passRateDrop: "2.5%" }))?.passRateDrop).toEqual({
    limit: 0.025,
    text: "2.5%",
  });
});

test.each([
  [{ ttft_p95: 2 }, "write a time with its unit"],
  [{ ttft_p95: "2" }, "write a time with its unit"],
  [{ ttft_p95: "-2s" }, "write a time with its unit"],
  [{ ttft_p95: "0ms" }, "above 0"],
  [{ passRateDrop: 0.02 }, "write a share, e.g. 2%"],
  [{ passRateDrop: "2" }, "write a share, e.g. 2%"],
  [{ passRateDrop: "200%" }, "100% or less"],
  [{ passRateDrop: "0%" }, "above 0"],
  [{}, "names no limit"],
  [{ ttft_p59: "2s" }, "ttft_p59"],
])("%j is refused", (spec, message) => {
  const { error } = sloSchema.safeParse(spec);
  expect(error?.issues.map((issue) => JSON.stringify(issue)).join()).toContain(message);
});

test("a run of an older Tollgate promised nothing", () => {
  expect(recordedSlo({ sweep: { concurrency: [1] } })).toBeNull();
  expect(recordedSlo({})).toBeNull();
  expect(recordedSlo({ sweep: { concurrency: [1], slo: { itl_p95: "50ms" } } })?.times).toHaveLength(1);
});
