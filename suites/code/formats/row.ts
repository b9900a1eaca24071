/** A problem as a file has it, whatever form the file is in. */
export interface Row {
  /** 1-based: of the line, or of the item of a list or table. */
  readonly line: number;
  readonly value: Readonly<Record<string, unknown>>;
}
