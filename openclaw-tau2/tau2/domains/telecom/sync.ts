import { equal, ordered } from "../../python/compare.ts";
import { truthy } from "../../python/container.ts";
import { add } from "../../python/number.ts";
import type { PyValue } from "../../python/value.ts";
import type { Toolkit } from "../../contract/toolkit.ts";
import { billStatus, lineStatus } from "./data-model.ts";
import { billById, billsAwaitingPayment, customerByPhone, lineByPhone, planById } from "./lookup.ts";
import { PaymentRequest } from "./user-data-model.ts";
import { Model } from "../../python/value.ts";

/** Carries what the carrier knows about the user's line to the phone, and payments back to the bills. */
export function syncTelecom(agent: Toolkit, user: Toolkit): void {
  const surroundings = user.db.get("surroundings");
  if (!(surroundings instanceof Model)) throw new Error("bug: surroundings are always a model");
  const phoneNumber = surroundings.get("phone_number");
  if (phoneNumber === null) return;
  syncLine(agent, surroundings, phoneNumber);
  syncPayment(agent, surroundings, phoneNumber);
}

function syncLine(agent: Toolkit, surroundings: Model, phoneNumber: PyValue): void {
  const line = lineByPhone(agent, phoneNumber);
  surroundings.set("line_active", equal(line.get("status"), lineStatus.active));
  surroundings.set("roaming_allowed", truthy(line.get("roaming_enabled")));
  const plan = planById(agent, line.get("plan_id"));
  const allowance = add(plan.get("data_limit_gb"), line.get("data_refueling_gb"));
  surroundings.set("mobile_data_usage_exceeded", ordered(line.get("data_used_gb"), ">=", allowance));
}

function syncPayment(agent: Toolkit, surroundings: Model, phoneNumber: PyValue): void {
  const pending = surroundings.get("payment_request");
  if (pending instanceof Model) {
    if (!truthy(pending.get("paid"))) return;
    billById(agent, pending.get("bill_id")).set("status", billStatus.paid);
    surroundings.set("payment_request", null);
  }
  const [bill] = billsAwaitingPayment(agent, customerByPhone(agent, phoneNumber));
  if (bill === undefined) return;
  const request = { bill_id: bill.get("bill_id"), amount_due: bill.get("total_due") };
  surroundings.set("payment_request", agent.make(PaymentRequest, request));
}
