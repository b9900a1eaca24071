import * as fc from "fast-check";
import { expect, test } from "vitest";
import { diff } from "../../bench/metrics/delta.ts";
import { deriveEngineDelta } from "../../bench/metrics/engine-delta.ts";
import { readPrinted } from "../../bench/metrics/numeral.ts";
import { readSnapshot } from "../../bench/metrics/snapshot.ts";

const page = (prompt: string, more: Readonly<Record<string, string>> = {}) =>
  Object.entries({ "llamacpp:prompt_tokens_total": prompt, ...more })
    .map(([name, value]) => `# TYPE ${name} counter\n${name} ${value}\n`)
    .join("");
const cached = { "llamacpp:prompt_tokens_cached_total": "0" };
const derive = (before: string, after: string) =>
  deriveEngineDelta(diff(readSnapshot(before), readSnapshot(after)), 10);

test.each<[string, number, number | null]>([
  ["123", 3, null],
  ["123.0", 4, null],
  ["0.00120", 3, null],
  ["1.5e+06", 2, 6],
  ["1.90511e+06", 6, 6],
  ["19E5", 2, 5],
  ["-1.50E+00", 3, 0],
  ["0", 0, null],
  ["NaN", 0, null],
  ["+Inf", 0, null],
])("%s is written with %i digits", (text, digits, exponent) => {
  expect(readPrinted(text)).toEqual({ digits, exponent });
});

/** Both pages, and by how much the difference may be wrong: null where it is exact. */
test.each<[string, string, string, number | null]>([
  ["six digits of seven", "1.90511e+06", "1.90535e+06", 10],
  ["six digits of eight", "1.90511e+07", "1.90535e+07", 100],
  ["zeros left out of six digits", "1.9e+06", "1.905e+06", 10],
  ["a million", "1e+06", "1.00024e+06", 10],
  ["from exact to rounded", "999990", "1.00024e+06", 5],
  ["a new counter", "", "1.00024e+06", 5],
  ["small numbers are whole", "103", "343", null],
  ["written with a point", "123456.0", "123696.0", null],
  ["every digit of seven", "1.905113e+06", "1.905353e+06", null],
  ["every digit of seven, zeros left out once", "1.90511e+06", "1.905353e+06", null],
  ["every digit of eight, one left out", "1.2345678e+07", "1.234592e+07", null],
  ["no exponent", "1905113", "1905353", null],
  ["no exponent, zeros at the end", "1905110", "1905350", null],
  ["three digits (%.3g)", "1.23e+05", "1.24e+05", 1000],
  ["three digits of four (%.3g)", "1.23e+03", "1.24e+03", 10],
  ["always an exponent, all digits", "1.234560e+05", "1.236960e+05", null],
  ["always an exponent, four digits", "1.235e+05", "1.237e+05", 100],
  ["a mantissa of two places", "19.0511e+05", "19.0535e+05", 10],
  ["upper case", "1.90511E+06", "1.90535E+06", 10],
  ["exponents where none is needed", "1.5e+01", "2.5e+02", 5],
])("%s: %s, then %s", (...[, before, after, plusMinus]) => {
  const derived = derive(page(before === "" ? "0" : before, cached), page(after, cached));
  expect(derived.prompt_tokens).toBe(Number(after) - Number(before));
  expect(derived.resolution.prompt_tokens?.plus_minus ?? null).toBe(plusMinus);
  expect(derived.problems).toEqual([]);
});

test("beyond what a double holds a counter is not exact, and digits of another program's numbers say nothing", () => {
  const large = derive(page("9007199254740995", cached), page("9007199254740999", cached));
  expect(large.resolution.prompt_tokens).toMatchObject({ plus_minus: 2, digits: 16 });
  const clock = "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds 1.79532481221e+09\n";
  const beside = derive(page("1.90511e+06", cached) + clock, page("1.90535e+06", cached) + clock);
  expect(beside.resolution.prompt_tokens).toEqual({ plus_minus: 10, digits: 6 });
});

test("the bounds of a sum add up", () => {
  const derived = derive(
    page("1.90511e+06", { ...cached, "llamacpp:prompt_tokens_cached_total": "2.00001e+06" }),
    page("1.90535e+06", { ...cached, "llamacpp:prompt_tokens_cached_total": "2.00102e+06" }),
  );
  expect(derived.prompt_tokens).toBe(1250);
  expect(derived.resolution).toMatchObject({
    prompt_tokens: { plus_minus: 20, digits: 6 },
    cached_tokens: { plus_minus: 10, digits: 6 },
  });
  const series = (a: string, b: string) =>
    `# TYPE vllm:prompt_tokens_total counter\nvllm:prompt_tokens_total{engine="0"} ${a}\nvllm:prompt_tokens_total{engine="1"} ${b}\n`;
  const ranks = derive(series("1.00001e+06", "7"), series("1.00102e+06", "1.00102e+06"));
  expect(ranks.resolution.prompt_tokens).toEqual({ plus_minus: 15, digits: 6 });
});

test("a mean of rounded sums carries its bound where it is felt", () => {
  const times = (sum: string, count: string) =>
    `# TYPE vllm:e2e_request_latency_seconds histogram\nvllm:e2e_request_latency_seconds_bucket{le="+Inf"} ${count}\nvllm:e2e_request_latency_seconds_sum ${sum}\nvllm:e2e_request_latency_seconds_count ${count}\n`;
  const rounded = derive(times("123456", "1000"), times("123461", "1010"));
  expect(rounded.avg_e2e_latency_seconds).toBe(0.5);
  expect(rounded.resolution.avg_e2e_latency_seconds?.plus_minus).toBeCloseTo(0.1, 9);
  const whole = derive(times("123456.0000001", "1000"), times("123461.0000001", "1010"));
  expect(whole.resolution.avg_e2e_latency_seconds).toBeUndefined();
  const short = derive(times("0.5", "1"), times("5.5", "11"));
  expect(short.resolution.avg_e2e_latency_seconds).toBeUndefined();
});

/** As C++ streams and `%g` write. */
function sixDigits(count: number): string {
  if (count < 1e6) return String(count);
  const [mantissa = "", exponent = ""] = count.toExponential(5).split("e+");
  return `${mantissa.replace(/\.?0+$/, "")}e+${exponent.padStart(2, "0")}`;
}

test("the true difference always lies within the bound", () => {
  fc.assert(
    fc.property(fc.nat(2_000_000_000), fc.nat(100_000_000), (start, grown) => {
      const derived = derive(page(sixDigits(start), cached), page(sixDigits(start + grown), cached));
      // A page on which nothing moved by what it shows may be rounded both ways.
      const { prompt_tokens: seen, resolution } = derived;
      expect(Math.abs((seen ?? Number.NaN) - grown)).toBeLessThanOrEqual(
        resolution.prompt_tokens?.plus_minus ?? 0,
      );
    }),
  );
});
