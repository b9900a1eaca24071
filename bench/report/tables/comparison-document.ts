import type {
  ComparedQuantity,
  JudgedThreshold,
  RunComparison,
} from "../../analysis/compare/compare-runs.ts";
import type { FieldChange } from "../../analysis/compare/manifest.ts";
import { placeOf } from "../../store/place.ts";
import { absent, differenceText, numberText, percentText, signedText } from "./number-text.ts";
import { filled, left, right, type Table, type TableOf } from "./table.ts";

/** What changed between two runs first, then what moved, then the thresholds. */
export function comparisonTables(comparison: RunComparison): readonly Table[] {
  const { changes, thresholds } = comparison;
  return [
    manifestTable(changes),
    quantityTable(comparison),
    ...(thresholds.length === 0 ? [] : [filled(judgedThresholds, thresholds)]),
  ];
}

/** The head of the text: which runs, and what their engines were. */
export function comparisonHead({ before, after, cautions }: RunComparison): readonly string[] {
  const simulated = before.simulated || after.simulated;
  return [
    `A ${before.runId}`,
    `B ${after.runId}`,
    ...(simulated ? ["SIMULATED ENGINES: times are those of a simulator, not of a GPU."] : []),
    ...cautions.map((caution) => `warning: ${caution}`),
  ];
}

export const changedFields: TableOf<FieldChange> = {
  title: "What is not the same in both runs",
  columns: [
    left("field", ({ field }) => broken(field), "a setting or a fact of `run.json`"),
    left("A", ({ before }) => shortened(before)),
    left("B", ({ after }) => shortened(after)),
    left("kind", ({ unlike }) => (unlike ? "unlike" : ""), "unlike: the runs answer different questions"),
  ],
};

export function manifestTable(changes: readonly FieldChange[]): Table {
  const none = { field: "nothing", before: null, after: null, unlike: false };
  return filled(changedFields, changes.length === 0 ? [none] : changes);
}

const fieldCharacters = 44;
const valueCharacters = 22;

/** Long paths go on in a next line, at a dot. */
function broken(field: string): string {
  if (field.length <= fieldCharacters) return field;
  const at = field.lastIndexOf(".", fieldCharacters);
  return at <= 0 ? field : `${field.slice(0, at)}\n  ${broken(field.slice(at))}`;
}

function shortened(json: string | null): string {
  if (json === null) return absent;
  return json.length <= valueCharacters ? json : `${json.slice(0, valueCharacters - 1)}…`;
}

const coverageHead = "coverage";

interface QuantityRow {
  /** Empty where it is that of the row above. */
  readonly place: string;
  readonly of: ComparedQuantity;
}

export const changedQuantities: TableOf<QuantityRow> = {
  title: "Change from A to B (95 % interval)",
  columns: [
    left("arm at load", ({ place }) => place),
    left("quantity", ({ of: { unit, quantity } }) => (unit === "" ? quantity : `${quantity}, ${unit}`)),
    right("A", ({ of }) => numberText(of.before), "over what both runs have"),
    right("B", ({ of }) => numberText(of.after), "over what both runs have"),
    right("change", ({ of }) => changeText(of.difference), "B minus A"),
    right("per cent", ({ of }) => changeText(of.relative, percentText), "of A"),
    left(
      "finding",
      ({ of }) => changeFinding(of),
      "more, less, the same, or cannot tell: the interval holds 0, or there is none",
    ),
    right("units", ({ of }) => String(of.units), "independent ones: tasks, or pairs of cells for rates"),
    left(
      coverageHead,
      ({ of }) => of.coverage ?? "",
      "of a score: the tasks of both runs of all that the workload's data has; partial: the change is of a part",
    ),
  ],
};

function quantityTable({ quantities, verdicts, unpaired, before }: RunComparison): Table {
  const shown = quantities.filter(({ difference }) => difference !== null);
  const hidden = quantities.filter(({ difference }) => difference === null);
  const rowPlace = (row: ComparedQuantity | undefined) => row && `${row.arm} ${placeOf(row)}`;
  const rows = shown.map((of, index) => {
    const place = `${of.arm} ${placeOf(of)}`;
    return { of, place: rowPlace(shown[index - 1]) === place ? "" : place };
  });
  const known = quantities.some(({ coverage }) => coverage !== undefined);
  const columns = changedQuantities.columns.filter(({ head }) => known || head !== coverageHead);
  return filled({ ...changedQuantities, columns }, rows, [
    "Paired by task and trial; latencies by a t bootstrap over the tasks of both runs. units: tasks, or pairs of cells for rates. What drifted from one run to the other (other load on the machine) is not in an interval over tasks.",
    ...(hidden.length > 0
      ? [`too few values for: ${[...new Set(hidden.map(({ quantity }) => quantity))].join(", ")}`]
      : []),
    ...(unpaired.length > 0 ? [`only one of the runs has: ${unpaired.join("; ")}`] : []),
    ...verdicts.map(
      ({ run, cellId, verdict }) => `${run === before.runId ? "A" : "B"} ${cellId} is ${verdict}`,
    ),
  ]);
}

/** With its interval, where there is one. */
export function changeText(
  change: ComparedQuantity["relative"],
  text: (value: number | null) => string = numberText,
): string {
  if (change === null) return absent;
  const { value, low, high } = change;
  return low === null || high === null
    ? signedText(value, text)
    : differenceText({ value, low, high, count: 1 }, text);
}

/** What the interval of a change says. */
export function changeFinding({ difference }: Pick<ComparedQuantity, "difference">): string {
  if (difference === null || difference.low === null || difference.high === null) return "cannot tell";
  const { low, high } = difference;
  if (low === 0 && high === 0) return "the same";
  if (low > 0) return "more";
  return high < 0 ? "less" : "cannot tell";
}

/** What was seen, in the unit of the limit. */
export function seenText({ seen }: JudgedThreshold): string {
  if (seen === null) return absent;
  const { value, low, high, relative, unit } = seen;
  const text = relative ? percentText : numberText;
  const change =
    low === null || high === null
      ? signedText(value, text)
      : differenceText({ value, low, high, count: 1 }, text);
  return relative || unit === "" ? change : `${change} ${unit}`;
}

export const thresholdText = {
  kept: "kept",
  crossed: "CROSSED",
  "cannot-tell": "cannot tell (not a pass)",
} as const;

export const judgedThresholds: TableOf<JudgedThreshold> = {
  title: "Thresholds",
  columns: [
    left("fail on", ({ expression }) => expression),
    left("arm at load", (row) => `${row.arm} ${placeOf(row)}`),
    left(
      "result",
      ({ status }) => thresholdText[status],
      "kept: the whole interval of the change keeps the limit",
    ),
    left(
      "seen",
      (one) => `${seenText(one)}${one.coverage === undefined ? "" : ` (${one.coverage})`}`,
      "the change with its interval; of a score with what of the workload's data it is of",
    ),
  ],
};
