import { equal } from "../../python/compare.ts";
import { lower, listField } from "../../python/container.ts";
import { valueError } from "../../python/error.ts";
import { pyStr } from "../../python/repr.ts";
import type { PyValue } from "../../python/value.ts";
import type { Toolkit } from "../../contract/toolkit.ts";
import { billStatus } from "./data-model.ts";
import { Model } from "../../python/value.ts";

/** Python's `value in list`. */
export function contains(list: readonly PyValue[], value: PyValue): boolean {
  return list.some((item) => equal(item, value));
}

function models(kit: Toolkit, field: string): readonly Model[] {
  return listField(kit.db, field).filter((item) => item instanceof Model);
}

interface Search {
  readonly list: string;
  readonly field: string;
  /** How the ValueError begins. */
  readonly label: string;
}

function find(kit: Toolkit, { list, field, label }: Search, wanted: PyValue): Model {
  for (const item of listField(kit.db, list)) {
    if (item instanceof Model && equal(item.get(field), wanted)) return item;
  }
  throw valueError(`${label} ${pyStr(wanted)} not found`);
}

// Made once: a sync after every call looks up a line, a plan and a customer.
const CUSTOMER_BY_ID = { list: "customers", field: "customer_id", label: "Customer with ID" };
const LINE_BY_PHONE = { list: "lines", field: "phone_number", label: "Line with phone number" };
const LINE_BY_ID = { list: "lines", field: "line_id", label: "Line with ID" };
const PLAN_BY_ID = { list: "plans", field: "plan_id", label: "Plan with ID" };
const DEVICE_BY_ID = { list: "devices", field: "device_id", label: "Device with ID" };
const BILL_BY_ID = { list: "bills", field: "bill_id", label: "Bill with ID" };

export function customerById(kit: Toolkit, customerId: PyValue): Model {
  return find(kit, CUSTOMER_BY_ID, customerId);
}

export function lineByPhone(kit: Toolkit, phoneNumber: PyValue): Model {
  return find(kit, LINE_BY_PHONE, phoneNumber);
}

export function lineById(kit: Toolkit, lineId: PyValue): Model {
  return find(kit, LINE_BY_ID, lineId);
}

export function planById(kit: Toolkit, planId: PyValue): Model {
  return find(kit, PLAN_BY_ID, planId);
}

export function deviceById(kit: Toolkit, deviceId: PyValue): Model {
  return find(kit, DEVICE_BY_ID, deviceId);
}

export function billById(kit: Toolkit, billId: PyValue): Model {
  return find(kit, BILL_BY_ID, billId);
}

/** By the customer's own number or that of one of the lines, customer by customer. */
export function customerByPhone(kit: Toolkit, phoneNumber: PyValue): Model {
  for (const customer of models(kit, "customers")) {
    if (equal(customer.get("phone_number"), phoneNumber)) return customer;
    for (const lineId of listField(customer, "line_ids")) {
      if (equal(lineById(kit, lineId).get("phone_number"), phoneNumber)) return customer;
    }
  }
  throw valueError(`Customer with phone number ${pyStr(phoneNumber)} not found`);
}

export function customersByName(kit: Toolkit, fullName: PyValue, birthDay: PyValue): Model[] {
  return models(kit, "customers").filter(
    (customer) =>
      lower(customer.get("full_name")) === lower(fullName) && equal(customer.get("date_of_birth"), birthDay),
  );
}

/** The line when it belongs to the customer. */
export function lineOfCustomer(kit: Toolkit, customerId: PyValue, lineId: PyValue): Model {
  const customer = customerById(kit, customerId);
  if (!contains(listField(customer, "line_ids"), lineId)) {
    throw valueError(`Line ${pyStr(lineId)} not found for customer ${pyStr(customerId)}`);
  }
  return lineById(kit, lineId);
}

export function billsOf(kit: Toolkit, customer: Model): Model[] {
  return listField(customer, "bill_ids").map((billId) => billById(kit, billId));
}

export function billsAwaitingPayment(kit: Toolkit, customer: Model): Model[] {
  return billsOf(kit, customer).filter((bill) => equal(bill.get("status"), billStatus.awaitingPayment));
}
