import { REQUIRED } from "../../python/call.ts";
import { equal } from "../../python/compare.ts";
import { dictField, listField, lower } from "../../python/container.ts";
import { valueError } from "../../python/error.ts";
import { add } from "../../python/number.ts";
import { pyStr } from "../../python/repr.ts";
import type { Model, PyDict, PyValue } from "../../python/value.ts";
import { defineToolkit, methodsOf, Toolkit } from "../../contract/toolkit.ts";
import { Hold, LibraryDB } from "./data-model.ts";
import { checkActive, ownRecord, record, records, recordsOf } from "./records.ts";

const method = methodsOf<Toolkit>();

const renewalDays = 21;
const maxRenewals = 2;

function sameText(left: PyValue, right: PyValue): boolean {
  return lower(left) === lower(right);
}

/** `YYYY-MM-DD`, some days later. */
function daysAfter(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

function isWaiting(hold: Model): boolean {
  return hold.get("status") !== "cancelled";
}

function renewLoan(kit: Toolkit, loanId: PyValue): Model {
  const loan = ownRecord(kit, "loans", loanId);
  checkActive(kit, loan.get("member_id"));
  if (Number(loan.get("renewals")) >= maxRenewals) {
    throw valueError(`Loan ${pyStr(loanId)} has already been renewed ${maxRenewals} times`);
  }
  const dueOn = pyStr(loan.get("due_on"));
  loan.set("due_on", daysAfter(dueOn, renewalDays));
  loan.set("renewals", add(loan.get("renewals"), 1));
  return loan;
}

function placeHold(
  kit: Toolkit,
  args: Readonly<Record<"member_id" | "book_id" | "pickup_branch", PyValue>>,
): Model {
  const { book_id, member_id, pickup_branch } = args;
  checkActive(kit, member_id);
  const book = record(kit, "books", book_id);
  if (book.get("lendable") !== true) throw valueError(`Book ${pyStr(book_id)} does not leave the building`);
  const already = recordsOf(kit, "holds", member_id).some(
    (hold) => isWaiting(hold) && equal(hold.get("book_id"), book_id),
  );
  if (already) throw valueError(`Member ${pyStr(member_id)} already has a hold on book ${pyStr(book_id)}`);
  const holds = dictField(kit.db, "holds");
  const hold_id = `H${String(holds.size + 1).padStart(3, "0")}`;
  const hold = kit.make(Hold, { hold_id, member_id, book_id, pickup_branch, status: "waiting" });
  holds.set(hold_id, hold);
  return hold;
}

/** Closes a fine that is still open. */
function settleFine(kit: Toolkit, fineId: PyValue, how: Readonly<Record<string, PyValue>>): Model {
  const fine = ownRecord(kit, "fines", fineId);
  if (fine.get("status") !== "unpaid") {
    throw valueError(`Fine ${pyStr(fineId)} is already ${pyStr(fine.get("status"))}`);
  }
  for (const [field, value] of Object.entries(how)) fine.set(field, value);
  return fine;
}

function accountOf(kit: Toolkit, memberId: PyValue): PyDict {
  return new Map<string, PyValue>([
    ["member", record(kit, "members", memberId)],
    ["loans", recordsOf(kit, "loans", memberId)],
    ["holds", recordsOf(kit, "holds", memberId)],
    ["fines", recordsOf(kit, "fines", memberId)],
  ]);
}

export const libraryTools = defineToolkit({
  className: "LibraryTools",
  database: LibraryDB,
  create: (db, services) => new Toolkit(db, services),
  methods: {
    find_member: method({ first_name: REQUIRED, last_name: REQUIRED, postcode: REQUIRED }, (kit, args) => {
      const found = records(kit, "members").find(
        (member) =>
          sameText(member.get("first_name"), args.first_name) &&
          sameText(member.get("last_name"), args.last_name) &&
          sameText(member.get("postcode"), args.postcode),
      );
      if (found === undefined) throw valueError("Member not found");
      return found.get("member_id");
    }),

    get_account: method({ member_id: REQUIRED }, (kit, args) => accountOf(kit, args.member_id)),

    search_books: method({ query: REQUIRED }, (kit, args) => {
      const wanted = lower(args.query);
      return records(kit, "books").filter((book) =>
        [book.get("title"), book.get("author"), ...listField(book, "subjects")].some((text) =>
          lower(text).includes(wanted),
        ),
      );
    }),

    get_book: method({ book_id: REQUIRED }, (kit, args) => record(kit, "books", args.book_id)),

    list_book_holds: method({ book_id: REQUIRED }, (kit, args) => {
      record(kit, "books", args.book_id);
      return records(kit, "holds").filter(
        (hold) => isWaiting(hold) && equal(hold.get("book_id"), args.book_id),
      );
    }),

    renew_loan: method({ loan_id: REQUIRED }, (kit, args) => renewLoan(kit, args.loan_id)),

    place_hold: method({ member_id: REQUIRED, book_id: REQUIRED, pickup_branch: REQUIRED }, placeHold),

    cancel_hold: method({ hold_id: REQUIRED }, (kit, args) => {
      const hold = ownRecord(kit, "holds", args.hold_id);
      if (!isWaiting(hold)) throw valueError(`Hold ${pyStr(args.hold_id)} is already cancelled`);
      hold.set("status", "cancelled");
      return hold;
    }),

    pay_fine: method({ fine_id: REQUIRED, payment_method: REQUIRED }, (kit, args) => {
      if (args.payment_method !== "card" && args.payment_method !== "cash") {
        throw valueError("Payment method must be card or cash");
      }
      return settleFine(kit, args.fine_id, { status: "paid", payment_method: args.payment_method });
    }),

    waive_fine: method({ fine_id: REQUIRED }, (kit, args) =>
      settleFine(kit, args.fine_id, { status: "waived" }),
    ),

    transfer_to_human_agents: method({ summary: REQUIRED }, () => "Transfer successful"),
  },
});
