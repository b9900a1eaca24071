import { expect, test } from "vitest";
import type { TaxReport } from "../../bench/tax/tax-report.ts";
import { taxSuite } from "../../bench/tax/tax-suite.ts";

const report = (part: Partial<TaxReport>): TaxReport => ({
  v: 1,
  kind: "tax",
  raw: "http://127.0.0.1:30000",
  gateway: "http://127.0.0.1:8080",
  model: "m",
  simulated: false,
  createdAt: "2026-01-01T00:00:00.000Z",
  machine: "a machine",
  seconds: 117,
  maxTokens: 16,
  loads: [],
  requests: 100,
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
const limit = (status: "kept" | "crossed" | "cannot-tell") => ({ text: "+5ms", status });

test.each([
  { part: {}, problems: [null] },
  { part: { limit: limit("kept") }, problems: [null, null] },
  { part: { limit: limit("crossed") }, problems: [null, "crossed"] },
  { part: { limit: limit("cannot-tell") }, problems: [null, "cannot-tell"] },
  { part: { usable: false, against: ["answers altered"] }, problems: ["not-usable"] },
  // Numbers that do not stand keep no limit.
  { part: { usable: false, against: ["x"], limit: limit("kept") }, problems: ["not-usable", "cannot-tell"] },
])("a tax with $part has the problems $problems", ({ part, problems }) => {
  const { cases } = taxSuite(report(part));
  expect(cases.map(({ problem }) => problem?.type ?? null)).toEqual(problems);
});
