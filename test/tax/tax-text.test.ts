import { describe, expect, test } from "vitest";
import type { Added, AddedToRequest, LoadFindings } from "../../bench/tax/findings.ts";
import { taxText } from "../../bench/tax/tax-text.ts";
import type { TaxReport } from "../../bench/tax/tax-report.ts";

const added = (estimate: number, half: number, medianHalf = half): Added => ({
  interval: { estimate, low: estimate - half, high: estimate + half, confidence: 0.95, units: 6 },
  median: { estimate, low: estimate - medianHalf, high: estimate + medianHalf, confidence: 0.95, units: 6 },
  pairs: 54,
  baselineMs: 100,
});
const nothing: Added = { interval: null, median: null, pairs: 0, baselineMs: null };
const both = (estimate: number, half: number): AddedToRequest => ({
  firstToken: added(estimate, half),
  whole: added(estimate + 0.3, half),
});
const noDrops = { "not answered": 0, "other output tokens": 0 } as LoadFindings["leftOut"]["gateway"];

const load = (name: string, part: Partial<LoadFindings> = {}): LoadFindings => ({
  load: name,
  blocks: 6,
  added: both(5.61, 0.18),
  anyProxy: both(0.55, 0.14),
  gatewayItself: both(5.06, 0.2),
  floor: both(-0.32, 0.19),
  bySize: [2918, 11_420, 28_800].map((bodyBytes, at) => ({
    size: ["2.9 kB", "11 kB", "29 kB"][at] ?? "",
    bodyBytes,
    ...both(5.5, 0.3),
  })),
  byTurn: [1, 2, 3].map((turn) => ({ turn, ...both(5.6, 0.4) })),
  streaming: "comparable",
  leftOut: { gateway: noDrops, raw: noDrops },
  ...part,
});
const report = (part: Partial<TaxReport> = {}): TaxReport => ({
  v: 1,
  kind: "tax",
  raw: "http://127.0.0.1:30000",
  gateway: "http://127.0.0.1:8080",
  model: "tollgate-sim",
  simulated: true,
  createdAt: "2026-01-01T00:00:00.000Z",
  machine: "2 x some processor",
  seconds: 117,
  maxTokens: 16,
  loads: [load("closed:1"), load("closed:4")],
  requests: 2304,
  errors: [],
  limit: null,
  usable: true,
  against: [],
  doubts: [],
  alterations: { asked: 11, of: 11, findings: [], unrepeatable: [] },
  refused: [],
  notMeasured: [],
  directory: null,
  ...part,
});
const linesOf = (part?: Partial<TaxReport>) => taxText(report(part)).split("\n");

