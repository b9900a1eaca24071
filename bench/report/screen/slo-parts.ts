import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { SloFinding } from "../../analysis/slo/assess.ts";
import type { SloReport } from "../../analysis/slo/slo-report.ts";
import { absent } from "../tables/number-text.ts";
import { findingWords, limitText, measuredText } from "../tables/slo-table.ts";
import { line, type Part } from "./layout.ts";
import { plain, toned, type StyledText, type Tone } from "./styled-text.ts";

export const findingTones: Readonly<Record<SloFinding, Tone>> = {
  met: "good",
  missed: "bad",
  "cannot-tell": "doubt",
};

/** What the cells of one row hold, load by load; of repetitions that differ how many hold it. */
export function sloSpan(byLoad: readonly (readonly CellSummary[])[], slo: SloReport): StyledText {
  const findings = byLoad.map((cells) =>
    cells.flatMap(({ cellId }) => slo.cells.find((cell) => cell.cellId === cellId)?.finding ?? []),
  );
  const all = findings.flat();
  const text = findings.map(wordsOf).join(" / ");
  if (all.includes("missed")) return toned("bad", text);
  return all.includes("cannot-tell") ? toned("doubt", text) : toned("good", text);
}

function wordsOf(findings: readonly SloFinding[]): string {
  const [first, ...others] = findings;
  if (first === undefined) return absent;
  if (others.every((finding) => finding === first)) return findingWords[first];
  return `${findings.filter((finding) => finding === "met").length}/${findings.length} met`;
}

/** What the limits are, and the first that is missed. */
export function sloLines({ limits, cells }: SloReport): readonly Part[] {
  const missed = cells.flatMap(({ cellId, objectives }) =>
    objectives.filter(({ finding }) => finding === "missed").map((objective) => ({ cellId, objective })),
  );
  const [first] = missed;
  const whole = cells.find(({ why, finding }) => finding === "missed" && why !== null);
  const example =
    first === undefined
      ? (whole?.why ?? null)
      : `${first.cellId} has ${first.objective.name} ${measuredText(first.objective)}`;
  return [
    line([
      toned("soft", `  SLO ${limits.map(limitText).join(", ")}`),
      plain(example === null ? "" : `; ${example}`),
    ]),
  ];
}
