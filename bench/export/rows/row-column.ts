/**
 * A column of a table of rows, declared once: what CSV, Parquet, JSON Schema and docs/row-columns.md say of it comes from here.
 * - `time`: wall clock, microseconds since 1970 in UTC.
 * - `int`: at most 2^53.
 */
export interface RowColumn<Row> {
  readonly name: string;
  readonly type: ColumnType;
  /** null for what has none. */
  readonly unit: string | null;
  /** What it says, and when it is null. */
  readonly meaning: string;
  readonly of: (row: Row) => CellValue;
}

export type ColumnType = "text" | "int" | "double" | "boolean" | "time";
/** null: absent, which is never zero. */
export type CellValue = string | number | boolean | null;

type Of<Row> = RowColumn<Row>["of"];

/** The columns of one kind of row. The first sentence of a meaning is what it is; the rest is when it is null. */
export function columnsOf<Row>() {
  const column =
    (type: ColumnType, unit: string | null) =>
    (name: string, meaning: string, of: Of<Row>): RowColumn<Row> => ({ name, type, unit, meaning, of });
  return {
    text: column("text", null),
    truth: column("boolean", null),
    count: column("int", null),
    tokens: column("int", "tokens"),
    bytes: column("int", "bytes"),
    ms: column("double", "ms"),
    seconds: column("double", "s"),
    share: column("double", null),
    /** CLOCK_MONOTONIC of the driver's host: comparable within a run, and with nothing else. */
    stamp: column("int", "ns"),
    time: column("time", "UTC"),
  };
}

/** `2026-11-28T21:28:38.610123Z` */
export function timeText(microseconds: number): string {
  const seconds = Math.floor(microseconds / 1e6);
  const rest = String(microseconds - seconds * 1e6).padStart(6, "0");
  return `${new Date(seconds * 1000).toISOString().slice(0, -5)}.${rest}Z`;
}

/** A value as CSV and JSON have it. */
export function plainValue({ type }: Pick<RowColumn<never>, "type">, value: CellValue): CellValue {
  return type === "time" && typeof value === "number" ? timeText(value) : value;
}
