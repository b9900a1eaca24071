import { expect, test } from "vitest";
import { armSchema } from "../../../bench/config/arm-schema.ts";
import { ConfigError } from "../../../bench/errors.ts";
import { knownArms, planReplay, type ReplayRequest } from "../../../bench/run/replay/replay-plan.ts";
import { plannedCell } from "../../store/run-builder.ts";

const request: ReplayRequest = {
  arms: "raw,gateway",
  order: "abba",
  repetitions: 4,
  load: "closed:4",
  cache: "flush",
  until: null,
  margin: null,
  maxTokens: 64,
  thinkScale: 1,
  seed: 1,
  floor: true,
};
const given = {
  runId: "run",
  recording: {
    cell: plannedCell("raw", 1),
    conversations: [{ key: "a", requests: [{ path: "/v1/chat/completions", body: "{}", thinkMs: 0 }] }],
  },
  arms: knownArms([armSchema.parse({ kind: "gateway", name: "gateway" })]),
  temperature: 0,
};
const plan = (changes: Partial<ReplayRequest> = {}) => planReplay({ ...request, ...changes }, given);
const parts = (changes: Partial<ReplayRequest>) =>
  plan(changes).arms.map(({ label, part }) => `${label} ${part}`);

test("every replay brings its floor: the baseline again and a proxy that does nothing", () => {
  expect(parts({})).toEqual(["raw baseline", "gateway compared", "raw.2 again", "null-proxy placebo"]);
  expect(parts({ arms: "raw,raw" })).toEqual(["raw baseline", "raw.2 again", "null-proxy placebo"]);
  expect(parts({ arms: "raw,gateway", floor: false })).toEqual(["raw baseline", "gateway compared"]);
  expect(parts({ arms: "raw,null-proxy" })).toEqual(["raw baseline", "null-proxy placebo", "raw.2 again"]);
  expect(parts({ arms: "gateway,raw" })).toEqual(["gateway baseline", "raw compared", "gateway.2 again"]);
});

test("each cache mode with each load is a setting with a key that can be a folder's name", () => {
  expect(plan({ cache: "flush,cold", load: "closed:1, open:2.5:gamma:0.5" }).settings).toEqual([
    { key: "flush-closed-1", cache: "flush", load: "closed:1" },
    { key: "flush-open-2.5-gamma-0.5", cache: "flush", load: "open:2.5:gamma:0.5" },
    { key: "cold-closed-1", cache: "cold", load: "closed:1" },
    { key: "cold-open-2.5-gamma-0.5", cache: "cold", load: "open:2.5:gamma:0.5" },
  ]);
});

test.each<[Partial<ReplayRequest>, RegExp]>([
  [{ arms: "raw,gatway" }, /There is no arm gatway\. Did you mean gateway\? Known: gateway, raw, null-proxy/],
  [{ repetitions: 3 }, /--repetitions has to be 4 or more/],
  [{ load: "closed:x" }, /closed:C/],
  [{ cache: "warm" }, /flush, salt, cold/],
  [{ until: "soon" }, /--until soon .* ±1ms or ±1%/],
  [{ margin: "0ms" }, /--margin 0ms/],
  [{ order: "random" }, /abba/],
  [{ maxTokens: 0 }, /--max-tokens/],
  [{ thinkScale: -1 }, /--think/],
])("%j is refused with what may be written", (changes, message) => {
  expect(() => plan(changes)).toThrow(message);
  expect(() => plan(changes)).toThrow(ConfigError);
});
