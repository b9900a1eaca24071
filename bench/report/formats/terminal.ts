import CliTable3 from "cli-table3";
import { headParts, type Notice, type ReportDocument } from "../tables/document.ts";
import { isDrawn, type Table } from "../tables/table.ts";
import { lineText, type Tone } from "../screen/styled-text.ts";

/** What a terminal can show. */
export interface TerminalOptions {
  readonly columns: number;
  readonly colour: boolean;
}

/** A report for a terminal, by default one of 100 columns. What cannot be used is said before anything that looks like a result. */
export function terminalText(
  report: ReportDocument,
  { columns, colour }: TerminalOptions = { columns: reportColumns, colour: false },
): string {
  const { notice, tables, warnings, definitions } = report;
  const { before, after } = headParts(report);
  const heads = notice === null ? [[...before, ...after]] : [before, noticeLines(notice), after];
  const text = [
    ...heads
      .filter((lines) => lines.length > 0)
      .map((lines) => lines.map((line) => wrapped(line, columns)).join("\n")),
    ...tables.map((table) => renderTable(table, columns, colour)),
    ...warnings.map((warning) => wrapped(`warning: ${warning}`, columns)),
    ...(definitions.length === 0
      ? []
      : [definitions.map(({ term, meaning }) => wrapped(`${term}: ${meaning}`, columns)).join("\n")]),
  ].join("\n\n");
  return colour ? text.replace(/^NOT USABLE.*$/m, (heading) => painted("bad", heading)) : text;
}

function noticeLines({ heading, meaning, groups, advice }: Notice): readonly string[] {
  const listed = (sentences: readonly string[]) => sentences.map((sentence) => `- ${sentence}`);
  return [
    heading,
    meaning,
    ...groups.flatMap(({ heading: arm, sentences }) => ["", arm, ...listed(sentences)]),
    ...(advice.length === 0 ? [] : ["", "What to do", ...listed(advice)]),
  ];
}

/**
 * One table with its title above and its notes below. What is too wide has its intervals below their numbers, then no room
 * beside its lines, then a line for each end of an interval, and at last some of its columns in a second table below.
 */
export function renderTable(table: Table, columnsMax = listColumns, colour = false): string {
  const drawn = isDrawn(table) ? [fittingTable(table, columnsMax)] : [];
  return [
    colour ? painted("strong", table.title) : table.title,
    ...(colour ? drawn.map(colouredCells) : drawn),
    ...table.notes.map((note) => wrapped(note, columnsMax)),
  ].join("\n");
}

function fittingTable(table: Table, columnsMax: number): string {
  const fits = (text: string) => text.split("\n").every((line) => line.length <= columnsMax);
  const drawings = narrowings.map(
    ([change, padding]) =>
      () =>
        draw({ ...table, rows: table.rows.map((row) => row.map(change)) }, padding),
  );
  for (const drawing of drawings) {
    const text = drawing();
    if (fits(text)) return text;
  }
  const { columns } = table;
  for (let kept = columns.length - 1; kept >= 2; kept -= 1) {
    const first = draw(narrowest(withColumns(table, (at) => at < kept)), 0);
    if (!fits(first)) continue;
    // Every part begins with the column that names the rows.
    return `${first}\n${fittingTable(
      withColumns(table, (at) => at === 0 || at >= kept),
      columnsMax,
    )}`;
  }
  return draw(narrowest(table), 0);
}

function narrowest(table: Table): Table {
  return { ...table, rows: table.rows.map((row) => row.map(boundsBelow)) };
}

function withColumns(table: Table, keeps: (at: number) => boolean): Table {
  return {
    ...table,
    columns: table.columns.filter((_, at) => keeps(at)),
    rows: table.rows.map((row) => row.filter((_, at) => keeps(at))),
  };
}

/** Cells that say what was found; nothing is said by a colour alone. */
const tones: readonly (readonly [words: string, tone: Tone])[] = [
  ["valid|exact|faster|kept|ok|no difference seen|inside", "good"],
  [
    "slower|failing|request-altered|answer-altered|engine-died|different-engines|engine-restarted|failed|CROSSED",
    "bad",
  ],
  [
    "cannot tell|client-limited|interrupted|not-drained|no-metrics|token-mismatch|rate-missed|warning|skipped",
    "doubt",
  ],
];

function colouredCells(drawn: string): string {
  return tones.reduce(
    (text, [words, tone]) =>
      text.replaceAll(new RegExp(`(?<=│ *)(?:${words})(?= *│)`, "g"), (word) => painted(tone, word)),
    drawn,
  );
}

function painted(tone: Tone, text: string): string {
  return lineText([{ text, tone }], true);
}

const narrowings: readonly (readonly [change: (text: string) => string, padding: number])[] = [
  [(text) => text, 1],
  [intervalsBelow, 1],
  [intervalsBelow, 0],
  [boundsBelow, 0],
];

function intervalsBelow(text: string): string {
  return text.replaceAll(" [", "\n[").replaceAll("] (", "]\n(");
}

function boundsBelow(text: string): string {
  return intervalsBelow(text).replaceAll(/(\[[^\s\]]+(?: %)?,) /g, "$1\n");
}

function draw({ columns, rows }: Table, padding: number): string {
  const table = new CliTable3({
    head: columns.map(({ head }) => head),
    colAligns: columns.map(({ align }) => align),
    style: { head: [], border: [], compact: true, "padding-left": padding, "padding-right": padding },
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

const reportColumns = 100;
/** Of tables that are no report: lists of runs and of episodes. */
const listColumns = 120;

/** Lines of at most `columnsMax` columns; what follows the first is indented. */
function wrapped(text: string, columnsMax: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && longer.length > columnsMax) {
      lines.push(line);
      line = `  ${word}`;
    } else line = longer;
  }
  return [...lines, line].join("\n");
}
