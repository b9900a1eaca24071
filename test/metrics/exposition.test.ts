import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import parsePrometheusTextFormat from "parse-prometheus-text-format";
import { Registry, Counter, Gauge } from "prom-client";
import { expect, test } from "vitest";
import { ExpositionError, parseExposition, seriesKey } from "../../bench/metrics/exposition.ts";
import { sglangFixtures } from "./fixtures.ts";

/** What reading a page comes to, as a value: the error, or what is to be said about the page. */
function outcomeOf(page: string): unknown {
  try {
    const { samples, warnings } = parseExposition(page);
    return warnings.find((warning) => !warning.startsWith("series occurs")) === undefined
      ? `${samples.length} samples`
      : warnings.join();
  } catch (error) {
    return error;
  }
}
/** Samples as plain data, for whole-value comparison. */
const read = (text: string) =>
  parseExposition(text).samples.map(({ name, labels, value }) => [name, Object.fromEntries(labels), value]);

test("every sample of a labelled histogram survives, in the order in which SGLang prints it", () => {
  const page = `# HELP h Doc.
# TYPE h histogram
h_sum{m="a"} 3.5
h_sum{m="b"} 35.0
h_bucket{le="1.0",m="a"} 1.0
h_bucket{le="+Inf",m="a"} 2.0
h_count{m="a"} 2.0
h_bucket{le="1.0",m="b"} 10.0
h_bucket{le="+Inf",m="b"} 20.0
h_count{m="b"} 20.0
`;
  const { samples } = parseExposition(page);
  expect(
    samples.map(({ name, family, kind, role, labels, value, line }) => [
      name,
      family,
      kind,
      role,
      [...labels.values()].join(),
      value,
      line,
    ]),
  ).toEqual([
    ["h_sum", "h", "histogram", "sum", "a", 3.5, 3],
    ["h_sum", "h", "histogram", "sum", "b", 35, 4],
    ["h_bucket", "h", "histogram", "bucket", "1.0,a", 1, 5],
    ["h_bucket", "h", "histogram", "bucket", "+Inf,a", 2, 6],
    ["h_count", "h", "histogram", "count", "a", 2, 7],
    ["h_bucket", "h", "histogram", "bucket", "1.0,b", 10, 8],
    ["h_bucket", "h", "histogram", "bucket", "+Inf,b", 20, 9],
    ["h_count", "h", "histogram", "count", "b", 20, 10],
  ]);
});

test("the named package alone loses them: the reason for the adapter", () => {
  const page = `# TYPE h histogram\nh_bucket{m="a",le="+Inf"} 2\nh_sum{m="a"} 3\nh_count{m="a"} 2\nh_bucket{m="b",le="+Inf"} 6\n`;
  expect(parsePrometheusTextFormat(page)[0]?.metrics).toHaveLength(1);
  expect(parseExposition(page).samples).toHaveLength(4);
});

test.each<[string, string, unknown[]]>([
  ["empty HELP", "# HELP x\n# HELP y \n# TYPE x counter\nx 1\n", [["x", {}, 1]]],
  [
    "no final line feed",
    'a{x="1"} 1\na{x="2"} 2',
    [
      ["a", { x: "1" }, 1],
      ["a", { x: "2" }, 2],
    ],
  ],
  [
    "escapes, braces and other scripts",
    String.raw`a{p="C:\\DIR\\F.TXT",e="no\n\"q\"",br="a}b{c,d=e",u="日本"} 1` + "\n",
    [["a", { p: "C:\\DIR\\F.TXT", e: 'no\n"q"', br: "a}b{c,d=e", u: "日本" }, 1]],
  ],
  [
    "exemplars",
    'f_bucket{le="0.1"} 8 # {trace_id="a # b"} 0.054\nf_total 17 # {id="a"} 1 1520879607.789\n',
    [
      ["f_bucket", { le: "0.1" }, 8],
      ["f_total", {}, 17],
    ],
  ],
  [
    "labels that an object would lose",
    'a{__proto__="x",constructor="y"} 1\n',
    [["a", JSON.parse('{"__proto__":"x","constructor":"y"}'), 1]],
  ],
  [
    "empty label set, trailing comma, blanks, tabs, CRLF",
    'x{} 1\r\nx{a="1",} 1\r\n\tx { a = "2" , b="3" }\t1  \r\n',
    [
      ["x", {}, 1],
      ["x", { a: "1" }, 1],
      ["x", { a: "2", b: "3" }, 1],
    ],
  ],
  [
    "special values in any case",
    "a NaN\nb Nan\nc +Inf\nd -inf\ne Inf\nf 8.128902e+06\ng -.5\nh 1.\n",
    [
      ["a", {}, NaN],
      ["b", {}, NaN],
      ["c", {}, Infinity],
      ["d", {}, -Infinity],
      ["e", {}, Infinity],
      ["f", {}, 8128902],
      ["g", {}, -0.5],
      ["h", {}, 1],
    ],
  ],
  [
    "interleaved families",
    "a 1\nb 2\na_c 3\n",
    [
      ["a", {}, 1],
      ["b", {}, 2],
      ["a_c", {}, 3],
    ],
  ],
  [
    "both spellings of a namespace",
    "sglang:x 1\nsglang_y 2\nvllm_z 3\nmy_sglang_y 4\n",
    [
      ["sglang:x", {}, 1],
      ["sglang:y", {}, 2],
      ["vllm:z", {}, 3],
      ["my_sglang_y", {}, 4],
    ],
  ],
  ["free comments and nothing", "#!\n# just text\n\n   \n", []],
])("%s", (_, page, expected) => {
  expect(read(page)).toEqual(expected);
});

