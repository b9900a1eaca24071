import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Delta, diff } from "../../bench/metrics/delta.ts";
import { deriveEngineDelta } from "../../bench/metrics/engine-delta.ts";
import { readSnapshot } from "../../bench/metrics/snapshot.ts";
import { sglangFixtures } from "./fixtures.ts";

const counter = (name: string, lines: Readonly<Record<string, number>>) =>
  `# TYPE ${name} counter\n${Object.entries(lines)
    .map(([labels, value]) => `${name}{${labels}} ${value}\n`)
    .join("")}`;
const difference = (before: string, after: string) => diff(readSnapshot(before), readSnapshot(after));
const derive = (before: string, after: string, seconds = 60) =>
  deriveEngineDelta(difference(before, after), seconds);

test.skipIf(sglangFixtures === null)("SGLang's pages before and after 39 streaming requests", () => {
  const [before, after] = [sglangFixtures!.before, sglangFixtures!.after].map((path) =>
    readFileSync(path, "utf8"),
  );
  const { quantiles, ...fields } = derive(before!, after!, 100);
  expect(fields).toEqual({
    engine: "sglang",
    reset: false,
    wall_clock_seconds: 100,
    prompt_tokens: 230_217,
    generation_tokens: 4251,
    total_tokens: 234_468,
    num_requests: 39,
    input_throughput_tok_per_sec: 2302.17,
    output_throughput_tok_per_sec: 42.51,
    total_throughput_tok_per_sec: 2344.68,
    request_throughput_per_sec: 0.39,
    avg_prompt_tokens_per_req: 5903,
    avg_gen_tokens_per_req: 109,
    avg_e2e_latency_seconds: 18,
    avg_ttft_seconds: 1,
    avg_inter_token_latency_seconds: expect.closeTo(0.02, 9),
    avg_queue_time_seconds: expect.closeTo((0.328 - 0.0004) / 39, 9),
    total_llm_time_seconds: 702,
    cached_tokens: 180_000,
    cache_hit_rate: expect.closeTo(0.782, 3),
    aborted: 2,
    retractions: 3,
    ttft_scope: "streaming",
    observed: {
      timeToFirstToken: { count: 39, seconds: 39 },
      interTokenLatency: { count: 4212, seconds: expect.closeTo(84.24, 9) },
      endToEnd: { count: 39, seconds: 702 },
      queueTime: { count: 39, seconds: expect.closeTo(0.3276, 9) },
    },
    resolution: {},
    unknown: {},
    problems: [],
  });
  expect(quantiles.endToEnd.p50).toMatchObject({ estimate: true, count: 39 });
  // 39 requests support a median, not a 90th percentile.
  expect(quantiles.endToEnd.p90).toBeNull();
});

const seedLines = `sglang:prompt_tokens_total{model_name="m",engine_type="unified",tp_rank="0",dp_rank="0"} 100.0
sglang:prompt_tokens_total{model_name="m",engine_type="unified",tp_rank="0",dp_rank="1"} 250.0
sglang:num_running_reqs{model_name="m"} 3.0
sglang:e2e_request_latency_seconds_sum{model_name="a b } c"} 2.5
sglang:queue_time_seconds_sum{model_name="m"} NaN
sglang:time_to_first_token_seconds_bucket{le="+Inf"} 5.0
sglang:num_requests_total_created{model_name="m"} 1.7e9
`;

test("the lines on which the seed's scraper was wrong", () => {
  expect(derive("", seedLines)).toMatchObject({
    engine: "sglang",
    reset: false,
    prompt_tokens: 350,
    generation_tokens: null,
    total_tokens: null,
    num_requests: null,
    request_throughput_per_sec: null,
    total_llm_time_seconds: 2.5,
    avg_e2e_latency_seconds: null,
    avg_queue_time_seconds: null,
    problems: ["after: sglang:queue_time_seconds_sum is NaN (line 5): no difference"],
  });
});

test("a restart gives a reset and no rate, never a negative number", () => {
  const names = [
    "prompt_tokens_total",
    "generation_tokens_total",
    "num_requests_total",
    "e2e_request_latency_seconds_sum",
  ];
  const page = (value: number) => names.map((name) => `sglang:${name}{model_name="m"} ${value}\n`).join("");
  const derived = derive(page(100), page(10));
  expect(derived).toMatchObject({ reset: true, prompt_tokens: null, total_llm_time_seconds: null });
  expect(derived).toMatchObject({ input_throughput_tok_per_sec: null, avg_prompt_tokens_per_req: null });
  expect(derived.problems).toHaveLength(names.length);
});

