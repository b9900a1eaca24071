import { absent } from "../tables/number-text.ts";
import { plain, toned, type StyledLine } from "./styled-text.ts";

/** `5/164, partial`; undefined where nothing says what the whole is. */
export type CoverageSpan = string | undefined;

/** What rows of scores are of: where all of them say the same it stands once above them, which leaves room for the scores. */
export function oneCoverage(texts: readonly CoverageSpan[]): {
  /** After the title; empty where the column says it, or nobody does. */
  readonly beside: StyledLine;
  /** A text for each row; null where there is no such column. */
  readonly column: readonly string[] | null;
} {
  const [first] = texts;
  if (texts.every((text) => text === undefined)) return { beside: [], column: null };
  if (first === undefined || texts.some((text) => text !== first))
    return { beside: [], column: texts.map((text) => text ?? absent) };
  return {
    beside: [plain(", coverage "), first.includes("partial") ? toned("doubt", first) : plain(first)],
    column: null,
  };
}
