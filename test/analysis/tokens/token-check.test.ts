import { expect, test } from "vitest";
import { checkTokens } from "../../../bench/analysis/tokens/token-check.ts";
import type { TapTiming } from "../../../bench/evidence/tap-timing.ts";
import type { EngineDelta } from "../../../bench/metrics/engine-delta.ts";
import { buildTiming } from "../../evidence/tap-builder.ts";

const usage = { promptTokens: 100, completionTokens: 10, cachedTokens: 0 };
const seen = (hop: "outer" | "inner", requestId: string, changes: Partial<TapTiming> = {}) =>
  buildTiming({ hop, arm: "gateway", requestId, usage, ...changes });
const failed = { status: 502, usage: null, firstTokenNs: null, lastTokenNs: null };

/** Counters of an engine that answered so many of these requests; only what the check looks at. */
const counted = (requests: number) =>
  ({
    engine: "sglang",
    reset: false,
    resolution: {},
    unknown: {},
    problems: [],
    num_requests: requests,
    prompt_tokens: 100 * requests,
    generation_tokens: 10 * requests,
    cached_tokens: 0,
    aborted: 0,
  }) as unknown as EngineDelta;

const check = (timings: readonly TapTiming[], requests: number) =>
  checkTokens([{ timings, engine: counted(requests), episodes: [] }]);

test("a tap that is not there is not quoted: the counts are those of the outer tap and the engine", () => {
  const { status, details } = check([seen("outer", "r1"), seen("outer", "r2")], 5);
  expect(status).toBe("mismatch");
  expect(details).toContain(
    "prompt tokens: outer tap 200, engine counter 500; 300 more at the engine counter",
  );
  expect(details).toContain("note: no request was seen at the inner tap");
  expect(
    details.filter((detail) => detail.startsWith("prompt tokens") && detail.includes("inner tap")),
  ).toEqual([]);
});

test("without an inner tap equal counts are exact, as they were", () => {
  expect(check([seen("outer", "r1")], 1)).toEqual({ status: "exact", details: [] });
});

test("where nothing was answered nothing is exact", () => {
  const { status, details } = check([seen("outer", "r1", failed), seen("inner", "r1", failed)], 0);
  expect({ status, details }).toEqual({
    status: "unknown",
    details: ["no request was answered: there are no tokens to compare"],
  });
});

test("more requests at the inner tap than were sent are named, although no token tells of them", () => {
  const retried = [seen("outer", "r1"), seen("inner", "r1", failed), seen("inner", "r1")];
  expect(check(retried, 1)).toEqual({
    status: "explained",
    details: [
      "1 more requests at the inner tap (2) than were sent (1)",
      "1 requests were sent to the engine more than once by the gateway: r1",
    ],
  });
  const { status, details } = check(
    [seen("outer", "r1"), seen("inner", "r1"), seen("inner", "x9", failed)],
    1,
  );
  expect(status).toBe("explained");
  expect(details.at(-1)).toBe("1 requests at the inner tap belong to none at the outer tap: x9");
});
