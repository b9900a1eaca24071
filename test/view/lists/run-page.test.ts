import { expect, test } from "vitest";
import { measuredCell } from "../../analysis/measured-cell-builder.ts";
import { buildIdentity, plannedCell } from "../../store/run-builder.ts";
import { runPage, type RunExtras } from "../../../bench/view/lists/run-page.ts";
import type { RunFacts } from "../../../bench/view/run-facts.ts";
import { rowOf } from "../row-builder.ts";

const cells = [plannedCell("raw", 3), plannedCell("gateway", 3)];
const run: RunFacts = {
  name: "laptop-1",
  directory: "/runs/laptop-1",
  identity: buildIdentity({ cells }),
  state: "complete",
  ended: true,
  error: null,
  version: "1",
  rows: [rowOf({ episodeId: "a" }), rowOf({ episodeId: "b", arm: "gateway", reward: 0 })],
  cells: cells.map((planned) => ({
    planned,
    state: "complete",
    finished: 1,
    failed: 0,
    judged: 1,
    passed: 1,
    summary: null,
    verdict: null,
  })),
};
const extras: RunExtras = { report: null, hasPage: true, next: null, failures: [] };

test.each([
  { when: "at its end", says: /The whole report<\/a\s*>: what the arms add/ },
  {
    when: "while it goes on",
    facts: { state: "running", ended: false },
    more: { hasPage: false },
    says: /written when the run ends\.\s*</,
  },
  {
    when: "while it goes on again",
    facts: { state: "running", ended: false },
    says: /written when the run ends\.\s*<a.*That of an earlier call/s,
  },
  {
    when: "killed after it went on",
    facts: { state: "interrupted", ended: false },
    says: /is that of an earlier call of the command/,
  },
  {
    when: "killed",
    facts: { state: "interrupted", ended: false },
    more: { hasPage: false },
    says: /There is no report yet/,
  },
] as const)("a report is said to be that of this run as it is now, or not: $when", ({ says, ...given }) => {
  const [facts, more] = ["facts" in given ? given.facts : {}, "more" in given ? given.more : {}];
  expect(runPage({ ...run, ...facts }, { ...extras, ...more })).toMatch(says);
});

test("what to do next, why it failed, and tasks whose arms differ are said; a run that goes on needs nothing", () => {
  const next = { why: "go on", command: "tollgate resume /runs/laptop-1" };
  const stopped = runPage({ ...run, state: "failed", error: "the engine died" }, { ...extras, next });
  expect(stopped).toMatch(/To go on: <code>tollgate resume \/runs\/laptop-1<\/code>/);
  expect(stopped).toContain("the engine died");
  expect(stopped).toMatch(/another end in another arm<\/a\s*>:\s+1\s+of\s+1/);
  expect(runPage({ ...run, state: "running" }, { ...extras, next })).not.toContain("tollgate resume");
});

test("beside what passed stands what of the data it is of, where a whole is known", () => {
  const { summary } = measuredCell("raw", { pathMs: 1 });
  const coverage = { of: "problems", scored: 5, selected: 5, total: 164, text: "5/164, partial" };
  const covered = run.cells.map((cell) => ({ ...cell, summary: { ...summary, coverage } }));
  expect(runPage({ ...run, cells: covered }, extras)).toContain("1/1 (5/164, partial)");
  expect(runPage(run, extras)).not.toContain("partial");
});
