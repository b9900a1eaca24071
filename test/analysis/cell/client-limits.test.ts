import { expect, test } from "vitest";
import {
  eventLoopReasons,
  sendReasons,
  stolenReasons,
  type SendFacts,
} from "../../../bench/analysis/cell/client-limits.ts";

const asPlanned: SendFacts = {
  name: "raw",
  plannedPerSecond: 20,
  sentPerSecond: 19.9,
  latenessMs: { p50: 0.05, p99: 1.2 },
};

test("a load that was sent as planned has no reasons against it; a closed loop has no rate to miss", () => {
  expect(sendReasons([asPlanned])).toEqual([]);
  expect(sendReasons([{ ...asPlanned, plannedPerSecond: null, sentPerSecond: 3 }])).toEqual([]);
  expect(sendReasons([{ ...asPlanned, latenessMs: { p50: 0.1, p99: null } }])).toEqual([]);
});

test("another rate than planned is rate-missed, also when nothing at all was sent", () => {
  expect(sendReasons([{ ...asPlanned, sentPerSecond: 17 }])).toEqual([
    {
      verdict: "rate-missed",
      detail: "raw: 17.00/s sent of 20.00/s planned (-15.0 %, limit ±5 %)",
    },
  ]);
  expect(sendReasons([{ ...asPlanned, sentPerSecond: null }])[0]?.verdict).toBe("rate-missed");
});

test("requests that were sent late limit what the client could see", () => {
  expect(sendReasons([{ ...asPlanned, latenessMs: { p50: 3, p99: 90 } }])).toEqual([
    { verdict: "client-limited", detail: "raw: requests were sent 3.0 ms late at p50 (limit 1 ms)" },
    { verdict: "client-limited", detail: "raw: requests were sent 90.0 ms late at p99 (limit 20 ms)" },
  ]);
});

test("one stall in a long cell is a blip, in a short one it is not; too few timers have no p99", () => {
  const stalled = { process: "driver", eventLoopUtilization: 0.1 };
  const delay = { samples: 300, p50: 0, p99: 700, max: 700 };
  expect(eventLoopReasons([{ ...stalled, loopDelayMs: delay }], 100)).toEqual([]);
  expect(eventLoopReasons([{ ...stalled, loopDelayMs: delay }], 3)).toEqual([
    { verdict: "client-limited", detail: "driver: its event loop stood still for 0.7 s" },
  ]);
  expect(eventLoopReasons([{ ...stalled, loopDelayMs: { ...delay, max: 300 } }], 1)).toEqual([]);
  expect(eventLoopReasons([{ ...stalled, loopDelayMs: null }, stalled], 3)).toEqual([]);
});

test("six in a hundred that were not sent are a missed rate, four are not", () => {
  const verdicts = (sentPerSecond: number) =>
    sendReasons([{ ...asPlanned, sentPerSecond }]).map(({ verdict }) => verdict);
  expect(verdicts(18.8)).toEqual(["rate-missed"]);
  expect(verdicts(21.2)).toEqual(["rate-missed"]);
  expect(verdicts(19.2)).toEqual([]);
});

test("a hypervisor that takes a tenth of the processors limits the client; an unknown share says nothing", () => {
  expect(stolenReasons([0.02, null, undefined, 0.1])).toEqual([]);
  expect(stolenReasons([])).toEqual([]);
  const details = (shares: readonly number[]) => stolenReasons(shares).map(({ detail }) => detail);
  expect(details([0.25])).toEqual(["the hypervisor took 25 % of the processors' time (limit 10 %)"]);
  expect(details([0.02, 0.25, 0.11])).toEqual([
    "the hypervisor took up to 25 % of the processors' time (limit 10 %, above it in 2 of 3 segments)",
  ]);
  expect(stolenReasons([0.25])[0]?.verdict).toBe("client-limited");
});
