import { shareText } from "../../analysis/estimates/coverage.ts";
import type { LengthDifference, LengthReport, LengthRow } from "../../analysis/lengths/length-report.ts";
import { placeOf, wayOf } from "../../store/place.ts";
import type { ReportModel } from "../model/report-model.ts";
import { alignedDifferenceText, estimateText, numberText, percentText } from "../tables/number-text.ts";
import { blank, line, type Part } from "./layout.ts";
import { loadName } from "./load-name.ts";
import { plain, toned, type StyledLine, type StyledText } from "./styled-text.ts";

const rowsMax = 12;

/** How often the answer is right and how fast it begins by the length of the prompt, with what each arm adds. */
export function lengthParts({
  lengths,
  coverage,
}: Pick<ReportModel, "lengths" | "coverage">): readonly Part[] {
  if (lengths === undefined) return [];
  const rows = lengths.rows.toSorted((a, b) => a.length - b.length);
  const partial =
    coverage !== undefined && coverage.selected < coverage.total
      ? `; ${coverage.of}: ${shareText(coverage.selected, coverage.total)}`
      : "";
  return [
    line([toned("strong", "By prompt length"), plain(` (95 % interval${partial})`)]),
    grid(rows.slice(0, rowsMax), lengths.differences),
    ...(rows.length > rowsMax
      ? [line([toned("soft", `  ${rows.length - rowsMax} more rows: see the tables`)])]
      : []),
    blank,
  ];
}

function grid(rows: readonly LengthRow[], differences: readonly LengthDifference[]): Part {
  const loads = new Set(rows.map(({ load }) => load)).size > 1;
  const heads = [
    "  tokens",
    "arm",
    ...(loads ? ["load"] : []),
    "passed",
    "TTFT p50 ms",
    "adds to first token, ms",
    "prefill tok/s",
    "cached",
  ];
  const shown = rows.map((row, at): readonly StyledText[] => [
    plain(rows[at - 1]?.length === row.length ? "" : `  ${row.length}`),
    plain(wayOf(row)),
    ...(loads ? [plain(loadName(row.load))] : []),
    plain(estimateText(row.passed, percentText)),
    plain(numberText(row.ttftMs.p50.value)),
    addedSpan(differences.find((one) => isOf(one, row))),
    plain(numberText(row.prefillTokensPerSecond.value)),
    plain(percentText(row.cachedShare)),
  ]);
  return {
    kind: "grid",
    align: heads.map((head) => (/tokens|arm$|load|adds/.test(head) ? "left" : "right")),
    rows: [heads.map((text) => toned("soft", text)), ...shown],
    optional: [heads.length - 1, heads.length - 2],
  };
}

function isOf(one: LengthDifference, row: LengthRow): boolean {
  return one.arm === row.arm && one.length === row.length && placeOf(one) === placeOf(row);
}

/** Until the first token, between the taps; of the baseline nothing. */
function addedSpan(one: LengthDifference | undefined): StyledText {
  if (one === undefined) return plain("");
  if (one.refused !== null) return toned("bad", "not stated");
  if (one.firstTokenRefused !== undefined) return toned("doubt", "not comparable");
  const { difference, finding } = one.pathMs.firstToken;
  return toned(
    finding === "more" ? "bad" : finding === "less" ? "good" : "doubt",
    alignedDifferenceText(difference),
  );
}

/** Prompts of which the model did not process what it was sent: by whatever else stands here, that is not the length. */
export function lengthTrustLines(lengths: LengthReport | undefined): readonly StyledLine[] {
  const byLength = [...Map.groupBy(lengths?.rows ?? [], ({ length }) => length)].toSorted(
    ([a], [b]) => a - b,
  );
  const sum = (rows: readonly LengthRow[], of: keyof LengthRow["promptTokens"]) =>
    rows.reduce((total, { promptTokens }) => total + promptTokens[of], 0);
  return byLength.flatMap(([length, rows]): StyledLine[] => {
    const [fewer, more] = [sum(rows, "fewer"), sum(rows, "more")];
    const told = fewer + more + sum(rows, "equal");
    return [
      ...(fewer === 0
        ? []
        : [
            [
              toned("bad", `${fewer} of ${told} prompts of ${length} tokens were truncated by the server`),
              plain(": accuracy and TTFT are those of a shorter prompt"),
              toned("strong", " -> a longer context"),
            ],
          ]),
      ...(more === 0
        ? []
        : [
            [
              toned("doubt", `${more} of ${told} prompts of ${length} tokens`),
              plain(" have more by the server's usage"),
            ],
          ]),
    ];
  });
}
