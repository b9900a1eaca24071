import { REQUIRED } from "../../python/call.ts";
import { equal, ordered, sorted } from "../../python/compare.ts";
import { listField, textOf, truthy } from "../../python/container.ts";
import { PythonError, typeError, valueError } from "../../python/error.ts";
import { absolute, asInt, multiply, subtract } from "../../python/number.ts";
import { pyStr } from "../../python/repr.ts";
import { Model, PyFloat } from "../../python/value.ts";
import type { PyList, PyValue } from "../../python/value.ts";
import { defineToolkit, methodsOf, Toolkit } from "../../contract/toolkit.ts";
import { refuelData, suspendForOverdueBill } from "./billing.ts";
import { cycleEnd, today } from "./clock.ts";
import { billStatus, lineStatus, TelecomDB } from "./data-model.ts";
import { fixed2 } from "./fixed-text.ts";
import {
  billById,
  billsAwaitingPayment,
  billsOf,
  contains,
  customerById,
  customerByPhone,
  customersByName,
  deviceById,
  lineById,
  lineOfCustomer,
  planById,
} from "./lookup.ts";

const method = methodsOf<Toolkit>();

const FINDERS = [
  ["L", lineById],
  ["D", deviceById],
  ["B", billById],
  ["C", customerById],
  ["P", planById],
] as const;

const lookupTools = {
  get_customer_by_phone: method({ phone_number: REQUIRED }, (kit, args) =>
    customerByPhone(kit, args.phone_number),
  ),

  get_customer_by_id: method({ customer_id: REQUIRED }, (kit, args) => customerById(kit, args.customer_id)),

  get_customer_by_name: method({ full_name: REQUIRED, dob: REQUIRED }, (kit, args) =>
    customersByName(kit, args.full_name, args.dob),
  ),

  get_available_plan_ids: method({}, (kit) =>
    listField(kit.db, "plans").flatMap((plan) => (plan instanceof Model ? [plan.get("plan_id")] : [])),
  ),

  get_details_by_id: method({ id: REQUIRED }, (kit, { id }) => {
    const text = textOf(id, "startswith");
    const finder = FINDERS.find(([letter]) => text.startsWith(letter));
    if (finder === undefined) throw valueError(`Unknown ID format or type: ${pyStr(id)}`);
    return finder[1](kit, id);
  }),

  get_data_usage: method({ customer_id: REQUIRED, line_id: REQUIRED }, (kit, { customer_id, line_id }) => {
    const line = lineOfCustomer(kit, customer_id, line_id);
    const plan = planById(kit, line.get("plan_id"));
    return new Map<string, PyValue>([
      ["line_id", line_id],
      ["data_used_gb", line.get("data_used_gb")],
      ["data_limit_gb", plan.get("data_limit_gb")],
      ["data_refueling_gb", line.get("data_refueling_gb")],
      ["cycle_end_date", cycleEnd],
    ]);
  }),

  transfer_to_human_agents: method({ summary: REQUIRED }, () => "Transfer successful"),
};

const lineTools = {
  suspend_line: method({ customer_id: REQUIRED, line_id: REQUIRED, reason: REQUIRED }, (kit, args) => {
    const line = lineOfCustomer(kit, args.customer_id, args.line_id);
    if (!equal(line.get("status"), lineStatus.active)) throw valueError("Line must be active to suspend");
    line.set("status", lineStatus.suspended);
    line.set("suspension_start_date", today);
    return new Map<string, PyValue>([
      ["message", "Line suspended successfully. $5/month holding fee will apply."],
      ["line", line],
    ]);
  }),

  resume_line: method({ customer_id: REQUIRED, line_id: REQUIRED }, (kit, args) => {
    const line = lineOfCustomer(kit, args.customer_id, args.line_id);
    if (!contains([lineStatus.suspended, lineStatus.pendingActivation], line.get("status"))) {
      throw valueError("Line must be suspended to resume");
    }
    line.set("status", lineStatus.active);
    line.set("suspension_start_date", null);
    return new Map<string, PyValue>([
      ["message", "Line resumed successfully"],
      ["line", line],
    ]);
  }),

  set_data_usage: method(
    { customer_id: REQUIRED, line_id: REQUIRED, data_used_gb: REQUIRED },
    (kit, { customer_id, line_id, data_used_gb }) => {
      lineOfCustomer(kit, customer_id, line_id).set("data_used_gb", data_used_gb);
      return `Data usage set to ${pyStr(data_used_gb)} GB for line ${pyStr(line_id)}`;
    },
  ),

  enable_roaming: method({ customer_id: REQUIRED, line_id: REQUIRED }, (kit, args) => {
    const line = lineOfCustomer(kit, args.customer_id, args.line_id);
    if (truthy(line.get("roaming_enabled"))) return "Roaming was already enabled";
    line.set("roaming_enabled", true);
    return "Roaming enabled successfully";
  }),

  disable_roaming: method({ customer_id: REQUIRED, line_id: REQUIRED }, (kit, args) => {
    const line = lineOfCustomer(kit, args.customer_id, args.line_id);
    if (!truthy(line.get("roaming_enabled"))) return "Roaming was already disabled";
    line.set("roaming_enabled", false);
    return "Roaming disabled successfully";
  }),
};

