import { styleText } from "node:util";

/** What a piece of text means; a terminal shows it as a colour, and nothing is said by the colour alone. */
export type Tone = "good" | "bad" | "doubt" | "soft" | "strong";

export interface StyledText {
  readonly text: string;
  readonly tone: Tone | null;
}

/** A line as pieces of text, before it is fitted into a terminal. */
export type StyledLine = readonly StyledText[];

export function plain(text: string): StyledText {
  return { text, tone: null };
}

export function toned(tone: Tone, text: string): StyledText {
  return { text, tone };
}

export function lengthOf(line: StyledLine): number {
  return line.reduce((sum, { text }) => sum + text.length, 0);
}

const styles: Readonly<Record<Tone, Parameters<typeof styleText>[0]>> = {
  good: "green",
  bad: "red",
  doubt: "yellow",
  soft: "dim",
  strong: "bold",
};

/** The text of a line; with `colour` as a terminal shows it. */
export function lineText(line: StyledLine, colour: boolean): string {
  const text = line.map((span) => spanText(span, colour)).join("");
  return text.trimEnd();
}

function spanText({ text, tone }: StyledText, colour: boolean): string {
  if (tone === null || !colour || text === "") return text;
  // Who calls this has decided whether the stream shows colours.
  return styleText(styles[tone], text, { validateStream: false });
}

/** Breaks a line at spaces into lines of at most `columnsMax`; those after the first begin with `indent` spaces. A word is never cut. */
export function wrappedLine(line: StyledLine, columnsMax: number, indent: number): readonly StyledLine[] {
  const lines: StyledText[][] = [];
  let current: StyledText[] = [];
  let length = 0;
  for (const { text, tone } of line) {
    // A word keeps the spaces in front of it, so that columns which were set with spaces stay where they are.
    for (const word of text.match(/ *[^ ]+| +$/g) ?? []) {
      if (length + word.length > columnsMax && length > indent && word.trim() !== "") {
        lines.push(current);
        current = [plain(" ".repeat(indent)), { text: word.trimStart(), tone }];
        length = indent + word.trimStart().length;
      } else {
        current.push({ text: word, tone });
        length += word.length;
      }
    }
  }
  return [...lines, current];
}
