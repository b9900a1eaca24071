import type { VariantComparison, VariantReport } from "../../analysis/variants/variant-report.ts";
import { changeFinding } from "../tables/comparison-document.ts";
import { decidingQuantities } from "../tables/variant-table.ts";
import { alignedDifferenceText, numberText, percentText, signedText } from "../tables/number-text.ts";
import { toneOfChange } from "./change-tone.ts";
import { blank, line, type Part } from "./layout.ts";
import { loadName } from "./load-name.ts";
import { plain, toned, type StyledText } from "./styled-text.ts";

const comparisonsMax = 4;

/** Each configuration of the engine against the first. None without variants. */
export function variantParts(report: VariantReport | undefined): readonly Part[] {
  if (report === undefined || report.comparisons.length === 0) return [];
  const { baseline, comparisons } = report;
  const told = comparisons.filter(({ refused }) => refused === null);
  const refused = comparisons.filter((one) => one.refused !== null);
  const [drawn, more] = [told.slice(0, comparisonsMax), told.length - comparisonsMax];
  return [
    line([
      toned("strong", `Engine configurations against ${baseline}`),
      plain(` (95 % interval)${coverageText(drawn)}`),
    ]),
    ...(drawn.length === 0 ? [] : [grid(drawn)]),
    ...refused.map(({ variant, arm, load, refused: why }) =>
      line([
        plain(`  ${variant}  ${arm} ${loadName(load)}  `),
        toned("bad", "not stated: "),
        plain(why ?? ""),
      ]),
    ),
    ...(more > 0 ? [line([toned("soft", `  ${more} more comparisons: see the tables`)])] : []),
    blank,
  ];
}

/** What the scores below are of. */
function coverageText(comparisons: readonly VariantComparison[]): string {
  const parts = comparisons.flatMap(({ quantities }) => quantities.flatMap(({ coverage }) => coverage ?? []));
  return parts.length === 0 ? "" : `, scores of ${[...new Set(parts)].join("; ")}`;
}

function grid(comparisons: readonly VariantComparison[]): Part {
  const rows = comparisons.flatMap(({ variant, arm, load, quantities }) => {
    // Where tasks pass or fail, the reward says it again.
    const passes = quantities.some(({ quantity }) => quantity === "passed");
    return quantities
      .filter(({ quantity }) => decidingQuantities.has(quantity) && !(passes && quantity === "reward"))
      .map((of, at): readonly StyledText[] => [
        plain(at === 0 ? `  ${variant}` : ""),
        plain(at === 0 ? `${arm} ${loadName(load)}` : ""),
        plain(decidingQuantities.get(of.quantity) ?? of.quantity),
        plain(`${numberText(of.baselineValue)} -> ${numberText(of.value)}`),
        plain(of.difference === null ? "" : alignedDifferenceText({ ...of.difference, count: of.units })),
        toned(
          toneOfChange(of),
          of.relative === null ? changeFinding(of) : signedText(of.relative.value, percentText),
        ),
      ]);
  });
  return { kind: "grid", align: ["left", "left", "left", "right", "left", "right"], rows };
}
