import { attribute, dictField, hasKey } from "../../python/container.ts";
import { valueError } from "../../python/error.ts";
import { ownEntry } from "../../python/shared-model.ts";
import { pyStr } from "../../python/repr.ts";
import type { PyDict, PyValue } from "../../python/value.ts";
import { Toolkit } from "../../contract/toolkit.ts";
import { Model } from "../../python/value.ts";

/** What a customer is found by; no tool changes it. */
export interface CustomerName {
  readonly userId: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
}

/** What the retail tools have in common: look-ups that raise tau2's errors. `own…` give a model to write to. */
export class RetailToolkit extends Toolkit {
  #customersOf: PyDict | null = null;
  #customers: readonly CustomerName[] = [];

  get users(): PyDict {
    return dictField(this.db, "users");
  }

  order(orderId: PyValue): Model {
    const orders = dictField(this.db, "orders");
    if (!hasKey(orders, orderId)) throw valueError("Order not found");
    return modelIn(orders, orderId);
  }

  ownOrder(orderId: PyValue): Model {
    this.order(orderId);
    return ownEntry(dictField(this.db, "orders"), pyStr(orderId));
  }

  user(userId: PyValue): Model {
    if (!hasKey(this.users, userId)) throw valueError("User not found");
    return modelIn(this.users, userId);
  }

  ownUser(userId: PyValue): Model {
    this.user(userId);
    return ownEntry(this.users, pyStr(userId));
  }

  product(productId: PyValue): Model {
    const products = dictField(this.db, "products");
    if (!hasKey(products, productId)) throw valueError("Product not found");
    return modelIn(products, productId);
  }

  item(itemId: PyValue): Model {
    for (const productId of dictField(this.db, "products").keys()) {
      const variants = dictField(this.product(productId), "variants");
      if (hasKey(variants, itemId)) return modelIn(variants, itemId);
    }
    throw valueError("Item not found");
  }

  variant(productId: PyValue, variantId: PyValue): Model {
    const variants = dictField(this.product(productId), "variants");
    if (!hasKey(variants, variantId)) throw valueError("Variant not found");
    return modelIn(variants, variantId);
  }

  /** A payment method of a user, for writing. */
  ownPaymentMethod(userId: PyValue, methodId: PyValue): Model {
    const methods = dictField(this.user(userId), "payment_methods");
    if (!hasKey(methods, methodId)) throw valueError("Payment method not found");
    return modelIn(dictField(this.ownUser(userId), "payment_methods"), methodId);
  }

  /** Names and mail addresses in lower case, in database order. */
  customerNames(): readonly CustomerName[] {
    const { users } = this;
    if (this.#customersOf !== users) {
      this.#customersOf = users;
      this.#customers = Array.from(users, ([userId, user]) => customerName(userId, user as Model));
    }
    return this.#customers;
  }
}

/** Shared by all environments that share the user. */
const customers = new WeakMap<Model, CustomerName>();

function customerName(userId: string, user: Model): CustomerName {
  const known = customers.get(user);
  if (known !== undefined) return known;
  const customer = {
    userId,
    firstName: lowered(user.get("name"), "first_name"),
    lastName: lowered(user.get("name"), "last_name"),
    email: lowered(user, "email"),
  };
  customers.set(user, customer);
  return customer;
}

function lowered(owner: PyValue, field: string): string {
  return pyStr(attribute(owner, field)).toLowerCase();
}

function modelIn(dict: PyDict, key: string): Model {
  const model = dict.get(key);
  if (!(model instanceof Model)) throw new Error(`bug: no model under ${key}`);
  return model;
}
