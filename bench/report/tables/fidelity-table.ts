import type { CellFidelity } from "../../analysis/cell/cell-fidelity.ts";
import type { FidelityFinding, FindingKind } from "../../store/fidelity-facts.ts";
import { columnText } from "./wrapped-text.ts";
import { filled, left, right, type Table, type TableOf } from "./table.ts";

interface FidelityRow {
  /** Empty in all rows of a cell but the first. */
  readonly cell: string;
  readonly finding: FidelityFinding;
  /** How wide the longest text of its column `cell` is. */
  readonly cellColumns: number;
}

const kinds: Readonly<Record<FindingKind, string>> = {
  request: "REQUEST ALTERED",
  answer: "ANSWER ALTERED",
  "hidden-failure": "FAILURE HIDDEN",
  "not-from-engine": "NOT FROM\nTHE ENGINE",
  "other-engine": "OTHER ENGINE",
  "gateway-failure": "gateway failed",
  retried: "sent again",
  "own-request": "own request",
  declared: "declared",
  form: "same, spelled\notherwise",
};

/** What left an arm against what entered it, on both of its sides. */
export const fidelity: TableOf<FidelityRow> = {
  title: "Fidelity: what the engine was asked and answered, against what entered and left the arm",
  columns: [
    left("cell", ({ cell }) => cell),
    left(
      "finding",
      ({ finding }) => kinds[finding.kind],
      "in capitals: the cell's requests or answers are not those of the agent and the engine. declared: by `rewrites` or the kind of arm",
    ),
    right(
      "requests",
      ({ finding: { count, of } }) => `${count}/${of}`,
      "with this finding, of those compared",
    ),
    left(
      "what, in the first of them",
      ({ finding: { what, first }, cellColumns }) =>
        `${columnText(what, cellColumns)}\nfirst: ${first.requestId}`,
      "and which request that was",
    ),
  ],
};

/**
 * None where nothing was compared: runs of an older Tollgate.
 *
 * @param runId whose requests the reader should look at; null where there is nothing to look at
 */
export function fidelityTables(
  cells: readonly { readonly cell: string; readonly fidelity: CellFidelity }[],
  runId: string | null = null,
): readonly Table[] {
  if (cells.length === 0) return [];
  const cellColumns = Math.max(...cells.map(({ cell }) => cell.length));
  const rows = cells.flatMap(({ cell, fidelity: { findings } }) =>
    folded(findings).map((finding, at) => ({ cell: at === 0 ? cell : "", finding, cellColumns })),
  );
  const equal = cells.filter(
    ({ fidelity }) => fidelity.findings.length === 0 && fidelity.comparedRequests > 0,
  );
  return [
    filled(fidelity, rows, [
      ...(runId === null
        ? []
        : [`compare every request and answer again: tollgate inspect ${runId} --bytes`]),
      ...(equal.length === 0
        ? []
        : [
            `every request and every answer byte for byte the same on both sides of the arm: ${equal
              .map(
                ({ cell, fidelity: { comparedRequests, comparedAnswers } }) =>
                  `${cell} (${comparedRequests} requests, ${comparedAnswers} answers)`,
              )
              .join(", ")}`,
          ]),
      ...cells.flatMap(({ cell, fidelity: { unknown, requests } }) =>
        unknown.map(
          ({ what, count }) => `${cell}: cannot be known: ${what} (${count} of ${requests} requests)`,
        ),
      ),
    ]),
  ];
}

/** Spellings are no findings: all of a cell stand in one row. */
function folded(findings: readonly FidelityFinding[]): readonly FidelityFinding[] {
  const [first, ...more] = findings.filter(({ kind }) => kind === "form");
  if (first === undefined) return findings;
  const what = [first, ...more].map(({ what, count }) => `${what} (${count})`).join(", ");
  const count = Math.max(first.count, ...more.map((form) => form.count));
  return [...findings.filter(({ kind }) => kind !== "form"), { ...first, what, count }];
}
