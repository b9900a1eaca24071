/** A table, independent of how it is printed. Cells are finished text: formats only place them. */
export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  /** Sentences below the table. */
  readonly notes: readonly string[];
}

export interface Column {
  readonly head: string;
  readonly align: "left" | "right";
  /** What docs/columns.md and the page say of it; none where the head says it all. */
  readonly meaning?: string | undefined;
}

/** A column with what it shows of a row. */
export interface ColumnOf<Row> extends Column {
  readonly text: (row: Row) => string;
}

/** A table whose columns are declared once, for every row, every format and the documents. */
export interface TableOf<Row> {
  readonly title: string;
  readonly columns: readonly ColumnOf<Row>[];
}

export function left(head: string): Column;
export function left<Row>(head: string, text: (row: Row) => string, meaning?: string): ColumnOf<Row>;
export function left<Row>(head: string, text?: (row: Row) => string, meaning?: string): Column {
  return { head, align: "left", ...(text && { text, meaning }) };
}

export function right(head: string): Column;
export function right<Row>(head: string, text: (row: Row) => string, meaning?: string): ColumnOf<Row>;
export function right<Row>(head: string, text?: (row: Row) => string, meaning?: string): Column {
  return { head, align: "right", ...(text && { text, meaning }) };
}

/** The declared table over `rows`. */
export function filled<Row>(
  { title, columns }: TableOf<Row>,
  rows: readonly Row[],
  notes: readonly string[] = [],
): Table {
  return { title, columns, rows: rows.map((row) => columns.map(({ text }) => text(row))), notes };
}

/** A table without rows whose notes say all is not drawn: an empty frame looks as if something were missing. */
export function isDrawn({ rows, notes }: Table): boolean {
  return rows.length > 0 || notes.length === 0;
}
