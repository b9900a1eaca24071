import { expect, test } from "vitest";
import {
  attributeUserFailure,
  attributeFailure,
  type FailedRequest,
} from "../../bench/run/failure-attribution.ts";
import type { MatchedInnerEnd } from "../../bench/workload/exchange.ts";

const outer = (changes: Partial<FailedRequest>): FailedRequest => ({
  outcome: "completed",
  error: null,
  finishReason: null,
  responseBytes: 10,
  firstTokenNs: 1,
  ...changes,
});
const inner = (changes: Partial<MatchedInnerEnd>): MatchedInnerEnd => ({
  requestId: "r1",
  status: 200,
  outcome: "completed",
  error: null,
  startedNs: 0,
  endedNs: 1,
  finishReason: "stop",
  responseBytes: 20,
  incomplete: null,
  silent: false,
  owner: null,
  certain: true,
  ...changes,
});
const with_ = (outerChanges: Partial<FailedRequest>, ...ends: readonly Partial<MatchedInnerEnd>[]) =>
  outer({ ...outerChanges, inner: ends.map(inner) });
const [aborted, failed, cut] = (["client-aborted", "upstream-failed", "upstream-truncated"] as const).map(
  (outcome) => ({ outcome }),
) as [{ outcome: "client-aborted" }, { outcome: "upstream-failed" }, { outcome: "upstream-truncated" }];
const gone = { status: null, ...failed, error: "connect ECONNREFUSED 127.0.0.1:1" } as const;
const noSockets = {
  status: null,
  ...failed,
  error: "connect EMFILE 127.0.0.1:1 - Local (undefined:undefined)",
};

test.each<[string, FailedRequest, string]>([
  ["the engine answers 500 and the gateway passes it on", with_({}, { status: 500 }), "engine"],
  ["the engine redirects", with_({}, { status: 307 }), "engine"],
  ["the engine is gone", with_({}, gone), "engine"],
  ["the engine breaks its stream off", with_(cut, { ...cut, incomplete: "ended" }), "engine"],
  [
    "the engine gives the answer up, and the gateway passes it on",
    with_({}, { incomplete: "was given up" }),
    "engine",
  ],
  [
    "the engine gives the answer up, and the gateway makes a clean end of it",
    with_({}, { incomplete: "was given up" }),
    "engine",
  ],
  ["the engine hangs until the agent gives up", with_(aborted, { ...aborted, status: null }), "engine"],
  ["the engine fails after a request that the gateway left", with_({}, aborted, { status: 503 }), "engine"],
  [
    "the gateway left the slower of two, and the engine failed the other",
    with_({}, { status: 503 }, aborted),
    "engine",
  ],
  ["the gateway is gone", outer(failed), "gateway"],
  ["the gateway dies in the middle of a stream", with_(cut, aborted), "gateway"],
  ["the gateway leaves the engine's answer and makes an end of it", with_({}, aborted), "gateway"],
  ["the gateway answers 500 by itself", outer({}), "gateway"],
  ["the gateway makes an error of a good answer", with_({}, {}), "gateway"],
  ["the gateway hangs and asks nobody", outer(aborted), "gateway"],
  ["a retry of the gateway was good, and it failed all the same", with_({}, { status: 500 }, {}), "gateway"],
  [
    "the gateway loses the call of an answer",
    with_({ finishReason: "tool_calls", firstTokenNs: null }, { finishReason: "tool_calls" }),
    "gateway",
  ],
  [
    "the engine loses the call, the gateway writes the answer anew",
    with_({ finishReason: "tool_calls", firstTokenNs: null }, { finishReason: "tool_calls", silent: true }),
    "engine",
  ],
  [
    "the answer passes as it is, in a form that the agent cannot read",
    with_({}, { responseBytes: 10 }),
    "engine",
  ],
  [
    "a request without a name failed meanwhile, perhaps this one",
    with_({}, { status: 500, certain: false }),
    "engine",
  ],
  [
    "one without a name failed, but this one is known",
    with_({}, { status: 500, certain: false }, {}),
    "gateway",
  ],
  ["the tap has no descriptors left for the gateway", outer(noSockets), "tap"],
  ["the tap has no descriptors left for the engine", with_({}, noSockets), "tap"],
  [
    "the tap has no ports left",
    with_({}, { ...failed, status: null, error: "connect EADDRNOTAVAIL" }),
    "tap",
  ],
])("%s", (...[, seen, expected]) => {
  expect(attributeFailure("gateway", seen)).toBe(expected);
});

test.each<[string, FailedRequest | null, string]>([
  ["the engine answers 500", with_({ responseBytes: 20 }, { status: 500 }), "engine"],
  ["the engine is gone", with_({}, gone), "engine"],
  ["the engine gives up", with_({ responseBytes: 20 }, { incomplete: "was given up" }), "engine"],
  ["the engine loses a call", with_({ responseBytes: 20 }, {}), "engine"],
  ["the engine hangs until the agent gives up", with_(aborted, aborted), "engine"],
  ["the outer tap cannot reach the inner one", outer({ ...failed, error: "connect ECONNREFUSED" }), "tap"],
  ["the taps have no descriptors left", outer(noSockets), "tap"],
  ["nothing is known of the request", null, "engine"],
])("without a gateway: %s", (...[, seen, expected]) => {
  expect(attributeFailure("raw", seen)).toBe(expected);
});

test("a gateway without an inner tap is what answered", () => {
  expect(attributeFailure("url", outer({}))).toBe("gateway");
  expect(attributeFailure("url", null)).toBe("gateway");
});

test.each([
  ["http://x/v1/chat/completions answered with status 500: out of memory", "user-engine"],
  [
    'http://x/v1/chat/completions answered with status 502: {"message":"Tollgate\'s user tap of arm user cannot reach http://y: connect EMFILE","type":"tap_upstream_unreachable"}',
    "tap",
  ],
  [
    'http://x answered with status 502: {"message":"cannot reach http://y: connect ECONNREFUSED","type":"tap_upstream_unreachable"}',
    "user-engine",
  ],
  ["http://x/v1/chat/completions could not be reached: connect EMFILE 127.0.0.1:1", "harness"],
])("the simulated user's model: %s is %s", (message, part) => {
  expect(attributeUserFailure(message)).toBe(part);
});