test("a series that vanished is a reset", () => {
  const before = counter("sglang:prompt_tokens_total", {
    'is_streaming="true"': 5,
    'is_streaming="false"': 2,
  });
  const after = counter("sglang:prompt_tokens_total", { 'is_streaming="true"': 9 });
  expect(difference(before, after).counters).toMatchObject([
    { value: 4, reset: false },
    { value: null, reset: true },
  ]);
  expect(derive(before, after)).toMatchObject({ reset: true, prompt_tokens: null });
});

test("a start time that moves by more than the time between the scrapes is a reset even when every counter rose", () => {
  const page = (start: number, tokens: number) =>
    `# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds ${start}\n` +
    counter("vllm:prompt_tokens_total", { 'engine="0"': tokens });
  expect(derive(page(1, 5), page(1, 9))).toMatchObject({ engine: "vllm", reset: false, prompt_tokens: 4 });
  expect(derive(page(1, 5), page(99, 9))).toMatchObject({ engine: "vllm", reset: true, prompt_tokens: null });
});

test("a new series counts from zero when it is a counter, and says nothing when it is a gauge", () => {
  const page = counter("sglang:cached_tokens_total", { 'cache_source="device"': 7 });
  expect(derive("sglang:prompt_tokens_total 1\n", `sglang:prompt_tokens_total 15\n${page}`)).toMatchObject({
    cached_tokens: 7,
    cache_hit_rate: 0.5,
  });
  const { gauges } = difference("", "# TYPE sglang:num_running_reqs gauge\nsglang:num_running_reqs 3\n");
  expect(gauges).toMatchObject([{ name: "sglang:num_running_reqs", before: null, after: 3 }]);
});

test("absent in both is null, present and unmoved is zero", () => {
  const page = counter("sglang:prompt_tokens_total", { "": 4 });
  expect(derive(page, page)).toMatchObject({
    prompt_tokens: 0,
    cache_hit_rate: null,
    cached_tokens: null,
    aborted: null,
  });
});

test("tensor-parallel copies count once, data-parallel ranks add up, also where dp rank 1 has no tp rank 0", () => {
  const ranks = (value: number) =>
    counter("sglang:num_retracted_requests_total", {
      'dp_rank="0",pp_rank="0",tp_rank="0"': value,
      'dp_rank="0",pp_rank="0",tp_rank="1"': value,
      'dp_rank="1",pp_rank="0",tp_rank="2"': 2 * value,
      'dp_rank="1",pp_rank="0",tp_rank="3"': 2 * value,
    });
  expect(derive(ranks(1), ranks(4))).toMatchObject({ retractions: 9 });
});

test("histograms of several ranks are not added up either", () => {
  const rank = (tp: number, count: number) =>
    `sglang:queue_time_seconds_sum{tp_rank="${tp}"} ${count / 10}\n` +
    `sglang:queue_time_seconds_bucket{le="0.1",tp_rank="${tp}"} ${count}\n` +
    `sglang:queue_time_seconds_bucket{le="+Inf",tp_rank="${tp}"} ${count}\n` +
    `sglang:queue_time_seconds_count{tp_rank="${tp}"} ${count}\n`;
  const page = (count: number) =>
    `# TYPE sglang:queue_time_seconds histogram\n${rank(0, count)}${rank(1, count)}`;
  const derived = derive(page(0), page(20));
  expect(derived.avg_queue_time_seconds).toBeCloseTo(0.1, 12);
  expect(derived.quantiles.queueTime.p50).toEqual({
    estimate: true,
    value: 0.05,
    lower: 0,
    upper: 0.1,
    count: 20,
  });
});

test("cached tokens: a `total` that repeats the others counts once, one that stands beside them is added", () => {
  const page = (total: number) =>
    counter("sglang:cached_tokens_total", {
      'cache_source="device"': 1000,
      'cache_source="host"': 240,
      'cache_source="total"': total,
    });
  expect(derive("", page(1240))).toMatchObject({ cached_tokens: 1240 });
  expect(derive("", page(60))).toMatchObject({ cached_tokens: 1300 });
  expect(derive("", counter("sglang:cached_tokens_total", { 'cache_source="total"': 60 }))).toMatchObject({
    cached_tokens: 60,
  });
});