test.each<[string, string, number, string]>([
  ["name without a value", "a 1\nfoo\n", 2, "a value must follow"],
  ["value cut off after the labels", 'foo{a="1"}\n', 1, "one value"],
  ["label set cut inside a value", 'a 1\nfoo{a="1', 2, "label must be"],
  ["label set cut after a label", 'foo{a="1"', 1, "closed by }"],
  ["label set cut after a comma", 'foo{a="1",', 1, "not closed"],
  ["label without quotes", "foo{a=1} 2\n", 1, "label must be"],
  ["one label twice", 'foo{a="1",a="2"} 2\n', 1, "occurs twice"],
  ["number with a separator", "a 1_000\n", 1, "not a number"],
  ["hexadecimal number", "a 0x10\n", 1, "not a number"],
  ["a third token", "a 1 2 3\n", 1, "one value"],
  ["timestamp that is none", "a 1 soon\n", 1, "not a timestamp"],
  ["HTML error page", "<html>not metrics</html>\n", 1, "metric name"],
  ["JSON error page", '{"detail":"Not Found"}', 1, "quoted UTF-8 names"],
  ["quoted UTF-8 name", '{"my.metric",a="1"} 5\n', 1, "version=0.0.4"],
  ["TYPE line cut off", "# TYPE foo", 1, "TYPE line"],
  ["text after the end mark", "a 1\n# EOF\nb 2\n", 3, "nothing may follow"],
])("%s is an error with its line", (...[, page, line, reason]) => {
  const error = outcomeOf(page);
  expect(error).toBeInstanceOf(ExpositionError);
  expect(error).toMatchObject({ code: "TOLLGATE_EXPOSITION", line, reason: expect.stringContaining(reason) });
});

test("a page cut anywhere inside a line is refused or says that it may be cut", () => {
  const page = 'a{x="1"} 1\nb{y="two",z="3"} 4.5e3 1700000000000\n';
  for (let end = 1; end < page.length; end++) {
    const cut = page.slice(0, end);
    if (cut.endsWith("\n")) continue;
    const outcome = outcomeOf(cut);
    const shown = outcome instanceof ExpositionError ? "refused" : String(outcome);
    expect(`${JSON.stringify(cut)}: ${shown}`).toMatch(/refused|may have been cut/);
  }
});

test("a series that occurs twice is kept and flagged, wherever its lines are and however its labels are ordered", () => {
  const { samples, duplicates, warnings } = parseExposition('a{x="1",y="2"} 1\nb 1\na{y="2",x="1"} 2\n');
  expect(samples.map(({ value }) => value)).toEqual([1, 1, 2]);
  expect([...duplicates]).toEqual([
    seriesKey(
      "a",
      new Map([
        ["x", "1"],
        ["y", "2"],
      ]),
    ),
  ]);
  expect(warnings).toEqual(['series occurs more than once: a[["x","1"],["y","2"]]']);
});

test("OpenMetrics: counters keep their suffix, creation times are no counts, timestamps are seconds", () => {
  const page = `# TYPE foo counter\nfoo_total{a="1"} 17.0 1520879607.789\nfoo_created{a="1"} 1.5e9\n# EOF\n`;
  expect(parseExposition(page).samples).toMatchObject([
    { name: "foo_total", family: "foo", kind: "counter", role: "value", timestampMs: 1_520_879_607_789 },
    { name: "foo_created", family: "foo", kind: "counter", role: "created", timestampMs: null },
  ]);
});

