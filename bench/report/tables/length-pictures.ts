import type { LengthDifference, LengthReport, LengthRow } from "../../analysis/lengths/length-report.ts";
import { wayOf } from "../../store/place.ts";
import type { LinePicture, PictureSection } from "./document.ts";
import { differenceText } from "./number-text.ts";

/** What grows with the prompt: the time to the first token, and what each arm adds to it. Nothing where tasks have no length. */
export function lengthSection(lengths: LengthReport | undefined): PictureSection {
  const rows = lengths?.rows ?? [];
  const added = lengths === undefined ? null : addedLines(lengths);
  const truncated = rows.some(isTruncated);
  return {
    title: "Time by prompt length",
    notes: [
      ...(truncated
        ? [
            "Hollow: the model did not process all of a prompt, so its time is that of a shorter one; which they are stands in the table By prompt length.",
          ]
        : []),
      ...(added === null
        ? []
        : [
            "What an arm adds: between the taps, of the same request, with its 95 % interval; above 0 the arm is slower. What the engine did otherwise in two cells is not in it. It is small beside TTFT, so it has an axis of its own.",
          ]),
    ],
    pictures: [
      ...(rows.length === 0 ? [] : [{ kind: "lines" as const, ...ttftLines(rows) }]),
      ...(added === null ? [] : [{ kind: "lines" as const, ...added }]),
    ],
  };
}

/** The load is told where there are several. */
function namer(rows: readonly LengthRow[]) {
  const several = new Set(rows.map(({ load }) => load)).size > 1;
  return (one: LengthRow | LengthDifference) => `${wayOf(one)}${several ? ` ${one.load}` : ""}`;
}

function isTruncated({ promptTokens }: LengthRow): boolean {
  return promptTokens.fewer > 0;
}

/** A line for each arm at each load, on each configuration of the engine. */
function ttftLines(rows: readonly LengthRow[]): LinePicture {
  const known = rows.filter(({ ttftMs }) => ttftMs.p50.value !== null);
  const nameOf = namer(rows);
  return {
    title: "TTFT p50 by prompt length",
    xAxis: "tokens of the prompt",
    yAxis: "ms",
    leftOut: rows.flatMap((row) => (known.includes(row) ? [] : [`${nameOf(row)} ${row.length} (no TTFT)`])),
    series: [...Map.groupBy(rows, nameOf)].map(([name, own]) => ({
      name,
      points: own
        .filter((row) => known.includes(row))
        .map((row) => ({
          at: row.length,
          label: String(row.length),
          estimate: row.ttftMs.p50,
          doubtful: isTruncated(row),
        })),
    })),
  };
}

/** To the first token, a line for each arm at each load. null where nothing of it is known, or there is no second arm. */
function addedLines({ rows, differences }: LengthReport): LinePicture | null {
  const nameOf = namer(rows);
  const placed = differences.map((one) => ({ name: nameOf(one), one, ...addedTo(one) }));
  const known = placed.filter(({ why }) => why === null);
  const [first] = known;
  if (first === undefined) return null;
  const title = `What an arm adds to the first token by prompt length, against ${first.one.baseline}`;
  return {
    title,
    xAxis: "tokens of the prompt",
    yAxis: "ms",
    said: placed
      .map(
        ({ name, one, why }) =>
          `${name}, ${one.length} tokens: ${why ?? `${differenceText(one.pathMs.firstToken.difference)} ms`}`,
      )
      .join("; "),
    leftOut: placed.flatMap(({ name, one, why }) => (why === null ? [] : [`${name} ${one.length} (${why})`])),
    // The baseline has no point and is there, so that an arm looks as in the picture beside it.
    series: [...new Set(rows.map(nameOf))].map((name) => ({
      name,
      points: placed.flatMap(({ name: own, one, why }) =>
        own === name && why === null
          ? [
              {
                at: one.length,
                label: String(one.length),
                estimate: one.pathMs.firstToken.difference,
                doubtful: false,
              },
            ]
          : [],
      ),
    })),
  };
}

function addedTo({ refused, firstTokenRefused, pathMs }: LengthDifference): { readonly why: string | null } {
  if (refused !== null) return { why: "not stated" };
  if (firstTokenRefused !== undefined) return { why: "not comparable" };
  return { why: pathMs.firstToken.difference.value === null ? "not known" : null };
}
