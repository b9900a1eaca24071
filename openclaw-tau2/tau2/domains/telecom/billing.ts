import { equal, ordered } from "../../python/compare.ts";
import { listField, truthy } from "../../python/container.ts";
import { valueError } from "../../python/error.ts";
import { add } from "../../python/number.ts";
import { pyStr } from "../../python/repr.ts";
import type { Model, PyValue } from "../../python/value.ts";
import type { Toolkit } from "../../contract/toolkit.ts";
import { lastMonth, nextMonth, today } from "./clock.ts";
import { Bill, billStatus, LineItem, lineStatus } from "./data-model.ts";
import { billById, billsOf, customerById, lineById, planById } from "./lookup.ts";

interface Charge {
  readonly amount: PyValue;
  readonly description: string;
}

/** Adds a charge to the customer's next bill, which is made when there is no draft yet. */
export function applyOneTimeCharge(kit: Toolkit, customerId: PyValue, charge: Charge): void {
  const customer = customerById(kit, customerId);
  const draft = firstDraft(kit, customer) ?? newDraft(kit, customer, customerId);
  const itemType = ordered(charge.amount, "<", 0) ? "Credit" : "Charge";
  addLineItem(kit, draft, { ...charge, itemType });
}

function firstDraft(kit: Toolkit, customer: Model): Model | undefined {
  for (const billId of listField(customer, "bill_ids")) {
    const bill = billById(kit, billId);
    if (equal(bill.get("status"), billStatus.draft)) return bill;
  }
  return undefined;
}

function newDraft(kit: Toolkit, customer: Model, customerId: PyValue): Model {
  const billId = `B${kit.services.nextHex8()}`;
  const bill = kit.make(Bill, {
    bill_id: billId,
    customer_id: customerId,
    period_start: nextMonth.start,
    period_end: nextMonth.end,
    issue_date: nextMonth.start,
    total_due: 0,
    due_date: nextMonth.due,
    status: billStatus.draft,
  });
  listField(kit.db, "bills").push(bill);
  listField(customer, "bill_ids").push(billId);
  return bill;
}

function addLineItem(kit: Toolkit, bill: Model, charge: Charge & { readonly itemType: string }): void {
  const { description, amount, itemType } = charge;
  const item = kit.make(LineItem, { description, amount, date: today, item_type: itemType });
  listField(bill, "line_items").push(item);
  bill.set("total_due", add(bill.get("total_due"), amount));
}

interface Suspension {
  readonly customerId: PyValue;
  readonly lineId: PyValue;
  readonly newBillId: PyValue;
  readonly contractEnded: PyValue;
}

/** Puts an unpaid bill of last month on the customer and suspends the line. */
export function suspendForOverdueBill(kit: Toolkit, suspension: Suspension): string {
  const { customerId, lineId, newBillId, contractEnded } = suspension;
  const line = lineById(kit, lineId);
  if (!equal(line.get("status"), lineStatus.active)) {
    throw valueError("Line must be active to suspend for unpaid bill");
  }
  const amount = planById(kit, line.get("plan_id")).get("price_per_month");
  if (ordered(amount, "<=", 0)) throw valueError("Amount must be positive for overdue bill");
  const customer = customerById(kit, customerId);
  if (billsOf(kit, customer).some((bill) => equal(bill.get("status"), billStatus.overdue))) {
    throw valueError("Customer already has an overdue bill");
  }
  const bill = kit.make(Bill, {
    bill_id: newBillId,
    customer_id: customerId,
    period_start: lastMonth.start,
    period_end: lastMonth.end,
    issue_date: lastMonth.start,
    total_due: 0,
    due_date: lastMonth.due,
    status: billStatus.overdue,
  });
  const description = `Charge for line ${pyStr(line.get("line_id"))}`;
  addLineItem(kit, bill, { description, amount, itemType: "Charge" });
  listField(kit.db, "bills").push(bill);
  listField(customer, "bill_ids").push(newBillId);
  line.set("status", lineStatus.suspended);
  line.set("suspension_start_date", today);
  if (truthy(contractEnded)) line.set("contract_end_date", lastMonth.end);
  return (
    `Line ${pyStr(lineId)} suspended for unpaid bill ${pyStr(newBillId)}. ` +
    `Contract ended: ${pyStr(contractEnded)}`
  );
}

/** Adds data to a line and charges the customer by the plan's price. */
export function refuelData(
  kit: Toolkit,
  refuel: {
    readonly line: Model;
    readonly customerId: PyValue;
    readonly amountGb: PyValue;
    readonly charge: PyValue;
  },
): void {
  const { line, customerId, amountGb, charge } = refuel;
  const price = planById(kit, line.get("plan_id")).get("data_refueling_price_per_gb");
  line.set("data_refueling_gb", add(line.get("data_refueling_gb"), amountGb));
  const description = `Data refueling: ${pyStr(amountGb)} GB at $${pyStr(price)}/GB`;
  applyOneTimeCharge(kit, customerId, { amount: charge, description });
}
