import CliTable3 from "cli-table3";
import { headParts, type Notice, type ReportDocument } from "../tables/document.ts";
import { isDrawn, type Table } from "../tables/table.ts";

/** A report for a terminal of 100 columns. What cannot be used is said before anything that looks like a result. */
export function terminalText(report: ReportDocument): string {
  const { notice, tables, warnings, definitions } = report;
  const { before, after } = headParts(report);
  const heads = notice === null ? [[...before, ...after]] : [before, noticeLines(notice), after];
  return [
    ...heads
      .filter((lines) => lines.length > 0)
      .map((lines) => lines.map((line) => wrapped(line, reportColumns)).join("\n")),
    ...tables.map((table) => renderTable(table, reportColumns)),
    ...warnings.map((warning) => wrapped(`warning: ${warning}`, reportColumns)),
    ...(definitions.length === 0
      ? []
      : [definitions.map(({ term, meaning }) => wrapped(`${term}: ${meaning}`, reportColumns)).join("\n")]),
  ].join("\n\n");
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
 * beside its lines, then a line for each end of an interval.
 */
export function renderTable(table: Table, columnsMax = listColumns): string {
  let drawn = draw(table, 1);
  for (const [change, padding] of narrowings) {
    if (drawn.split("\n").every((line) => line.length <= columnsMax)) break;
    drawn = draw({ ...table, rows: table.rows.map((row) => row.map(change)) }, padding);
  }
  return [
    table.title,
    ...(isDrawn(table) ? [drawn] : []),
    ...table.notes.map((note) => wrapped(note, columnsMax)),
  ].join("\n");
}

const narrowings: readonly (readonly [change: (text: string) => string, padding: number])[] = [
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