test("ten lines of 80 columns, the answer on the second", () => {
  const lines = linesOf();
  expect(lines).toMatchInlineSnapshot(`
    [
      "Tollgate tax  raw http://127.0.0.1:30000  gateway http://127.0.0.1:8080",
      "Added at 1 in flight: first token 5.61 ms, whole request 5.91 ms.",
      " 1 in flight  first token +5.61 [+5.43, +5.79]  whole +5.91 [+5.73, +6.09] ms",
      " 4 in flight  first token +5.61 [+5.43, +5.79]  whole +5.91 [+5.73, +6.09] ms",
      " of it        any proxy +0.55 [+0.41, +0.69], itself +5.06 [+4.86, +5.26] ms",
      " by body, kB  first token: 3 +5.50 ±0.30  11 +5.50 ±0.30  29 +5.50 ±0.30",
      " by turn      first token: 1 +5.60 ±0.40  2 +5.60 ±0.40  3 +5.60 ±0.40",
      " floor        raw against itself -0.32 [-0.51, -0.13] ms: what is nothing here",
      " checked      answers alike: 11 of 11; no errors in 2304 requests",
      " measured     SIMULATED tollgate-sim, 6 + 6 blocks, 1 min 57 s, 95 % intervals",
    ]
  `);
  expect(lines).toHaveLength(10);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

describe("the second line", () => {
  const second = (part: Partial<TaxReport>) => linesOf(part)[1];
  test("nothing is seen", () => {
    expect(second({ loads: [load("closed:1", { added: both(-0.2, 0.5) })] })).toBe(
      "No cost seen at 1 in flight: first token within 0.70 ms, whole within 0.60 ms.",
    );
  });
  test("one is seen and the other is not; faster has its sign", () => {
    const one = { firstToken: added(41, 2), whole: added(0.1, 0.4) };
    expect(second({ loads: [load("closed:1", { added: one })] })).toBe(
      "Added at 1 in flight: first token 41.0 ms, whole request within 0.50 ms.",
    );
    expect(second({ loads: [load("closed:8", { added: both(-3, 0.5) })] })).toBe(
      "Added at 8 in flight: first token -3.00 ms, whole request -2.70 ms.",
    );
  });
  test("what speaks against the numbers comes in their place, the rest of it below", () => {
    const lines = linesOf({ usable: false, against: ["answer-altered: stream: text", "failing: 9 of 90"] });
    expect(lines[1]).toBe("NOT USABLE: answer-altered: stream: text.");
    expect(lines).toContain("note: failing: 9 of 90");
  });
  test("a gateway that does not stream has no first token", () => {
    const held: Partial<LoadFindings> = {
      streaming: "simulated",
      added: { firstToken: nothing, whole: added(4, 1) },
    };
    const lines = linesOf({ loads: [load("closed:1", held)] });
    expect(lines[1]).toBe(
      "It streams nothing: all tokens come at the end. A whole request: 4.00 ms (1 in flight).",
    );
    expect(lines[2]).toBe(" 1 in flight  first token not streamed  whole +4.00 [+3.00, +5.00] ms");
    expect(lines.find((line) => line.startsWith(" by turn"))).toContain("whole request: 1 +5.90");
  });
});

test("nothing is only in the JSON: limits, drops, fields, medians, what was not measured", () => {
  const dropped = { ...noDrops, "other output tokens": 7 };
  const lines = linesOf({
    limit: { text: "+5ms", status: "cannot-tell" },
    notMeasured: ["large requests: no time, see --minutes"],
    doubts: ["client-limited: sent late"],
    errors: [{ arm: "gateway", class: "status 503", count: 3, of: 900, first: null }],
    alterations: {
      asked: 9,
      of: 11,
      findings: [
        { question: "stream", what: "usage.extra is left out", content: false },
        { question: "stop", what: "usage.extra is left out", content: false },
      ],
      unrepeatable: ["logprobs"],
    },
    loads: [
      load("closed:1", {
        added: { firstToken: added(5, 9, 0.4), whole: added(5, 0.5) },
        leftOut: { gateway: dropped, raw: noDrops },
        anyProxy: null,
        gatewayItself: null,
      }),
    ],
  });
  const text = lines.join("\n");
  expect(text).toContain(" of it        not split: no time for the null proxy");
  expect(text).toContain(
    " checked      answers alike: 9 of 9 (2 not asked); 1 fields differ; 3 of 2304 requests failed",
  );
  expect(text).toContain(" limit +5ms   CANNOT TELL");
  expect(text).toContain("note: client-limited: sent late");
  expect(text).toContain("note: not measured: large requests: no time, see --minutes");
  expect(text).toContain("by medians: first token\n  +5.00 [+4.60, +5.40] ms");
  expect(text).toContain("note: 1 in flight: pairs left out: 7 other output tokens");
  expect(text).toContain("note: usage.extra is left out (stream, stop)");
  expect(text).toMatch(/does not repeat its answer at temperature 0.*\n.*logprobs/);
});

test("blocks that were never measured give words and no numbers", () => {
  const none: AddedToRequest = { firstToken: nothing, whole: nothing };
  const empty = load("closed:1", {
    added: none,
    floor: none,
    bySize: [],
    byTurn: [],
    anyProxy: none,
    gatewayItself: none,
  });
  const text = taxText(report({ loads: [empty], usable: false, against: ["interrupted: 0 blocks"] }));
  expect(text).toContain("NOT USABLE: interrupted: 0 blocks.");
  expect(text).not.toMatch(/NaN|null|undefined/);
});
