import { expect, test } from "vitest";
import { cellFidelity, fidelityReasons } from "../../../bench/analysis/cell/cell-fidelity.ts";
import { judgeCell } from "../../../bench/analysis/cell/judge-cell.ts";
import { fidelityTables } from "../../../bench/report/tables/fidelity-table.ts";
import { findingKinds, type FidelityFacts, type FindingKind } from "../../../bench/store/fidelity-facts.ts";

const finding = (kind: FindingKind, count: number, about = "temperature changed") => ({
  kind,
  about,
  what: "temperature 0 was sent, 0.7 reached the engine",
  count,
  of: 8,
  first: { requestId: `r${count}`, episodeId: "e", before: "0", after: "0.7" },
});
const segment = (
  findings: FidelityFacts["findings"],
  unknown: FidelityFacts["unknown"] = [],
): FidelityFacts => ({
  v: 1,
  arm: "gw",
  requests: 10,
  comparedRequests: 8,
  comparedAnswers: 7,
  findings,
  unknown,
});

test("segments are added up, and the first of each kind of change is kept", () => {
  const unknown = [{ what: "bodies", count: 2 }];
  const cell = cellFidelity([
    null,
    segment([finding("request", 3)], unknown),
    segment([finding("request", 5)], unknown),
  ]);
  expect(cell).toMatchObject({ requests: 20, comparedRequests: 16, comparedAnswers: 14 });
  expect(cell?.findings).toEqual([{ ...finding("request", 3), count: 8, of: 16 }]);
  expect(cell?.unknown).toEqual([{ what: "bodies", count: 4 }]);
  expect(cellFidelity([null])).toBe(null);
});

test("each kind of finding spoils a cell, or does not, in one sentence", () => {
  const verdicts = Object.fromEntries(
    findingKinds.map((kind) => {
      const [reason] = fidelityReasons(cellFidelity([segment([finding(kind, 2)])]));
      return [kind, reason?.verdict ?? "sound"];
    }),
  );
  expect(verdicts).toEqual({
    request: "request-altered",
    answer: "answer-altered",
    "hidden-failure": "answer-altered",
    "not-from-engine": "answer-altered",
    "other-engine": "answer-altered",
    "gateway-failure": "sound",
    retried: "sound",
    "own-request": "sound",
    declared: "sound",
    form: "sound",
  });
  const [altered] = fidelityReasons(cellFidelity([segment([finding("request", 2)])]));
  expect(altered?.detail).toBe(
    "temperature 0 was sent, 0.7 reached the engine, in 2 of 8 requests; first: request r2",
  );
  const hidden = { ...finding("hidden-failure", 3, "cut"), what: "the engine's answer was cut off" };
  expect(fidelityReasons(cellFidelity([segment([hidden])]))[0]?.detail).toBe(
    "the gateway turned 3 cut answers of the engine into complete ones: the engine's answer was cut off, in 3 of 10 requests; first: request r3",
  );
});

test("a cell whose requests were altered is request-altered, also where tokens are exact", () => {
  const { verdict } = judgeCell({
    planned: 1,
    finished: 1,
    segments: [],
    agentEngine: null,
    tokenCheck: { status: "exact", details: [] },
    answered: 1,
    innerRequests: 1,
    pressure: [],
    seconds: 1,
    fidelity: cellFidelity([segment([finding("answer", 1), finding("request", 1)])]),
  });
  expect(verdict).toBe("request-altered");
});

test("the table has a row for each finding and one for all spellings; what was equal and what is unknown stands below", () => {
  const forms = [finding("form", 8, "order of keys"), finding("form", 4, "null or absent")];
  const cells = [
    { cell: "c1-gw", fidelity: segment([finding("request", 2), ...forms], [{ what: "bodies", count: 2 }]) },
    { cell: "c1-raw", fidelity: segment([]) },
  ];
  const [table] = fidelityTables(cells);
  expect(table?.rows.map(([cell, kind, count]) => [cell, kind, count])).toEqual([
    ["c1-gw", "REQUEST ALTERED", "2/8"],
    ["", "same, spelled\notherwise", "8/8"],
  ]);
  expect(table?.notes).toEqual([
    expect.stringContaining(
      "byte for byte the same on both sides of the arm: c1-raw (8 requests, 7 answers)",
    ),
    "c1-gw: cannot be known: bodies (2 of 10 requests)",
  ]);
  expect(fidelityTables([])).toEqual([]);
});
