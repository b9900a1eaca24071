import { expect, test } from "vitest";
import { diff } from "../../bench/metrics/delta.ts";
import { deriveEngineDelta } from "../../bench/metrics/engine-delta.ts";
import { readSnapshot } from "../../bench/metrics/snapshot.ts";

const tokens = (prompt: string, generated = "170") =>
  `# TYPE vllm:prompt_tokens_total counter\nvllm:prompt_tokens_total ${prompt}\n# TYPE vllm:generation_tokens_total counter\nvllm:generation_tokens_total ${generated}\n`;
const before = tokens("100", "50");
const derive = (after: string, first = before) =>
  deriveEngineDelta(diff(readSnapshot(first), readSnapshot(after)), 10);
const histogram = (lines: readonly string[]) =>
  `${tokens("700")}# TYPE vllm:e2e_request_latency_seconds histogram\n${lines
    .map((line) => `vllm:e2e_request_latency_seconds${line}\n`)
    .join("")}`;
const sound = ['_bucket{le="0.5"} 4', '_bucket{le="+Inf"} 16', "_sum 12.5", "_count 16"];
const replaced = (old: string, by: string) => histogram(sound.map((line) => (line === old ? by : line)));

test("a sound histogram has no problem", () => {
  expect(derive(histogram(sound))).toMatchObject({ avg_e2e_latency_seconds: 12.5 / 16, problems: [] });
});

test.each<[string, string, string]>([
  [
    "falling buckets",
    replaced('_bucket{le="0.5"} 4', '_bucket{le="0.5"} 17'),
    "after: vllm:e2e_request_latency_seconds has falling buckets: 17 up to 0.5 and 16 up to Infinity",
  ],
  [
    "a count that is not the bucket +Inf",
    replaced("_count 16", "_count 15"),
    "after: vllm:e2e_request_latency_seconds counts 15, and 16 in its bucket +Inf",
  ],
  [
    "no bucket +Inf",
    histogram(['_bucket{le="0.5"} 4', "_sum 12.5", "_count 16"]),
    "after: vllm:e2e_request_latency_seconds has no bucket +Inf",
  ],
  [
    "a negative bucket",
    replaced('_bucket{le="0.5"} 4', '_bucket{le="0.5"} -4'),
    "after: vllm:e2e_request_latency_seconds has the count -4: a count is never negative",
  ],
  [
    "a fractional count",
    replaced("_count 16", "_count 16.5"),
    "after: vllm:e2e_request_latency_seconds has the count 16.5: observations have no parts",
  ],
  [
    "a negative sum of times",
    replaced("_sum 12.5", "_sum -1"),
    "after: vllm:e2e_request_latency_seconds has the sum -1: no time is negative",
  ],
  [
    "a bucket without le",
    replaced('_bucket{le="0.5"} 4', '_bucket{lt="0.5"} 4'),
    "after: vllm:e2e_request_latency_seconds has a bucket whose le is missing or no number",
  ],
  [
    "a bucket whose le is no number",
    replaced('_bucket{le="0.5"} 4', '_bucket{le="fast"} 4'),
    "after: vllm:e2e_request_latency_seconds has a bucket whose le is missing or no number",
  ],
  [
    "one bucket under two spellings",
    histogram([...sound, '_bucket{le="0.50"} 4']),
    "after: vllm:e2e_request_latency_seconds has two buckets up to 0.5",
  ],
  [
    "a bucket twice",
    histogram([...sound, '_bucket{le="0.5"} 4']),
    "after: vllm:e2e_request_latency_seconds has two buckets up to 0.5",
  ],
  [
    "a sum twice",
    histogram([...sound, "_sum 13"]),
    "after: series occurs more than once: vllm:e2e_request_latency_seconds_sum[]",
  ],
])("%s: the histogram is not used, and is named", (_, after, problem) => {
  const derived = derive(after);
  expect(derived.problems).toContain(problem);
  expect(derived).toMatchObject({ prompt_tokens: 600, reset: false, avg_e2e_latency_seconds: null });
});

test("two sound pages whose difference contradicts itself give no times", () => {
  const derived = derive(
    histogram(['_bucket{le="0.5"} 10', '_bucket{le="+Inf"} 16', "_sum 13", "_count 16"]),
    histogram(['_bucket{le="0.5"} 2', '_bucket{le="+Inf"} 12', "_sum 9", "_count 12"]),
  );
  expect(derived.problems).toEqual([
    "vllm:e2e_request_latency_seconds grew less in a wide bucket than in a narrow one inside it: no difference",
  ]);
  expect(derived.avg_e2e_latency_seconds).toBeNull();
});

