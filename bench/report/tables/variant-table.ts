import type {
  VariantComparison,
  VariantQuantity,
  VariantReport,
} from "../../analysis/variants/variant-report.ts";
import { changeFinding, changeText } from "./comparison-document.ts";
import { absent, numberText, percentText, signedText } from "./number-text.ts";
import { filled, left, right, type Table, type TableOf } from "./table.ts";

/** What a configuration is chosen by, with its name on a screen: is it as good, and what does it save. */
export const decidingQuantities: ReadonlyMap<string, string> = new Map([
  ["passed", "passed"],
  ["reward", "reward"],
  ["ttft_p50", "TTFT p50 ms"],
  ["e2e_p50", "E2E p50 ms"],
  ["output_tokens_per_s", "out tok/s"],
]);

const coverageHead = "coverage";

interface VariantRow {
  /** Empty where they are those of the row above. */
  readonly place: string;
  readonly variant: string;
  readonly of: VariantQuantity;
}

export const variantQuantities: TableOf<VariantRow> = {
  title: "Engine configurations (variant minus baseline, 95 % interval)",
  columns: [
    left("variant", ({ variant }) => variant, "one of sweep.variants"),
    left("arm at load", ({ place }) => place),
    left("quantity", ({ of }) => quantityName(of), "as in `tollgate compare`"),
    right("baseline", ({ of }) => numberText(of.baselineValue), "the first variant, over what both have"),
    right("variant", ({ of }) => numberText(of.value), "over what both have"),
    right("difference", ({ of }) => changeText(of.difference), "paired by task, trial and repetition"),
    right(
      "per cent",
      ({ of: { relative } }) => (relative === null ? absent : signedText(relative.value, percentText)),
      "of the baseline",
    ),
    left(
      "finding",
      ({ of }) => changeFinding(of),
      "more, less, the same, or cannot tell: the interval holds 0, or there is none",
    ),
    right("units", ({ of }) => String(of.units), "independent ones: tasks, or pairs of cells for rates"),
    left(
      coverageHead,
      ({ of }) => of.coverage ?? "",
      "of a score: the paired tasks of all that the workload's data has",
    ),
  ],
};

function quantityName({ quantity, unit }: Pick<VariantQuantity, "quantity" | "unit">): string {
  return unit === "" || unit === "tokens" ? quantity : `${quantity}, ${unit}`;
}

/** Every number that was compared, then what the variants are, then what could not be compared. */
export function variantTable({ baseline, variants, comparisons }: VariantReport): Table {
  const rows = comparisons.flatMap((comparison) =>
    comparison.quantities
      .filter(({ difference }) => difference !== null)
      .map((of, at): VariantRow => {
        const { variant, arm, load } = comparison;
        return at === 0 ? { variant, place: `${arm} ${load}`, of } : { variant: "", place: "", of };
      }),
  );
  const all = comparisons.flatMap(({ quantities }) => quantities);
  const known = all.some(({ coverage }) => coverage !== undefined);
  const columns = variantQuantities.columns.filter(({ head }) => known || head !== coverageHead);
  const hidden = all.flatMap(({ quantity, difference }) => (difference === null ? [quantity] : []));
  return filled({ ...variantQuantities, columns }, rows, [
    `baseline: ${baseline}. ${variants.map(variantText).join("; ")}`,
    "Each variant ran on an engine started for it. Intervals over tasks do not hold what drifts between two starts; those of rates are over repetitions and do. sweep.repetitions: 3 or more gives them. Of twenty numbers without a difference one is outside of its interval by chance.",
    ...(hidden.length > 0 ? [`too few values for: ${[...new Set(hidden)].join(", ")}`] : []),
    ...comparisons.flatMap(refusedNote),
    ...comparisons.flatMap(doubtNotes),
  ]);
}

/** `fp8 = quantization: "fp8", tp: 2` */
export function variantText({ name, changes }: VariantReport["variants"][number]): string {
  const said = Object.entries(changes).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return `${name} = ${said.length === 0 ? "as stack.agent is" : said.join(", ")}`;
}

function refusedNote({ variant, arm, load, refused }: VariantComparison): string[] {
  return refused === null ? [] : [`${variant}, ${arm} ${load}: not stated: ${refused}`];
}

function doubtNotes({ variant, arm, load, refused, cells }: VariantComparison): string[] {
  const doubtful = cells.filter(({ verdict }) => verdict !== "valid");
  if (refused !== null || doubtful.length === 0) return [];
  const said = doubtful.map(({ cellId, verdict }) => `${cellId} is ${verdict}`);
  return [`${variant}, ${arm} ${load}: ${said.join(", ")}`];
}
