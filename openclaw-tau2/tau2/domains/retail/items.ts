import { equal, ordered, sorted } from "../../python/compare.ts";
import { attribute, count, iterate, length, listField, truthy } from "../../python/container.ts";
import { PythonError, valueError } from "../../python/error.ts";
import { absolute, addInPlace, roundTo2, subtract } from "../../python/number.ts";
import { pyStr } from "../../python/repr.ts";
import type { Model, PyList, PyValue } from "../../python/value.ts";
import { GiftCard, OrderPayment } from "./data-model.ts";
import type { RetailToolkit } from "./toolkit.ts";

type Arguments<Name extends string> = Readonly<Record<Name, PyValue>>;
type ItemArguments = Arguments<"order_id" | "item_ids" | "payment_method_id">;
type ReplacementArguments = ItemArguments & Arguments<"new_item_ids">;

/** Throws when the customer names an item more often than the order has it. */
function checkItemsAreOrdered(order: Model, itemIds: PyValue, message: (id: string) => string): void {
  const inOrder = listField(order, "items").map((item) => attribute(item, "item_id"));
  for (const itemId of iterate(itemIds)) {
    if (count(itemIds, itemId) > count(inOrder, itemId)) throw valueError(message(pyStr(itemId)));
  }
}

/** Python's `zip` of two arguments. */
function pairs(left: PyValue, right: PyValue): [PyValue, PyValue][] {
  const second = iterate(right);
  return iterate(left)
    .slice(0, second.length)
    .map((value, index) => [value, second[index] ?? null]);
}

function orderedItem(order: Model, itemId: PyValue): Model {
  const items = listField(order, "items") as readonly Model[];
  const found = items.find((item) => equal(item.get("item_id"), itemId));
  if (found === undefined) throw valueError(`Item ${pyStr(itemId)} not found`);
  return found;
}

interface Replacement {
  /** What the new items cost more, not rounded; the int 0 without items. */
  readonly difference: PyValue;
  /** The variant of the last pair, which tau2 later applies to all of them; null without items. */
  readonly lastVariant: Model | null;
}

function replacementOf(
  kit: RetailToolkit,
  order: Model,
  { replacements, mustDiffer }: { replacements: [PyValue, PyValue][]; mustDiffer: boolean },
): Replacement {
  let difference: PyValue = 0;
  let lastVariant: Model | null = null;
  for (const [itemId, newItemId] of replacements) {
    if (mustDiffer && equal(itemId, newItemId)) {
      throw valueError("The new item id should be different from the old item id");
    }
    const item = orderedItem(order, itemId);
    const variant = kit.variant(item.get("product_id"), newItemId);
    if (!truthy(variant.get("available"))) {
      throw valueError(`New item ${pyStr(newItemId)} not found or available`);
    }
    difference = addInPlace(difference, subtract(variant.get("price"), item.get("price")));
    lastVariant = variant;
  }
  return { difference, lastVariant };
}

export function exchangeDeliveredItems(kit: RetailToolkit, args: ReplacementArguments): Model {
  const order = kit.ownOrder(args.order_id);
  if (order.get("status") !== "delivered") throw valueError("Non-delivered order cannot be exchanged");
  checkItemsAreOrdered(order, args.item_ids, (id) => `Number of ${id} not found.`);
  if (length(args.item_ids) !== length(args.new_item_ids)) {
    throw valueError("The number of items to be exchanged should match.");
  }
  const replacements = pairs(args.item_ids, args.new_item_ids);
  const replacement = replacementOf(kit, order, { replacements, mustDiffer: false });
  const difference = roundTo2(replacement.difference);
  const method = kit.ownPaymentMethod(order.get("user_id"), args.payment_method_id);
  if (method.type === GiftCard && ordered(method.get("balance"), "<", difference)) {
    throw valueError("Insufficient gift card balance to pay for the price difference");
  }
  order.set("status", "exchange requested");
  order.set("exchange_items", sorted(iterate(args.item_ids)));
  order.set("exchange_new_items", sorted(iterate(args.new_item_ids)));
  order.set("exchange_payment_method_id", args.payment_method_id);
  order.set("exchange_price_difference", difference);
  return order;
}

export function modifyPendingItems(kit: RetailToolkit, args: ReplacementArguments): Model {
  const order = kit.ownOrder(args.order_id);
  if (order.get("status") !== "pending") throw valueError("Non-pending order cannot be modified");
  checkItemsAreOrdered(order, args.item_ids, (id) => `${id} not found`);
  if (length(args.item_ids) !== length(args.new_item_ids)) {
    throw valueError("The number of items to be exchanged should match");
  }
  const replacements = pairs(args.item_ids, args.new_item_ids);
  const { difference, lastVariant } = replacementOf(kit, order, { replacements, mustDiffer: true });
  const method = kit.ownPaymentMethod(order.get("user_id"), args.payment_method_id);
  if (method.type === GiftCard && ordered(method.get("balance"), "<", difference)) {
    throw valueError("Insufficient gift card balance to pay for the new item");
  }
  listField(order, "payment_history").push(
    kit.make(OrderPayment, {
      transaction_type: ordered(difference, ">", 0) ? "payment" : "refund",
      amount: absolute(difference),
      payment_method_id: args.payment_method_id,
    }),
  );
  if (method.type === GiftCard) method.set("balance", roundTo2(subtract(method.get("balance"), difference)));
  for (const [itemId, newItemId] of replacements) {
    const item = orderedItem(order, itemId);
    item.set("item_id", newItemId);
    if (lastVariant === null) continue;
    item.set("price", lastVariant.get("price"));
    item.set("options", lastVariant.get("options"));
  }
  order.set("status", "pending (item modified)");
  return order;
}

export function returnDeliveredItems(kit: RetailToolkit, args: ItemArguments): Model {
  const order = kit.ownOrder(args.order_id);
  if (order.get("status") !== "delivered") throw valueError("Non-delivered order cannot be returned");
  const user = kit.user(order.get("user_id"));
  const method = kit.ownPaymentMethod(user.get("user_id"), args.payment_method_id);
  if (method.type !== GiftCard && !equal(args.payment_method_id, firstPaymentMethod(order))) {
    throw valueError("Payment method should be the original payment method");
  }
  checkItemsAreOrdered(order, args.item_ids, () => "Some item not found");
  order.set("status", "return requested");
  order.set("return_items", sorted(iterate(args.item_ids)));
  order.set("return_payment_method_id", args.payment_method_id);
  return order;
}

function firstPaymentMethod(order: Model): PyValue {
  const [first]: PyList = listField(order, "payment_history");
  if (first === undefined) throw new PythonError("IndexError", "list index out of range");
  return attribute(first, "payment_method_id");
}