const billingTools = {
  get_bills_for_customer: method({ customer_id: REQUIRED, limit: 12 }, (kit, { customer_id, limit }) => {
    const bills = billsOf(kit, customerById(kit, customer_id));
    const days = sorted(bills.map((bill) => bill.get("issue_date"))).reverse();
    // Newest first; bills of one day keep their order, as in Python's sort with reverse=True.
    const byDay = [...new Set(days.map(pyStr))].flatMap((day) =>
      bills.filter((bill) => pyStr(bill.get("issue_date")) === day),
    );
    return firstOf(byDay, limit);
  }),

  send_payment_request: method(
    { customer_id: REQUIRED, bill_id: REQUIRED },
    (kit, { customer_id, bill_id }) => {
      const customer = customerById(kit, customer_id);
      if (billsAwaitingPayment(kit, customer).length > 0) {
        throw valueError("A bill is already awaiting payment for this customer");
      }
      if (!contains(listField(customer, "bill_ids"), bill_id)) {
        throw valueError(`Bill ${pyStr(bill_id)} not found for customer ${pyStr(customer_id)}`);
      }
      const bill = billById(kit, bill_id);
      bill.set("status", billStatus.awaitingPayment);
      return `Payment request sent to the customer for bill ${pyStr(bill.get("bill_id"))}`;
    },
  ),

  refuel_data: method(
    { customer_id: REQUIRED, line_id: REQUIRED, gb_amount: REQUIRED },
    (kit, { customer_id, line_id, gb_amount }) => {
      const line = lineOfCustomer(kit, customer_id, line_id);
      if (ordered(gb_amount, "<=", 0)) throw valueError("Refuel amount must be positive");
      const plan = planById(kit, line.get("plan_id"));
      const charge = multiply(gb_amount, plan.get("data_refueling_price_per_gb"));
      refuelData(kit, { line, customerId: customer_id, amountGb: gb_amount, charge });
      const message =
        `Successfully added ${pyStr(gb_amount)} GB of data for line ${pyStr(line_id)} ` +
        `for $${fixed2(charge)}`;
      return new Map<string, PyValue>([
        ["message", message],
        ["new_data_refueling_gb", line.get("data_refueling_gb")],
        ["charge", charge],
      ]);
    },
  ),

  suspend_line_for_overdue_bill: method(
    { customer_id: REQUIRED, line_id: REQUIRED, new_bill_id: REQUIRED, contract_ended: REQUIRED },
    (kit, args) =>
      suspendForOverdueBill(kit, {
        customerId: args.customer_id,
        lineId: args.line_id,
        newBillId: args.new_bill_id,
        contractEnded: args.contract_ended,
      }),
  ),
};

const assertions = {
  assert_data_refueling_amount: method(
    { customer_id: REQUIRED, line_id: REQUIRED, expected_amount: REQUIRED },
    (kit, { customer_id, line_id, expected_amount }) => {
      const line = lineOfCustomer(kit, customer_id, line_id);
      const difference = absolute(subtract(line.get("data_refueling_gb"), expected_amount));
      return ordered(difference, "<", new PyFloat(1e-6));
    },
  ),

  assert_line_status: method(
    { customer_id: REQUIRED, line_id: REQUIRED, expected_status: REQUIRED },
    (kit, { customer_id, line_id, expected_status }) =>
      equal(lineOfCustomer(kit, customer_id, line_id).get("status"), expected_status),
  ),

  assert_overdue_bill_exists: method(
    { customer_id: REQUIRED, overdue_bill_id: REQUIRED },
    (kit, { customer_id, overdue_bill_id }) => {
      const customer = customerById(kit, customer_id);
      if (!contains(listField(customer, "bill_ids"), overdue_bill_id)) {
        throw valueError(`Overdue bill ${pyStr(overdue_bill_id)} not found`);
      }
      if (!equal(billById(kit, overdue_bill_id).get("status"), billStatus.overdue)) {
        throw valueError(`Overdue bill ${pyStr(overdue_bill_id)} is not overdue`);
      }
      return true;
    },
  ),

  assert_no_overdue_bill: method({ overdue_bill_id: REQUIRED }, (kit, { overdue_bill_id }) => {
    try {
      return equal(billById(kit, overdue_bill_id).get("status"), billStatus.paid);
    } catch (error) {
      if (error instanceof PythonError && error.type === "ValueError") return true;
      throw error;
    }
  }),
};

/** Python's `list[:limit]`. */
function firstOf(list: PyList, limit: PyValue): PyList {
  const end = limit === null ? list.length : asInt(limit);
  if (end === undefined) {
    throw typeError("slice indices must be integers or None or have an __index__ method");
  }
  return list.slice(0, Number(end));
}

export const telecomTools = defineToolkit({
  className: "TelecomTools",
  database: TelecomDB,
  create: (db, services) => new Toolkit(db, services),
  methods: { ...lookupTools, ...lineTools, ...billingTools, ...assertions },
});
