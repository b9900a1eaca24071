import {
  defineModel,
  dict,
  list,
  literal,
  modelField,
  optional,
  withDefault,
} from "../../python/field-type.ts";
import { bool, float, int, str } from "../../python/scalar-type.ts";

const Member = defineModel("Member", {
  member_id: str,
  first_name: str,
  last_name: str,
  postcode: str,
  status: literal("active", "blocked"),
});

const Book = defineModel("Book", {
  book_id: str,
  title: str,
  author: str,
  subjects: list(str),
  lendable: bool,
  copies_available: int,
});

const Loan = defineModel("Loan", {
  loan_id: str,
  member_id: str,
  book_id: str,
  due_on: str,
  renewals: int,
});

export const Hold = defineModel("Hold", {
  hold_id: str,
  member_id: str,
  book_id: str,
  pickup_branch: literal("Harbour", "Mill Lane"),
  status: literal("waiting", "ready", "cancelled"),
});

const Fine = defineModel("Fine", {
  fine_id: str,
  member_id: str,
  reason: literal("overdue", "damage"),
  incurred_on: str,
  amount: float,
  status: withDefault(literal("unpaid", "paid", "waived"), "unpaid"),
  payment_method: withDefault(optional(literal("card", "cash")), null),
});

export const LibraryDB = defineModel(
  "LibraryDB",
  {
    members: dict(modelField(Member)),
    books: dict(modelField(Book)),
    loans: dict(modelField(Loan)),
    holds: dict(modelField(Hold)),
    fines: dict(modelField(Fine)),
  },
  { forbidsExtra: true },
);
