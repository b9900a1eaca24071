import { expect, test } from "vitest";
import type { FidelityFinding, FindingKind } from "../../../bench/store/fidelity-facts.ts";
import type { Verdict } from "../../../bench/analysis/cell/verdict.ts";
import { noticeOf, type JudgedCell } from "../../../bench/report/tables/notice.ts";

const cell = (cellId: string, arm: string, change: Partial<JudgedCell> = {}): JudgedCell => ({
  cellId,
  arm,
  verdict: "valid",
  reasons: [],
  episodes: { finished: 6 },
  ...change,
});
const against = (...found: readonly Verdict[]) => ({
  verdict: found[0] ?? "valid",
  reasons: found.map((verdict) => ({ verdict, detail: `detail of ${verdict}` })),
});
const finding = (kind: FindingKind, about: string, what: string): FidelityFinding => ({
  kind,
  about,
  what,
  count: 2,
  of: 10,
  first: { requestId: "e7-a1", episodeId: "e7", before: null, after: null },
});
const fidelity = (...findings: readonly FidelityFinding[]): JudgedCell["fidelity"] => ({
  arm: "gw",
  requests: 10,
  comparedRequests: 10,
  comparedAnswers: 10,
  findings: [...findings],
  unknown: [],
});
const noticed = (...cells: readonly JudgedCell[]) => noticeOf({ run: { runId: "run-1" }, cells });

test.each<Verdict>(["valid", "client-limited"])("nothing is said where every cell is %s", (verdict) => {
  const declared = fidelity(finding("declared", "seed changed", "seed"), finding("retried", "x", "twice"));
  expect(
    noticed(cell("c1-raw", "raw"), cell("c1-gw", "gw", { ...against(verdict), fidelity: declared })),
  ).toBe(null);
});

test("a failing arm: how many, of which class, what the first said, and how to go on; the sound arm is not named", () => {
  const failures = [
    { class: "engine", count: 3, message: "status 500", episodeId: "e1" },
    { class: "gateway", count: 1, message: "status 502", episodeId: "e2" },
  ];
  const failing = { ...against("failing"), episodes: { finished: 6, failures } };
  expect(noticed(cell("c1-raw", "raw"), cell("c1-gw", "gw", failing), cell("c2-gw", "gw", failing))).toEqual({
    heading: "NOT USABLE: 2 of 3 cells",
    meaning: expect.stringContaining("do not compare or quote them"),
    groups: [
      {
        heading: "Arm gw, 2 of its 2 cells (c1-gw, c2-gw): failing",
        sentences: [
          "8 of 12 episodes failed because something around the agent broke (engine 6, gateway 2). They have no reward, so no pass rate and no overhead is stated. The first: status 500",
        ],
      },
    ],
    advice: [
      "See a failed episode: tollgate inspect run-1 e1",
      "Repair what failed; `tollgate status run-1` prints the command that runs these episodes again.",
    ],
  });
});

test("one gateway that changes, hides, caches and repeats: a sentence for each, added up over its cells", () => {
  const found = fidelity(
    finding("request", "temperature changed", "temperature 0 was sent, 0.7 reached the engine"),
    finding("answer", "answer.calls[*].arguments changed", "the call has other arguments"),
    finding("hidden-failure", "cut", "the engine's answer was cut off"),
    finding(
      "not-from-engine",
      "from a cache",
      "the arm answered, and no request reached the engine: a cache",
    ),
    finding("retried", "without a failure", "the arm sent one request 2 times"),
    finding("form", "order of keys", "order of keys"),
  );
  const altered = { ...against("request-altered", "answer-altered"), fidelity: found };
  const notice = noticed(cell("c1-gw", "gw", altered), cell("c2-gw", "gw", altered));
  expect(notice?.heading).toBe("NOT USABLE: ALL 2 cells");
  expect(notice?.groups[0]?.sentences).toEqual([
    "Requests were changed on their way to the engine: temperature 0 was sent, 0.7 reached the engine (4 of 20 requests)",
    "Answers were changed on their way to the agent: the call has other arguments (4 of 20 requests)",
    "Failures of the engine were hidden from the agent: the engine's answer was cut off (4 of 20 requests)",
    "Answers were given without asking the engine: a cache (4 of 20 requests)",
    "Requests were sent to the engine more than once: the arm sent one request 2 times (4 of 20 requests)",
  ]);
  expect(notice?.advice).toEqual([
    "Compare every request and answer again: tollgate inspect run-1 --bytes",
    "See an episode with a change: tollgate inspect run-1 e7",
    'If the arm is meant to change these, declare it at the arm in the experiment and run anew: rewrites: [temperature, "answer.calls[*].arguments"]',
    "Answers without the engine and hidden failures cannot be declared: switch that off in the service.",
  ]);
});

test("many changes of one kind are shortened, and other verdicts are told with their first reason", () => {
  const found = fidelity(...["a", "b", "c", "d"].map((name) => finding("request", `${name} changed`, name)));
  const spoiled = { ...against("request-altered", "token-mismatch", "token-mismatch"), fidelity: found };
  expect(noticed(cell("c1-gw", "gw", spoiled))?.groups[0]?.sentences.slice(1)).toEqual([
    "Requests were changed on their way to the engine: b (2 of 10 requests)",
    "Requests were changed on their way to the engine in 2 more ways: see the table Fidelity",
    "token-mismatch: c1-gw: detail of token-mismatch (and 1 more reasons, below the table Speed)",
  ]);
  const interrupted = noticed(cell("c1-gw", "gw", against("interrupted")));
  expect(interrupted?.meaning).not.toContain("do not compare");
  expect(interrupted?.advice).toEqual(["Every verdict, and what to do: docs/verdicts.md"]);
});
