import type { Variation } from "../../analysis/variance/variation.ts";
import { numberText, percentText } from "./number-text.ts";
import { filled, left, right, type Table, type TableOf } from "./table.ts";

/** Whether a load that is measured again gives the same numbers. */
export const variationColumns: TableOf<Variation> = {
  title: "Variation between repetitions (variance)",
  columns: [
    left("load", ({ load }) => load),
    left("arm", ({ arm, variant }) => (variant === undefined ? arm : `${variant} ${arm}`)),
    left("of", ({ quantity }) => quantity, "as `tollgate compare` calls it, of each repetition"),
    right("repetitions", ({ values }) => String(values.length), "that have such a number"),
    right(
      "values",
      ({ values }) =>
        values.map(({ value, outlier }) => `${numberText(value)}${outlier ? " (!)" : ""}`).join("\n"),
      "of each repetition, in their order; (!): an outlier, which is kept",
    ),
    right("mean", ({ mean }) => numberText(mean)),
    right(
      "s",
      ({ standardDeviation }) => numberText(standardDeviation),
      "standard deviation of the repetitions, divisor n - 1",
    ),
    right("CV", ({ cv }) => percentText(cv), "coefficient of variation: s / |mean|"),
    right("limit", ({ maxCv }) => percentText(maxCv), "variance.maxCv"),
    left(
      "finding",
      ({ finding }) => finding,
      "unstable: CV above the limit; too few: below three repetitions",
    ),
  ],
};

export function variationTable(variations: readonly Variation[]): Table {
  return filled(variationColumns, variations, [
    "CV = s / |mean|, s = sqrt(sum((x - mean)^2) / (n - 1)) over the means x of n repetitions. Outliers, further than 3.5 scaled median absolute deviations from the median of five or more, are measured once more; all values count.",
  ]);
}
