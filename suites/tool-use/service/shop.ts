import type { WrittenRecord, WrittenValue } from "../contract/case.ts";
import { isObject, jsonText } from "../contract/parse-json.ts";
import { orders, products, rates } from "./catalogue.ts";

export interface ShopAnswer {
  readonly status: number;
  readonly body: WrittenValue;
}

export interface ShopRequest {
  readonly method: string;
  /** Below the address of the shop, e.g. `/orders/A-100`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** undefined: what was sent is no JSON. */
  readonly body: WrittenValue | undefined;
}

interface Order {
  readonly id: string;
  readonly [key: string]: WrittenValue;
}

/** The state of a case's shop and what its API answers. Every attempt has one of its own. */
export class Shop {
  readonly #products: WrittenRecord[];
  #orders: WrittenRecord[];
  #nextOrder = 500;

  constructor(begin: Readonly<Record<string, readonly WrittenRecord[]>>) {
    this.#products = [...(begin["products"] ?? products)];
    this.#orders = [...(begin["orders"] ?? orders)];
  }

  /** The records of a list as they are now; null: there is no such list. */
  list(name: string): readonly WrittenRecord[] | null {
    if (name === "products") return this.#products;
    return name === "orders" ? this.#orders : null;
  }

  answer({ method, path, query, body }: ShopRequest): ShopAnswer {
    const [, list = "", id = null, ...rest] = path.split("/");
    if (rest.length > 0) return notFound(path);
    const at = id === null || id === "" ? null : id;
    if (list === "products") return this.#ofProducts(method, at, query);
    if (list === "orders") return this.#ofOrders(method, at, body);
    return list === "rates" && at === null ? convert(method, query) : notFound(path);
  }

  #ofProducts(method: string, id: string | null, query: URLSearchParams): ShopAnswer {
    if (method !== "GET") return notAllowed(method);
    if (id === null) return search(this.#products, query);
    const found = this.#products.find((product) => textOf(product["id"]) === id);
    return found === undefined ? notFound(`product ${id}`) : { status: 200, body: found };
  }

  #ofOrders(method: string, id: string | null, body: WrittenValue | undefined): ShopAnswer {
    if (id === null) {
      if (method === "GET") return { status: 200, body: this.#orders };
      return method === "POST" ? this.#create(body) : notAllowed(method);
    }
    const found = this.#orders.find((order) => order["id"] === id);
    if (found === undefined) return notFound(`order ${id}`);
    if (method === "GET") return { status: 200, body: found };
    if (method === "DELETE") return this.#cancel(found, body);
    return method === "PATCH" ? this.#change(found, body) : notAllowed(method);
  }

  #create(body: WrittenValue | undefined): ShopAnswer {
    if (!isObject(body)) return refused("send a JSON object");
    const { product_id: productId, quantity, express = false, note } = body;
    const product = this.#products.find(({ id }) => id === productId);
    if (product === undefined) return refused(`there is no product ${jsonText(productId ?? null)}`);
    if (!isCount(quantity)) return refused("quantity must be a whole number from 1");
    if (typeof express !== "boolean") return refused("express must be true or false");
    const { stock } = product;
    if (typeof stock === "number" && stock < quantity) return conflict(`only ${stock} in stock`);
    const order: Order = {
      id: `A-${this.#nextOrder}`,
      product_id: product["id"] ?? null,
      quantity,
      express,
      ...(note !== undefined && { note }),
      status: "open",
    };
    this.#nextOrder += 1;
    this.#orders = [...this.#orders, order];
    return { status: 201, body: order };
  }

  #cancel(order: WrittenRecord, body: WrittenValue | undefined): ShopAnswer {
    if (order["status"] !== "open")
      return conflict(`order ${textOf(order["id"])} is ${textOf(order["status"])}`);
    const reason = isObject(body) ? (body["reason"] ?? null) : null;
    return this.#put({ ...order, status: "cancelled", reason });
  }

  #change(order: WrittenRecord, body: WrittenValue | undefined): ShopAnswer {
    if (order["status"] !== "open")
      return conflict(`order ${textOf(order["id"])} is ${textOf(order["status"])}`);
    if (!isObject(body)) return refused("send a JSON object");
    const unknown = Object.keys(body).filter((key) => !["quantity", "express", "note"].includes(key));
    if (unknown.length > 0) return refused(`${unknown.join(", ")} cannot be changed`);
    if (body["quantity"] !== undefined && !isCount(body["quantity"]))
      return refused("quantity must be a whole number from 1");
    if (body["express"] !== undefined && typeof body["express"] !== "boolean")
      return refused("express must be true or false");
    return this.#put({ ...order, ...body });
  }

  #put(order: WrittenRecord): ShopAnswer {
    this.#orders = this.#orders.map((one) => (one["id"] === order["id"] ? order : one));
    return { status: 200, body: order };
  }
}

/** Records of a case may hold anything. */
const textOf = (value: WrittenValue | undefined) => (typeof value === "string" ? value : jsonText(value));

function isCount(value: WrittenValue | undefined): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1;
}

function search(all: readonly WrittenRecord[], query: URLSearchParams): ShopAnswer {
  const known = ["query", "max_price", "in_stock", "tag"];
  const unknown = [...query.keys()].filter((key) => !known.includes(key));
  if (unknown.length > 0)
    return refused(`unknown condition ${unknown.join(", ")}; known: ${known.join(", ")}`);
  const [text, price, stocked] = [query.get("query"), query.get("max_price"), query.get("in_stock")];
  if (price !== null && !Number.isFinite(Number(price))) return refused("max_price must be a number");
  if (stocked !== null && stocked !== "true" && stocked !== "false")
    return refused("in_stock must be true or false");
  const found = all.filter(({ name, price: cost, stock, tags }) => {
    if (text !== null && !textOf(name).toLowerCase().includes(text.toLowerCase())) return false;
    if (price !== null && Number(cost) > Number(price)) return false;
    if (stocked !== null && Number(stock) > 0 !== (stocked === "true")) return false;
    return query.getAll("tag").every((tag) => Array.isArray(tags) && tags.includes(tag));
  });
  return { status: 200, body: found };
}

function convert(method: string, query: URLSearchParams): ShopAnswer {
  if (method !== "GET") return notAllowed(method);
  const [from, to] = [query.get("from") ?? "", query.get("to") ?? ""];
  const unknown = [from, to].find((code) => !Object.hasOwn(rates, code));
  if (unknown !== undefined) return refused(`unknown currency ${JSON.stringify(unknown)}`);
  const amount = Number(query.get("amount") ?? "1");
  if (!Number.isFinite(amount)) return refused("amount must be a number");
  const converted = (amount / (rates[from] ?? 1)) * (rates[to] ?? 1);
  return { status: 200, body: { amount, from, to, result: Math.round(converted * 100) / 100 } };
}

const answerOf = (status: number, error: string): ShopAnswer => ({ status, body: { error } });
const notFound = (what: string) => answerOf(404, `${what} is not there`);
const notAllowed = (method: string) => answerOf(405, `${method} is not possible here`);
const refused = (why: string) => answerOf(422, why);
const conflict = (why: string) => answerOf(409, why);
