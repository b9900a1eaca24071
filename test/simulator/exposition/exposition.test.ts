import { expect, test } from "vitest";
import {
  HistogramFamily,
  sampleValue,
  ScalarFamily,
  writeExposition,
} from "../../../bench/simulator/exposition/exposition.ts";

test("a page in the order and the digits of prometheus_client in multiprocess mode", () => {
  const requests = new ScalarFamily("counter", "sglang:num_requests_total", "Requests.");
  const untouched = new ScalarFamily("counter", "sglang:never_total", "Never.");
  const latency = new HistogramFamily("sglang:latency_seconds", "Latency.", [0.1, 1, 400]);
  requests.add({ z: "last", a: 'quote " slash \\ line \n' }, 6);
  latency.observe({ is_streaming: "false", model_name: "m" }, 0.1);
  latency.observe({ is_streaming: "true", model_name: "m" }, 3, 4);
  latency.observe({ is_streaming: "true", model_name: "m" }, 1000);
  expect(writeExposition([latency, untouched, requests])).toBe(`# HELP sglang:latency_seconds Latency.
# TYPE sglang:latency_seconds histogram
sglang:latency_seconds_sum{is_streaming="false",model_name="m"} 0.1
sglang:latency_seconds_sum{is_streaming="true",model_name="m"} 1003.0
sglang:latency_seconds_bucket{is_streaming="false",le="0.1",model_name="m"} 1.0
sglang:latency_seconds_bucket{is_streaming="false",le="1.0",model_name="m"} 1.0
sglang:latency_seconds_bucket{is_streaming="false",le="400.0",model_name="m"} 1.0
sglang:latency_seconds_bucket{is_streaming="false",le="+Inf",model_name="m"} 1.0
sglang:latency_seconds_count{is_streaming="false",model_name="m"} 1.0
sglang:latency_seconds_bucket{is_streaming="true",le="0.1",model_name="m"} 0.0
sglang:latency_seconds_bucket{is_streaming="true",le="1.0",model_name="m"} 4.0
sglang:latency_seconds_bucket{is_streaming="true",le="400.0",model_name="m"} 4.0
sglang:latency_seconds_bucket{is_streaming="true",le="+Inf",model_name="m"} 5.0
sglang:latency_seconds_count{is_streaming="true",model_name="m"} 5.0
# HELP sglang:num_requests_total Requests.
# TYPE sglang:num_requests_total counter
sglang:num_requests_total{a="quote \\" slash \\\\ line \\n",z="last"} 6.0
`);
});

test("values", () => {
  const cases: readonly (readonly [number, string])[] = [
    [6, "6.0"],
    [230217, "230217.0"],
    [999999, "999999.0"],
    [1000000, "1e+06"],
    [8128902, "8.128902e+06"],
    [1234567.5, "1.2345675e+06"],
    [0.0004, "0.0004"],
    [-1048576, "-1048576.0"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "+Inf"],
  ];
  expect(cases.map(([value]) => sampleValue(value))).toEqual(cases.map(([, text]) => text));
});
