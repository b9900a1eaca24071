import type { FigureCoverage, Unequal } from "./figures/figure.ts";
import type { RunVerification } from "./verify-run.ts";

/** Figures that differ are all named, up to a number that a person reads. */
const shownMax = 50;
const textMax = 120;

/** What was found, for a person: what differs, what was recomputed, and what was not, with why. */
export function verificationText({ runId, unequal, coverage }: RunVerification): string {
  const covered = coverage.filter(({ reason }) => reason === null);
  const open = coverage.filter(({ reason }) => reason !== null);
  const [checked, left] = [countOf(covered), countOf(open)];
  const result =
    unequal.length === 0
      ? "each is what it gives"
      : `${unequal.length} ${unequal.length === 1 ? "is" : "are"} not what it gives`;
  return [
    ...unequal.slice(0, shownMax).map(differenceLine),
    ...(unequal.length > shownMax ? [`and ${unequal.length - shownMax} more`] : []),
    ...(unequal.length > 0
      ? [
          "",
          `\`tollgate report RUN\` writes the report again from the evidence, by the rules of this version.`,
          "",
        ]
      : []),
    `${runId}: ${checked} figures recomputed from the evidence; ${result}`,
    ...grouped(covered, ({ file, kind }) => `${file} ${sectionOf(kind)}`),
    "",
    `not covered: ${left} figures`,
    ...grouped(open, ({ file, kind, reason }) => `${file} ${sectionOf(kind)}: ${reason ?? ""}`),
  ].join("\n");
}

function differenceLine({ figure, file, said, recomputed }: Unequal): string {
  return `NOT EQUAL  ${file}  ${figure}: it says ${short(said)}, the evidence gives ${short(recomputed)}`;
}

function short(text: string): string {
  const line = text.replaceAll(/\p{Cc}+/gu, " ");
  return line.length <= textMax ? line : `${line.slice(0, textMax)}…`;
}

/** The first two names of a kind of figure. */
function sectionOf(kind: string): string {
  return kind
    .split(".")
    .filter((name) => name !== "*")
    .slice(0, 2)
    .join(".");
}

function grouped(
  coverage: readonly FigureCoverage[],
  nameOf: (one: FigureCoverage) => string,
): readonly string[] {
  const groups = [...Map.groupBy(coverage, nameOf)].map(([name, members]) => ({
    name,
    count: countOf(members),
  }));
  const width = String(Math.max(0, ...groups.map(({ count }) => count))).length;
  return groups.map(({ name, count }) => `  ${String(count).padStart(width)}  ${name}`);
}

function countOf(coverage: readonly FigureCoverage[]): number {
  return coverage.reduce((sum, { count }) => sum + count, 0);
}
