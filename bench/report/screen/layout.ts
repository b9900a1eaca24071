import { lengthOf, plain, type StyledLine, type StyledText, type Tone, wrappedLine } from "./styled-text.ts";

/** Rows whose cells stand below each other, two spaces apart. */
export interface Grid {
  readonly align: readonly ("left" | "right")[];
  readonly rows: readonly (readonly StyledText[])[];
  /** Columns that are left out, one after the other, where the terminal is too narrow for all. */
  readonly optional?: readonly number[];
}

/** A part of a screen: lines that are broken where they are too long, or a grid. */
export type Part =
  | { readonly kind: "line"; readonly line: StyledLine; readonly indent: number }
  | { readonly kind: "whole"; readonly line: StyledLine }
  | { readonly kind: "sides"; readonly left: StyledLine; readonly right: StyledLine }
  | ({ readonly kind: "grid" } & Grid);

/** @param indent of what does not fit into the first line */
export function line(spans: StyledLine, indent = 2): Part {
  return { kind: "line", line: spans, indent };
}

/** `Label    text`, with what does not fit below the text. */
export function labelled(label: string, spans: StyledLine, tone: Tone | null = "strong"): Part {
  return line([{ text: label.padEnd(labelColumns), tone }, ...spans], labelColumns);
}

/** The same for what is copied: a command or a path that is broken is none. */
export function copied(label: string, spans: StyledLine, tone: Tone | null = null): Part {
  return { kind: "whole", line: [{ text: label.padEnd(labelColumns), tone }, ...spans] };
}

const labelColumns = 9;
export const blank: Part = line([]);

/** Rows of the terminal that a screen should fit into. */
const rowsMax = 24;

/** The lines of a screen. Where they are a few too many for a terminal, it does without blank ones, the last of them first. */
export function onOneScreen(parts: readonly Part[], columnsMax: number): readonly StyledLine[] {
  const lines = laidOut(parts, columnsMax);
  const blanks = lines.flatMap((spans, at) => (lengthOf(spans) === 0 ? [at] : []));
  const tooMany = lines.length - rowsMax;
  if (tooMany <= 0 || tooMany > blanks.length) return lines;
  const dropped = new Set(blanks.slice(-tooMany));
  return lines.filter((_, at) => !dropped.has(at));
}

/** What stands in a screen, as lines of at most `columnsMax`; a row of a grid that is too wide goes on in the next line. */
export function laidOut(parts: readonly Part[], columnsMax: number): readonly StyledLine[] {
  return parts.flatMap((part) => {
    if (part.kind === "whole") return [part.line];
    if (part.kind === "line") return wrappedLine(part.line, columnsMax, part.indent);
    return part.kind === "grid" ? gridLines(part, columnsMax) : sideLines(part, columnsMax);
  });
}

/** Two texts at both ends of a line, or below each other where they do not fit. */
function sideLines(
  { left, right }: { readonly left: StyledLine; readonly right: StyledLine },
  columnsMax: number,
): readonly StyledLine[] {
  const room = columnsMax - lengthOf(left) - lengthOf(right);
  if (room >= gap) return [[...left, plain(" ".repeat(room)), ...right]];
  return [...wrappedLine(left, columnsMax, gap), ...wrappedLine(right, columnsMax, gap)];
}

const gap = 2;

function gridLines(grid: Grid, columnsMax: number): readonly StyledLine[] {
  const { align, rows } = narrowed(grid, columnsMax);
  const widths = align.map((_, at) => Math.max(0, ...rows.map((row) => row[at]?.text.length ?? 0)));
  return rows.flatMap((row) => {
    const cells = row.map((span, at) => padded(span, widths[at] ?? 0, align[at] ?? "left"));
    const spaced = cells.flatMap((cell, at) => (at === 0 ? [cell] : [plain(" ".repeat(gap)), cell]));
    const whole = trimmed(spaced);
    if (lengthOf(whole) <= columnsMax) return [whole];
    const indent = Math.min((widths[0] ?? 0) + gap, Math.floor(columnsMax / 2));
    return wrappedLine(whole.map(held), columnsMax, indent).map((broken) => broken.map(released));
  });
}

const unbroken = "\u00a0";
/** Longer ones are sentences. */
const heldMax = 20;

/** A short text of a cell goes to the next line as a whole: `3/50, partial` in two lines is two things. */
function held(span: StyledText): StyledText {
  if (span.text.trim().length > heldMax) return span;
  return { ...span, text: span.text.replaceAll(/(?<=[^ ]) (?=[^ ])/g, unbroken) };
}

function released(span: StyledText): StyledText {
  return { ...span, text: span.text.replaceAll(unbroken, " ") };
}

/** Without as many of the optional columns as the terminal has no room for. */
function narrowed({ align, rows, optional = [] }: Grid, columnsMax: number): Grid {
  for (let dropped = 0; ; dropped += 1) {
    const left = optional.slice(0, dropped);
    const kept = align.flatMap((_, at) => (left.includes(at) ? [] : [at]));
    const width = kept.reduce(
      (sum, at) => sum + gap + Math.max(0, ...rows.map((row) => row[at]?.text.length ?? 0)),
      -gap,
    );
    if (width <= columnsMax || dropped === optional.length)
      return {
        align: kept.map((at) => align[at] ?? "left"),
        rows: rows.map((row) => kept.map((at) => row[at] ?? plain(""))),
      };
  }
}

function padded(span: StyledText, width: number, align: "left" | "right"): StyledText {
  const text = align === "left" ? span.text.padEnd(width) : span.text.padStart(width);
  return { ...span, text };
}

/** Spaces at the end of a row would break it where nothing is. */
function trimmed(row: StyledLine): StyledLine {
  const last = row.findLastIndex(({ text }) => text.trim() !== "");
  return row
    .slice(0, last + 1)
    .map((span, at) => (at === last ? { ...span, text: span.text.trimEnd() } : span));
}
