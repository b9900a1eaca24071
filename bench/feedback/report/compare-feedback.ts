import { absent, differenceText, numberText, signedText } from "../../report/tables/number-text.ts";
import { left, type Table } from "../../report/tables/table.ts";
import type { FeedbackReport, PreferenceReport } from "./feedback-report.ts";
import { alertsText, nameText, stepsText } from "./feedback-tables.ts";

/** What became of each preference in two runs. Pure. */
export interface FeedbackComparison {
  readonly kind: "feedback";
  readonly before: string;
  readonly after: string;
  readonly rows: readonly {
    readonly preference: string;
    readonly before: PreferenceReport | null;
    readonly after: PreferenceReport | null;
  }[];
}

export function compareFeedback(before: FeedbackReport, after: FeedbackReport): FeedbackComparison {
  const names = new Set([...before.preferences, ...after.preferences].map(({ name }) => name));
  const find = (report: FeedbackReport, name: string) =>
    report.preferences.find((one) => one.name === name) ?? null;
  return {
    kind: "feedback",
    before: before.runId,
    after: after.runId,
    rows: [...names].map((name) => ({
      preference: name,
      before: find(before, name),
      after: find(after, name),
    })),
  };
}

const quantities: readonly (readonly [name: string, of: (one: PreferenceReport) => string])[] = [
  ["steps", stepsText],
  ["margin delta", ({ outcome }) => valueText(outcome.learned.value, signedText)],
  [
    "compliance",
    ({ outcome }) => `${numberText(outcome.baselineCompliance)} → ${numberText(outcome.compliance.value)}`,
  ],
  ["capability ratio", ({ outcome }) => numberText(outcome.capability.value)],
  ["collapse alerts", alertsText],
  ["tokens trained", ({ training }) => numberText(training.trainedTokens)],
  [
    "TTFT p50, during − before, ms",
    ({ serving }) => {
      const added = serving?.differences.during["ttftP50Ms"];
      return added === undefined || added.value === null ? absent : differenceText(added);
    },
  ],
];

export function feedbackComparisonTable({ before, after, rows }: FeedbackComparison): Table {
  return {
    title: `${nameText(before)} and ${nameText(after)}`,
    columns: [left("preference"), left("quantity"), left("A"), left("B")],
    rows: rows.flatMap(({ preference, before: a, after: b }) =>
      quantities.map(([name, of], at) => [
        at === 0 ? nameText(preference) : "",
        name,
        a === null ? "not in the run" : of(a),
        b === null ? "not in the run" : of(b),
      ]),
    ),
    notes: [
      "Values of the last step. Each run trained each preference once, so nothing says how far two runs of the same kind lie apart: no difference here has an interval.",
    ],
  };
}

function valueText(value: number | null, text: (value: number) => string): string {
  return value === null ? absent : text(value);
}
