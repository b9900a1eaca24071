import { equal, ordered } from "../../python/compare.ts";
import { attribute, inSet, listField } from "../../python/container.ts";
import { valueError } from "../../python/error.ts";
import { add, roundTo2, subtract } from "../../python/number.ts";
import { pyStr } from "../../python/repr.ts";
import type { Model, PyValue } from "../../python/value.ts";
import { GiftCard, OrderPayment } from "./data-model.ts";
import type { RetailToolkit } from "./toolkit.ts";

const CANCEL_REASONS = new Set(["no longer needed", "ordered by mistake"]);

type Arguments<Name extends string> = Readonly<Record<Name, PyValue>>;

export function isPending(order: Model): boolean {
  return pyStr(order.get("status")).includes("pending");
}

/** Cancels and records refunds; gift cards get theirs at once, also when a later refund fails. */
export function cancelPendingOrder(kit: RetailToolkit, args: Arguments<"order_id" | "reason">): Model {
  const order = kit.ownOrder(args.order_id);
  if (order.get("status") !== "pending") throw valueError("Non-pending order cannot be cancelled");
  if (!inSet(CANCEL_REASONS, args.reason)) throw valueError("Invalid reason");
  const history = listField(order, "payment_history");
  const refunds: Model[] = [];
  for (const payment of history) {
    const amount = attribute(payment, "amount");
    const methodId = attribute(payment, "payment_method_id");
    refunds.push(kit.make(OrderPayment, { transaction_type: "refund", amount, payment_method_id: methodId }));
    const user = kit.user(order.get("user_id"));
    const method = kit.ownPaymentMethod(user.get("user_id"), methodId);
    if (method.type === GiftCard) method.set("balance", roundTo2(add(method.get("balance"), amount)));
  }
  order.set("status", "cancelled");
  order.set("cancel_reason", args.reason);
  history.push(...refunds);
  return order;
}

export function modifyPendingPayment(
  kit: RetailToolkit,
  args: Arguments<"order_id" | "payment_method_id">,
): Model {
  const order = kit.ownOrder(args.order_id);
  if (!isPending(order)) throw valueError("Non-pending order cannot be modified");
  const method = kit.ownPaymentMethod(order.get("user_id"), args.payment_method_id);
  const history = listField(order, "payment_history");
  const [payment] = history;
  if (payment === undefined || history.length > 1 || attribute(payment, "transaction_type") !== "payment") {
    throw valueError("There should be exactly one payment for a pending order");
  }
  const oldMethodId = attribute(payment, "payment_method_id");
  if (equal(oldMethodId, args.payment_method_id)) {
    throw valueError("The new payment method should be different from the current one");
  }
  const amount = attribute(payment, "amount");
  if (method.type === GiftCard && ordered(method.get("balance"), "<", amount)) {
    throw valueError("Insufficient gift card balance to pay for the order");
  }
  const record = (transaction_type: string, payment_method_id: PyValue): Model =>
    kit.make(OrderPayment, { transaction_type, amount, payment_method_id });
  history.push(record("payment", args.payment_method_id), record("refund", oldMethodId));
  if (method.type === GiftCard) method.set("balance", roundTo2(subtract(method.get("balance"), amount)));
  const oldMethod = kit.ownPaymentMethod(order.get("user_id"), oldMethodId);
  if (oldMethod.type === GiftCard) {
    oldMethod.set("balance", roundTo2(add(oldMethod.get("balance"), amount)));
  }
  return order;
}
