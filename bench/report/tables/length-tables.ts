import type { LengthDifference, LengthReport, LengthRow } from "../../analysis/lengths/length-report.ts";
import {
  minimumCellPairs,
  minimumTasks,
  type Difference,
} from "../../analysis/estimates/paired-difference.ts";
import { coverageSentence } from "../../analysis/estimates/coverage.ts";
import { placeOf } from "../../store/place.ts";
import type { ReportModel } from "../model/report-model.ts";
import { findingText, pathWords } from "./finding-text.ts";
import { absent, differenceText, estimateText, numberText, percentText } from "./number-text.ts";
import { shown } from "./path-table.ts";
import { filled, left, right, type Table, type TableOf } from "./table.ts";

/** Accuracy and speed of each arm, a row per length. */
export const byLength: TableOf<LengthRow> = {
  title: "By prompt length",
  columns: [
    left("load", placeOf),
    left("arm", ({ arm }) => arm),
    right("prompt\ntokens", ({ length }) => String(length), "what the prompts of the row were built to have"),
    right("ep", ({ episodes }) => String(episodes), "finished episodes: tasks x trials x repetitions"),
    right(
      "passed",
      ({ passed }) => estimateText(passed, percentText),
      "share of judged episodes, 95 % interval",
    ),
    right(
      "TTFT p50\nms",
      ({ ttftMs }) => estimateText(ttftMs.p50),
      "at the outer tap, with what queued and what the arm added",
    ),
    right("TTFT p95\nms", ({ ttftMs }) => estimateText(ttftMs.p95)),
    right(
      "prefill\ntok/s",
      ({ prefillTokensPerSecond }) => estimateText(prefillTokensPerSecond),
      "prompt tokens that did not come from the cache, per second of TTFT; the median request",
    ),
    right(
      "cached",
      ({ cachedShare }) => percentText(cachedShare),
      "share of prompt tokens from the prefix cache",
    ),
    right(
      "as built\n/requests",
      ({ promptTokens }) => tokensText(promptTokens),
      "requests whose usage says exactly the tokens that the prompt was built to have",
    ),
  ],
};

/** What an arm adds, a row per length: the tasks of that length, paired. */
export const addedByLength: TableOf<LengthDifference> = {
  title: "What an arm adds, by prompt length (arm minus raw, 95 % interval)",
  columns: [
    left("load", placeOf),
    left("arm", ({ arm }) => arm),
    right("prompt\ntokens", ({ length }) => String(length)),
    right(
      "pairs\n/tasks",
      ({ ttftMs }) => `${ttftMs.difference.count}/${ttftMs.tasks}`,
      "episodes of the same task, trial and repetition in both arms that have a TTFT",
    ),
    right(
      "path to first\ntoken, ms",
      (row) =>
        shown(
          row,
          row.firstTokenRefused === undefined
            ? differenceText(row.pathMs.firstToken.difference)
            : "not comparable",
        ),
      "between the taps, of the same request: what the engine did otherwise in two cells is not in it",
    ),
    right("path, whole\nrequest, ms", (row) => shown(row, differenceText(row.pathMs.whole.difference))),
    left(
      "finding",
      (row) => shown(row, findingText(toFirstToken(row), pathWords)),
      "on the path to the first token (where there is none: of the whole request): slower, faster, cannot tell",
    ),
    right(
      "TTFT, ms",
      (row) =>
        shown(row, row.ttftRefused === undefined ? differenceText(row.ttftMs.difference) : "not comparable"),
      "of the whole way, in two cells: what drifts between cells is in it; none where one of them found more of its prompts in the cache",
    ),
    right("TTFT raw\nms", ({ ttftMs }) => numberText(ttftMs.baselineMean), "mean of these episodes"),
    right("reward", (row) => shown(row, rewardText(row)), "the same where all pairs are alike"),
  ],
};

function toFirstToken({ pathMs: { firstToken, whole } }: LengthDifference): Difference {
  return firstToken.difference.count > 0 ? firstToken : whole;
}

const intervalNote =
  "Passed: Wilson's interval, wider over tasks where a task has several trials. TTFT and prefill: over tasks, from ten on.";

/** @param coverage what the plan has of the workload's tasks */
export function lengthTables(
  { rows, differences }: LengthReport,
  coverage?: ReportModel["coverage"],
): readonly Table[] {
  const rowTable = filled(byLength, rows, [
    ...(coverage === undefined ? [] : [coverageSentence(coverage)]),
    intervalNote,
    ...rows.flatMap(tokenNotes),
  ]);
  if (differences.length === 0) return [rowTable];
  return [
    rowTable,
    filled(addedByLength, differences, [
      `cannot tell: the interval holds 0, or fewer than ${minimumTasks} tasks have a pair. TTFT has a drift in it that no interval over tasks sees: from ${minimumCellPairs} repetitions on its interval is over pairs of cells.`,
      ...differences.flatMap(refusalNotes),
    ]),
  ];
}

/** What must be known of the numbers of a length, wherever they are printed: what the model did not see, and what cannot be compared. */
export function lengthDoubts({ rows, differences }: LengthReport): readonly string[] {
  return [intervalNote, ...rows.flatMap(tokenNotes), ...differences.flatMap(refusalNotes)];
}

function refusalNotes(one: LengthDifference): readonly string[] {
  const { arm, length, refused, firstTokenRefused, ttftRefused } = one;
  const why = refused === null ? [firstTokenRefused, ttftRefused] : [refused];
  return why.flatMap((text) => (text === undefined ? [] : [`${placeOf(one)} ${arm} ${length}: ${text}`]));
}

function tokensText({ equal, fewer, more, notTold }: LengthRow["promptTokens"]): string {
  const told = equal + fewer + more;
  return told === 0 ? absent : `${equal}/${told + notTold}`;
}

/** A length that the model did not see is said in words. */
function tokenNotes(row: LengthRow): readonly string[] {
  const { fewer, more, notTold } = row.promptTokens;
  const where = `${placeOf(row)} ${row.arm} ${row.length}:`;
  return [
    ...(fewer === 0
      ? []
      : [
          `${where} the model processed fewer tokens than it was sent in ${fewer} requests: the prompt was truncated, and its TTFT is that of a shorter one`,
        ]),
    ...(more === 0
      ? []
      : [`${where} the model counted more tokens than the prompt was built to have in ${more} requests`]),
    ...(notTold === 0
      ? []
      : [`${where} ${notTold} requests have no usage: what the model processed is not known`]),
  ];
}

function rewardText({ reward }: LengthDifference): string {
  const { value, low, high, count } = reward.difference;
  if (count === 0) return absent;
  return value === 0 && low === 0 && high === 0 ? "the same" : differenceText(reward.difference);
}