test("one series that is not a number makes its sum unknown and nothing else", () => {
  const after =
    counter("sglang:prompt_tokens_total", { 'dp_rank="0"': Number.NaN, 'dp_rank="1"': 5 }) +
    counter("sglang:generation_tokens_total", { "": 3 });
  expect(derive("", after)).toMatchObject({
    prompt_tokens: null,
    generation_tokens: 3,
    total_tokens: null,
    reset: false,
  });
});

test("a series that occurs twice makes its sum unknown", () => {
  const derived = derive("", "sglang:prompt_tokens_total 5\nsglang_prompt_tokens_total 9\n");
  expect(derived).toMatchObject({
    prompt_tokens: null,
    problems: ["after: series occurs more than once: sglang:prompt_tokens_total[]"],
  });
});

test("time to first token is over streaming requests where the engine tells them apart", () => {
  const page = (streaming: readonly number[], other: readonly number[]) =>
    `# TYPE sglang:time_to_first_token_seconds histogram\n${[
      ["true", streaming] as const,
      ["false", other] as const,
    ]
      .filter(([, values]) => values.length > 0)
      .map(
        ([label, [sum, count]]) =>
          `sglang:time_to_first_token_seconds_sum{is_streaming="${label}"} ${sum}\n` +
          `sglang:time_to_first_token_seconds_count{is_streaming="${label}"} ${count}\n`,
      )
      .join("")}`;
  expect(derive("", page([2, 4], [90, 10]))).toMatchObject({
    avg_ttft_seconds: 0.5,
    ttft_scope: "streaming",
  });
  expect(derive("", page([], [90, 10]))).toMatchObject({ avg_ttft_seconds: 9, ttft_scope: "not-streaming" });
  expect(derive(page([2, 4], []), page([2, 4], []))).toMatchObject({
    avg_ttft_seconds: null,
    ttft_scope: "streaming",
  });
});

test("other engines: llama.cpp leaves cached tokens out of its prompt count, vLLM's suffix comes and goes", () => {
  const llama =
    counter("llamacpp:prompt_tokens_total", { "": 10 }) +
    counter("llamacpp:prompt_tokens_cached_total", { "": 30 }) +
    counter("llamacpp:tokens_predicted_total", { "": 7 });
  expect(derive("", llama)).toMatchObject({
    engine: "llama.cpp",
    prompt_tokens: 40,
    cached_tokens: 30,
    cache_hit_rate: 0.75,
    generation_tokens: 7,
    num_requests: null,
  });
  const vllm =
    counter("vllm:prompt_tokens", { 'engine="0"': 3, 'engine="1"': 4 }) +
    counter("vllm:request_success_total", { 'finished_reason="stop"': 5, 'finished_reason="abort"': 1 });
  expect(derive("", vllm)).toMatchObject({ engine: "vllm", prompt_tokens: 7, num_requests: 6, aborted: 1 });
});

test.each([
  [
    "up 1\ngo_goroutines 4\ngo_threads 2\n",
    "none of the prefixes sglang:, vllm:, llamacpp:; found up, go_: nothing can be derived",
  ],
  ["", "none of the prefixes sglang:, vllm:, llamacpp:; found nothing: nothing can be derived"],
  [
    "tgi_request_count 1\n",
    "found tgi_: this is the page of Text Generation Inference, which Tollgate does not know",
  ],
  ["smg_http_requests_total 1\n", "found smg_: this is the page of SGLang's router"],
  [
    "sglang:prompt_tokens_total 1\nvllm:prompt_tokens_total 1\n",
    "metrics of several engines (sglang:, vllm:), which cannot be told apart",
  ],
])("metrics of no engine or of two derive nothing, and say what was found: %#", (page, said) => {
  expect(derive("", page)).toMatchObject({ engine: null, prompt_tokens: null, reset: false });
  expect(derive("", page).problems).toEqual([expect.stringContaining(said)]);
});

test("no rate over an interval without length", () => {
  const page = counter("sglang:prompt_tokens_total", { "": 4 });
  for (const seconds of [0, -1, Number.NaN]) {
    expect(derive("", page, seconds)).toMatchObject({ prompt_tokens: 4, input_throughput_tok_per_sec: null });
  }
});

test("other bucket boundaries mean another process", () => {
  const page = (le: string) => `# TYPE sglang:queue_time_seconds histogram
sglang:queue_time_seconds_bucket{le="${le}"} 1
sglang:queue_time_seconds_bucket{le="+Inf"} 1
sglang:queue_time_seconds_count 1
sglang:queue_time_seconds_sum 1
`;
  expect(difference(page("1.0"), page("2.0")).histograms).toMatchObject([
    { reset: true, count: null, buckets: [] },
  ]);
  expect(difference(page("1.0"), page("1")).histograms).toMatchObject([{ reset: false, count: 0 }]);
});

