import { equal } from "../../python/compare.ts";
import { dictField, hasKey } from "../../python/container.ts";
import { valueError } from "../../python/error.ts";
import { ownEntry } from "../../python/shared-model.ts";
import { pyStr } from "../../python/repr.ts";
import type { Model, PyValue } from "../../python/value.ts";
import type { Toolkit } from "../../contract/toolkit.ts";

/** Tables of the library's database, with the word for one of their rows. */
const tables = {
  members: "Member",
  books: "Book",
  loans: "Loan",
  holds: "Hold",
  fines: "Fine",
} as const;
export type RecordTable = keyof typeof tables;

/** A row to read. Throws when there is none. */
export function record(kit: Toolkit, table: RecordTable, id: PyValue): Model {
  const rows = dictField(kit.db, table);
  if (!hasKey(rows, id)) throw valueError(`${tables[table]} ${pyStr(id)} not found`);
  return rows.get(id) as Model;
}

/** A row to write, taken over from the data that all environments share. Throws when there is none. */
export function ownRecord(kit: Toolkit, table: RecordTable, id: PyValue): Model {
  const rows = dictField(kit.db, table);
  if (!hasKey(rows, id)) throw valueError(`${tables[table]} ${pyStr(id)} not found`);
  return ownEntry(rows, id);
}

export function records(kit: Toolkit, table: RecordTable): readonly Model[] {
  return [...dictField(kit.db, table).values()] as readonly Model[];
}

/** Rows that belong to a member, in the order of the table. */
export function recordsOf(kit: Toolkit, table: RecordTable, memberId: PyValue): Model[] {
  return records(kit, table).filter((row) => equal(row.get("member_id"), memberId));
}

/** Throws unless the member may borrow. */
export function checkActive(kit: Toolkit, memberId: PyValue): void {
  if (record(kit, "members", memberId).get("status") !== "active") {
    throw valueError(`Member ${pyStr(memberId)} is blocked`);
  }
}
