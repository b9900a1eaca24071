import { expect, test } from "vitest";
import { attributeFailure } from "../../bench/run/failure-attribution.ts";
import type { ExchangeTiming } from "../../bench/workload/exchange.ts";

const outer = (outcome: ExchangeTiming["outcome"]) => ({ requestId: "r2", outcome });
const inner = (
  status: number | null,
  outcome: ExchangeTiming["outcome"],
  requestId: string | null = "r2",
) => ({ requestId, status, outcome });
const errored = { ...inner(200, "completed"), incomplete: "carries an error: busy" };

test.each([
  [
    "the engine answers 500 and the gateway passes it on",
    outer("completed"),
    inner(500, "completed"),
    "engine",
  ],
  ["the engine answers with an error inside a 200", outer("completed"), errored, "engine"],
  ["the engine is gone", outer("completed"), inner(null, "upstream-failed"), "engine"],
  [
    "the engine breaks its stream off",
    outer("upstream-truncated"),
    inner(200, "upstream-truncated"),
    "engine",
  ],
  [
    "the engine hangs until the agent gives up",
    outer("client-aborted"),
    inner(null, "client-aborted"),
    "engine",
  ],
  ["the gateway is gone", outer("upstream-failed"), inner(200, "completed", "r1"), "gateway"],
  [
    "the gateway dies in the middle of a stream",
    outer("upstream-truncated"),
    inner(200, "client-aborted"),
    "gateway",
  ],
  ["the gateway answers 500 by itself", outer("completed"), null, "gateway"],
  ["the gateway makes an error of a good answer", outer("completed"), inner(200, "completed"), "gateway"],
  ["the gateway hangs and asks nobody", outer("client-aborted"), null, "gateway"],
  [
    "the engine answers 500 to a gateway that passes no names on",
    outer("completed"),
    inner(500, "completed", null),
    "engine",
  ],
] as const)("%s", (...[, seenOutside, seenInside, expected]) => {
  expect(attributeFailure({ arm: "gateway", outer: seenOutside, inner: seenInside })).toBe(expected);
});

test("without a gateway it is the engine", () => {
  expect(attributeFailure({ arm: "raw", outer: outer("upstream-failed"), inner: null })).toBe("engine");
});
