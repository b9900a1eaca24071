import { calculate } from "../../python/calculate.ts";
import { REQUIRED } from "../../python/call.ts";
import { attribute, dictField, lower } from "../../python/container.ts";
import { equal } from "../../python/compare.ts";
import { valueError } from "../../python/error.ts";
import { dumpCanonical } from "../../python/json-dump.ts";
import { pyStr } from "../../python/repr.ts";
import type { Model, PyDict, PyValue } from "../../python/value.ts";
import { defineToolkit, methodsOf } from "../../contract/toolkit.ts";
import { RetailDB, UserAddress } from "./data-model.ts";
import { exchangeDeliveredItems, modifyPendingItems, returnDeliveredItems } from "./items.ts";
import { cancelPendingOrder, isPending, modifyPendingPayment } from "./payment.ts";
import { RetailToolkit } from "./toolkit.ts";

const method = methodsOf<RetailToolkit>();

const addressFields = {
  address1: REQUIRED,
  address2: REQUIRED,
  city: REQUIRED,
  state: REQUIRED,
  country: REQUIRED,
  zip: REQUIRED,
} as const;

function addressOf(kit: RetailToolkit, args: Readonly<Record<keyof typeof addressFields, PyValue>>): Model {
  const { address1, address2, city, state, country, zip } = args;
  return kit.make(UserAddress, { address1, address2, city, state, country, zip });
}

const items = { order_id: REQUIRED, item_ids: REQUIRED } as const;
const replacements = { ...items, new_item_ids: REQUIRED, payment_method_id: REQUIRED } as const;

export const retailTools = defineToolkit<RetailToolkit>({
  className: "RetailTools",
  database: RetailDB,
  create: (db, services) => new RetailToolkit(db, services),
  methods: {
    calculate: method({ expression: REQUIRED }, (_kit, args) => calculate(args.expression)),

    cancel_pending_order: method({ order_id: REQUIRED, reason: REQUIRED }, cancelPendingOrder),

    exchange_delivered_order_items: method(replacements, exchangeDeliveredItems),

    find_user_id_by_name_zip: method(
      { first_name: REQUIRED, last_name: REQUIRED, zip: REQUIRED },
      (kit, args) => {
        const wanted = lower(args.first_name);
        for (const { userId, firstName, lastName } of kit.customerNames()) {
          if (firstName !== wanted || lastName !== lower(args.last_name)) continue;
          if (equal(attribute(kit.user(userId).get("address"), "zip"), args.zip)) return userId;
        }
        throw valueError("User not found");
      },
    ),

    find_user_id_by_email: method({ email: REQUIRED }, (kit, args) => {
      const email = lower(args.email);
      const found = kit.customerNames().find((customer) => customer.email === email);
      if (found === undefined) throw valueError("User not found");
      return found.userId;
    }),

    get_order_details: method({ order_id: REQUIRED }, (kit, args) => kit.order(args.order_id)),

    get_product_details: method({ product_id: REQUIRED }, (kit, args) => kit.product(args.product_id)),

    get_item_details: method({ item_id: REQUIRED }, (kit, args) => kit.item(args.item_id)),

    get_user_details: method({ user_id: REQUIRED }, (kit, args) => kit.user(args.user_id)),

    list_all_product_types: method({}, (kit) => {
      const types: PyDict = new Map();
      for (const product of dictField(kit.db, "products").values()) {
        types.set(pyStr(attribute(product, "name")), attribute(product, "product_id"));
      }
      return dumpCanonical(types);
    }),

    modify_pending_order_address: method({ order_id: REQUIRED, ...addressFields }, (kit, args) => {
      const order = kit.ownOrder(args.order_id);
      if (!isPending(order)) throw valueError("Non-pending order cannot be modified");
      order.set("address", addressOf(kit, args));
      return order;
    }),

    modify_pending_order_items: method(replacements, modifyPendingItems),

    modify_pending_order_payment: method(
      { order_id: REQUIRED, payment_method_id: REQUIRED },
      modifyPendingPayment,
    ),

    modify_user_address: method({ user_id: REQUIRED, ...addressFields }, (kit, args) => {
      const user = kit.ownUser(args.user_id);
      user.set("address", addressOf(kit, args));
      return user;
    }),

    return_delivered_order_items: method({ ...items, payment_method_id: REQUIRED }, returnDeliveredItems),

    transfer_to_human_agents: method({ summary: REQUIRED }, () => "Transfer successful"),
  },
});
