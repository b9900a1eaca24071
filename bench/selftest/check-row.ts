import { keepsLimit } from "./limits.ts";

/** One line of the self-test: a number about Tollgate itself, with what is needed to doubt it. */
export interface CheckRow {
  /** Stable; names the row's limit, if it has one. */
  readonly id: string;
  readonly what: string;
  /** null when it could not be measured; such a row does not keep a limit. */
  readonly value: number | null;
  readonly unit: "ms" | "";
  /** How the single values lie, or the interval. */
  readonly detail: string;
  /** null: stated only. */
  readonly ok: boolean | null;
}

/** A row judged by the limit of its id. */
export function checkRow(row: Omit<CheckRow, "ok">): CheckRow {
  return { ...row, ok: keepsLimit(row.id, row.value) };
}