/** Pages whose numbers only rise, series appearing late: three points in the life of one server. */
const increments = fc.array(fc.nat(1000), { minLength: 3, maxLength: 3 });
const servers = fc.record({
  counters: fc.dictionary(fc.constantFrom("a", "b", "c"), fc.tuple(fc.nat(2), increments)),
  buckets: fc.array(increments, { minLength: 1, maxLength: 4 }),
});
type Server = typeof servers extends fc.Arbitrary<infer T> ? T : never;
const sumUpTo = (values: readonly number[], point: number) =>
  values.slice(0, point + 1).reduce((sum, value) => sum + value, 0);
function pageAt(server: Server, point: number): string {
  const lines = Object.entries(server.counters)
    .filter(([, [firstSeen]]) => point >= firstSeen)
    .map(
      ([label, [firstSeen, values]]) =>
        `c{l="${label}"} ${sumUpTo(values.slice(firstSeen), point - firstSeen)}\n`,
    );
  let cumulative = 0;
  const buckets = server.buckets.map((values, index) => {
    cumulative += sumUpTo(values, point);
    return `h_bucket{le="${index === server.buckets.length - 1 ? "+Inf" : index}"} ${cumulative}\n`;
  });
  return `# TYPE c counter\n${lines.join("")}# TYPE h histogram\n${buckets.join("")}h_count ${cumulative}\nh_sum ${cumulative * 2}\n`;
}
const numbersOf = (delta: Delta) =>
  new Map<string, number>([
    ...delta.counters.map(({ labels, value }) => [`c ${labels.get("l")}`, value ?? Number.NaN] as const),
    ...delta.histograms.flatMap(({ buckets, sum, count }) => [
      ["sum", sum ?? Number.NaN] as const,
      ["count", count ?? Number.NaN] as const,
      ...buckets.map((bucket) => [`le ${bucket.le}`, bucket.count] as const),
    ]),
  ]);

test("diff(a, a) is zero, and diff(a, b) + diff(b, c) = diff(a, c)", () => {
  fc.assert(
    fc.property(servers, (server) => {
      const [a, b, c] = [0, 1, 2].map((point) => readSnapshot(pageAt(server, point)));
      expect([...numbersOf(diff(a!, a!)).values()].every((value) => value === 0)).toBe(true);
      const [first, second, whole] = [diff(a!, b!), diff(b!, c!), diff(a!, c!)].map(numbersOf);
      for (const [key, value] of whole!) expect((first!.get(key) ?? 0) + (second!.get(key) ?? 0)).toBe(value);
      expect(new Set([...first!.keys(), ...second!.keys()])).toEqual(new Set(whole!.keys()));
    }),
  );
});

test("a decrease is never a number, whatever the pages", () => {
  fc.assert(
    fc.property(fc.double(), fc.double(), (before, after) => {
      const text = (value: number) => `# TYPE c counter\nc ${String(value).replace("Infinity", "Inf")}\n`;
      const [only] = difference(text(before), text(after)).counters;
      expect(only!.value === null || only!.value >= 0).toBe(true);
      const possible = [before, after].every((value) => Number.isFinite(value) && value >= 0);
      expect(only!.reset).toBe(possible && after < before);
      expect(only!.value === null).toBe(only!.doubt !== null);
    }),
  );
});

test("a counter that a page prints after its first use is 0 only on pages of versions that have it", () => {
  const page = (more: string) => `sglang:num_requests_total{model_name="m"} 1\n${more}`;
  const gauge = `sglang:kv_used_tokens{tp_rank="0"} 29\n`;
  const counter = (count: number) => `sglang:num_retracted_requests_total{tp_rank="0"} ${count}\n`;
  expect(derive(page(gauge), page(gauge))).toMatchObject({ retractions: 0, aborted: 0, unknown: {} });
  expect(derive(page(gauge), page(gauge + counter(2)))).toMatchObject({ retractions: 2, aborted: 0 });
  const older = derive(page(""), page(""));
  expect(older).toMatchObject({ retractions: null, aborted: null });
  expect(older.unknown.retractions).toContain("the page has no sglang:num_retracted_requests_total");
  // A counter that is there and cannot be used is not 0.
  expect(derive(page(gauge + counter(2)), page(gauge))).toMatchObject({ reset: true, retractions: null });
});
