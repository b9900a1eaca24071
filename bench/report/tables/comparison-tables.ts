import { absent, differenceText, numberText, percentText } from "./number-text.ts";
import { left, right, type Table } from "./table.ts";
import type { ComparedQuantity, Comparison } from "../../analysis/compare/compare-runs.ts";
import type { FieldChange } from "../../analysis/compare/manifest.ts";

/** What changed between two runs first, then what moved, then the thresholds. */
export function comparisonTables(comparison: Comparison): readonly Table[] {
  return [
    manifestTable(comparison.changes),
    quantityTable(comparison),
    ...(comparison.thresholds.length === 0 ? [] : [thresholdTable(comparison)]),
  ];
}

/** The head of the text: which runs, and what their engines were. */
export function comparisonHead({ before, after }: Comparison): readonly string[] {
  const simulated = before.simulated || after.simulated;
  return [
    `A ${before.runId}`,
    `B ${after.runId}`,
    ...(simulated ? ["SIMULATED ENGINES: times are those of a simulator, not of a GPU."] : []),
  ];
}

export function manifestTable(changes: readonly FieldChange[]): Table {
  return {
    title: "What is not the same in both runs",
    columns: [left("field"), left("A"), left("B"), left("")],
    rows:
      changes.length === 0
        ? [["nothing", absent, absent, ""]]
        : changes.map(({ field, before, after, unlike }) => [
            broken(field),
            shortened(before),
            shortened(after),
            unlike ? "unlike" : "",
          ]),
    notes: [],
  };
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

function quantityTable({ quantities, verdicts, unpaired, before }: Comparison): Table {
  const shown = quantities.filter(({ difference }) => difference !== null);
  const hidden = new Set(
    quantities.filter(({ difference }) => difference === null).map((row) => row.quantity),
  );
  return {
    title: "Change from A to B (95 % interval)",
    columns: [
      left("arm at load"),
      left("quantity"),
      right("A"),
      right("B"),
      right("change"),
      right("per cent"),
      right("units"),
    ],
    rows: shown.map((row, index) => {
      const place = `${row.arm} ${row.load}`;
      const above = shown[index - 1];
      return [
        above !== undefined && `${above.arm} ${above.load}` === place ? "" : place,
        row.unit === "" ? row.quantity : `${row.quantity}, ${row.unit}`,
        numberText(row.before),
        numberText(row.after),
        changeText(row.difference),
        changeText(row.relative, percentText),
        String(row.units),
      ];
    }),
    notes: [
      "Paired by task and trial; latencies by a t bootstrap over the tasks of both runs. units: tasks, or pairs of cells for rates. What drifted from one run to the other (other load on the machine) is not in an interval over tasks.",
      ...(hidden.size > 0 ? [`too few values for: ${[...hidden].join(", ")}`] : []),
      ...(unpaired.length > 0 ? [`only one of the runs has: ${unpaired.join("; ")}`] : []),
      ...verdicts.map(
        ({ run, cellId, verdict }) => `${run === before.runId ? "A" : "B"} ${cellId} is ${verdict}`,
      ),
    ],
  };
}

function changeText(
  change: ComparedQuantity["relative"],
  text: (value: number | null) => string = numberText,
): string {
  if (change === null) return absent;
  const { value, low, high } = change;
  if (low === null || high === null) return `${value > 0 ? "+" : ""}${text(value)}`;
  return differenceText({ value, low, high, count: 1 }, text);
}

const statusText = {
  kept: "kept",
  crossed: "CROSSED",
  "cannot-tell": "cannot tell (not a pass)",
} as const;

function thresholdTable({ thresholds }: Comparison): Table {
  return {
    title: "Thresholds",
    columns: [left("fail on"), left("arm at load"), left("result")],
    rows: thresholds.map(({ expression, arm, load, status }) => [
      expression,
      `${arm} ${load}`,
      statusText[status],
    ]),
    notes: [],
  };
}