test.each<[string, string, string]>([
  ["negative", tokens("-5"), "vllm:prompt_tokens_total is -5: a counter is never negative: no difference"],
  [
    "fractional",
    tokens("700.5"),
    "vllm:prompt_tokens_total is 700.5: it counts things that have no parts: no difference",
  ],
  ["NaN", tokens("-nan"), "after: vllm:prompt_tokens_total is NaN (line 2): no difference"],
  ["infinite", tokens("+Inf"), "after: vllm:prompt_tokens_total is Infinity (line 2): no difference"],
  [
    "twice",
    `${tokens("700")}vllm:prompt_tokens_total 700\n`,
    "after: series occurs more than once: vllm:prompt_tokens_total[]",
  ],
  [
    "under both spellings",
    `${tokens("700")}vllm_prompt_tokens_total 700\n`,
    "after: series occurs more than once: vllm:prompt_tokens_total[]",
  ],
])("a counter that is %s is not summed, and is named", (_, after, problem) => {
  const derived = derive(after);
  expect(derived.problems).toEqual([problem]);
  expect(derived).toMatchObject({ prompt_tokens: null, generation_tokens: 120, reset: false });
  expect(derived.unknown.prompt_tokens).toContain("vllm:prompt_tokens_total");
});

test.each<[string, string, readonly string[]]>([
  ["a trailing comma and blanks", tokens("700").replaceAll(/_total (\d)/g, '_total{ a = "x" , } $1'), []],
  [
    "a label with blanks, braces and escapes",
    tokens("700").replaceAll(/_total (\d)/g, String.raw`_total{a="Q 3 {x}, \"y\" # \\z\n"} $1`),
    [],
  ],
  ["timestamps", tokens("700").replaceAll(/(\d)\n/g, "$1 1795324812000\n"), []],
  ["negative timestamps", tokens("700").replaceAll(/(\d)\n/g, "$1 -1\n"), []],
  ["CRLF", tokens("700").replaceAll("\n", "\r\n"), []],
  ["no TYPE lines", tokens("700").replaceAll(/# TYPE.*\n/g, ""), []],
  ["an unknown type", tokens("700").replaceAll("counter", "thing"), []],
  [
    "OpenMetrics with an exemplar and the end mark",
    `${tokens("700")
      .replaceAll("_total counter", " counter")
      .replaceAll(/(\d)\n/g, '$1 # {id="a b"} 1 1.5\n')}# EOF\n`,
    [],
  ],
  ["an interval of 6e2", tokens("7e2", "1.7E2"), []],
  ["plus signs", tokens("+700", "+170.0"), []],
  [
    "counters declared gauges",
    tokens("700").replaceAll("counter", "gauge"),
    [
      "after: vllm:prompt_tokens_total is declared a gauge and only rises; it is read as a counter",
      "after: vllm:generation_tokens_total is declared a gauge and only rises; it is read as a counter",
    ],
  ],
  [
    "a type that changes",
    `${tokens("700")}# TYPE vllm:prompt_tokens_total gauge\n`,
    ["after: vllm:prompt_tokens_total is declared twice, as different types"],
  ],
  [
    "a unit that the name does not have",
    `# UNIT vllm:prompt_tokens characters\n${tokens("700")}`,
    ["after: vllm:prompt_tokens is declared to be in characters: its unit is not known"],
  ],
  ["a unit that the name has", `# UNIT vllm:prompt_tokens tokens\n${tokens("700")}`, []],
  [
    "no last line feed",
    tokens("700").trimEnd(),
    ["after: the page does not end in a line feed: its last line may have been cut"],
  ],
  ["a gauge that is not a number", `${tokens("700")}# TYPE vllm:odd gauge\nvllm:odd -nan\n`, []],
  ["a summary", `${tokens("700")}# TYPE s summary\ns{quantile="0.5"} NaN\ns_sum 1\ns_count 2\n`, []],
])("%s: read, and said where it is odd", (_, after, problems) => {
  // Labels differ from page to page here, so everything is compared with an empty one.
  expect(derive(after, "")).toMatchObject({
    prompt_tokens: 700,
    generation_tokens: 170,
    reset: false,
    problems,
  });
});

test("a gauge that is declared a counter is no restart when it falls", () => {
  const running = (count: number) =>
    `# TYPE vllm:num_requests_running counter\nvllm:num_requests_running ${count}\n`;
  expect(derive(tokens("700") + running(1), before + running(4))).toMatchObject({
    prompt_tokens: 600,
    reset: false,
    problems: [
      "after: vllm:num_requests_running is declared a counter and goes up and down; it is read as a gauge",
    ],
  });
});