test("a gauge called s_count and a histogram called s are told apart by their blocks", () => {
  const page = `# TYPE s_count gauge\ns_count 4\n# TYPE s histogram\ns_bucket{le="+Inf"} 1\ns_count 1\ns_sum 1\n`;
  const { samples, duplicates } = parseExposition(page);
  expect(samples.map(({ family, kind, role, value }) => [family, kind, role, value])).toEqual([
    ["s_count", "gauge", "value", 4],
    ["s", "histogram", "bucket", 1],
    ["s", "histogram", "count", 1],
    ["s", "histogram", "sum", 1],
  ]);
  expect(duplicates.size).toBe(0);
});

test("without TYPE lines the naming convention tells buckets, sums, counts and creation times apart", () => {
  const names = ["x_sum", "x_count", "x_total", "x_total_created", "x"];
  expect(parseExposition(names.map((name) => `${name} 1\n`).join("")).samples).toMatchObject([
    { kind: "untyped", family: "x", role: "sum" },
    { kind: "untyped", family: "x", role: "count" },
    { kind: "untyped", family: "x_total", role: "value" },
    { kind: "untyped", family: "x_total", role: "created" },
    { kind: "untyped", family: "x", role: "value" },
  ]);
});

const labelValue = fc.string({ unit: "binary", maxLength: 12 });
const labelName = fc.stringMatching(/^[a-zA-Z_]\w{0,6}$/);
const sampleArbitrary = fc.record({
  name: fc.stringMatching(/^[a-zA-Z_:][\w:]{0,8}$/),
  labels: fc.dictionary(labelName, labelValue, { maxKeys: 4 }),
  value: fc.double(),
});
const escaped = (text: string) =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
const numberText = (value: number) =>
  value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : Object.is(value, -0) ? "-0" : String(value);

test("any page written by the rules is read back whole, in order", () => {
  fc.assert(
    fc.property(fc.array(sampleArbitrary, { maxLength: 20 }), (samples) => {
      const page = samples
        .map(({ name, labels, value }) => {
          const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
          return `${name}{${pairs.join(",")}} ${numberText(value)}\n`;
        })
        .join("");
      const back = parseExposition(page).samples;
      expect(back.map(({ labels, value }) => ({ labels: new Map(labels), value }))).toEqual(
        samples.map(({ labels, value }) => ({ labels: new Map(Object.entries(labels)), value })),
      );
    }),
  );
});

test("on pages of counters and gauges by prom-client the adapter and the package agree", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(labelValue, fc.double({ noNaN: true, min: 0 })), {
        selector: ([label]) => label,
        maxLength: 8,
      }),
      async (entries) => {
        const registry = new Registry();
        const counter = new Counter({
          name: "c_total",
          help: "C.",
          labelNames: ["l"],
          registers: [registry],
        });
        const gauge = new Gauge({ name: "g", help: "G.", labelNames: ["l"], registers: [registry] });
        for (const [label, value] of entries) {
          counter.inc({ l: label }, Math.min(value, 1e15));
          gauge.set({ l: label }, value);
        }
        const page = await registry.metrics();
        const plain = parsePrometheusTextFormat(`${page}\n`).flatMap(({ name, type, metrics }) =>
          metrics.map(({ labels, value }) => [
            name,
            type.toLowerCase(),
            labels?.["l"],
            Number(value?.replace("Inf", "Infinity")),
          ]),
        );
        const adapted = parseExposition(page).samples.map(({ name, kind, labels, value }) => [
          name,
          kind,
          labels.get("l"),
          value,
        ]);
        expect(adapted).toEqual(plain);
      },
    ),
    { numRuns: 50 },
  );
});

test("random text is refused, or every line of it that is no comment is a sample", () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom("a", "{", "}", "=", '"', "\\", "1", " ", "\n", "#", ",", "_"),
        maxLength: 60,
      }),
      (text) => {
        const outcome = outcomeOf(`${text}\n`);
        const held = text.split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("#"));
        expect(outcome instanceof ExpositionError || outcome === `${held.length} samples`).toBe(true);
      },
    ),
    { numRuns: 2000 },
  );
});

test.skipIf(sglangFixtures === null)("SGLang's own pages are read without a warning", () => {
  const { before, after } = sglangFixtures!;
  const lines = (text: string) =>
    text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
  for (const page of [before, after].map((path) => readFileSync(path, "utf8"))) {
    const { samples, warnings } = parseExposition(page);
    expect(samples).toHaveLength(lines(page));
    expect(warnings).toEqual([]);
    expect(samples.filter(({ kind }) => kind === "untyped")).toEqual([]);
  }
});
