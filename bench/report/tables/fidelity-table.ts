import type { CellFidelity } from "../../analysis/cell/cell-fidelity.ts";
import type { FidelityFinding, FindingKind } from "../../store/fidelity-facts.ts";
import { filled, left, right, type Table, type TableOf } from "./table.ts";

interface FidelityRow {
  /** Empty in all rows of a cell but the first. */
  readonly cell: string;
  readonly finding: FidelityFinding;
}

const kinds: Readonly<Record<FindingKind, string>> = {
  request: "REQUEST ALTERED",
  answer: "ANSWER ALTERED",
  "hidden-failure": "FAILURE HIDDEN",
  "not-from-engine": "NOT FROM THE ENGINE",
  "other-engine": "OTHER ENGINE",
  "gateway-failure": "gateway failed",
  retried: "sent again",
  "own-request": "own request",
  declared: "declared",
  form: "same, spelled otherwise",
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
    left("what, in the first of them", ({ finding: { what } }) => lines(what)),
    left("first request", ({ finding: { first } }) => first.requestId),
  ],
};

/** None where nothing was compared: runs of an older Tollgate. */
export function fidelityTables(
  cells: readonly { readonly cell: string; readonly fidelity: CellFidelity }[],
): readonly Table[] {
  if (cells.length === 0) return [];
  const rows = cells.flatMap(({ cell, fidelity: { findings } }) =>
    folded(findings).map((finding, at) => ({ cell: at === 0 ? cell : "", finding })),
  );
  const equal = cells.filter(
    ({ fidelity }) => fidelity.findings.length === 0 && fidelity.comparedRequests > 0,
  );
  return [
    filled(fidelity, rows, [
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

/** Breaks a sentence into lines that leave room for the other columns. */
function lines(text: string): string {
  return text.replaceAll(/(.{1,66})(\s+|$)/g, "$1\n").trimEnd();
}
