import type { EnvironmentReply } from "../../../bench/tools/tool-module.ts";
import { messageOf } from "../../../bench/errors.ts";
import { boundedText, descriptionBytesMax } from "../../../bench/host/bounded-body.ts";
import type { ArgumentsOf } from "./arguments.ts";

/** Where a case's service listens. */
export interface ShopAddress {
  readonly url: string;
}

const requestTimeoutMs = 20_000;

export const shopTools = {
  search_products: (
    shop: ShopAddress,
    { query, max_price, in_stock, tags }: ArgumentsOf<"search_products">,
  ) => {
    const conditions = new URLSearchParams({
      ...(query !== undefined && { query }),
      ...(max_price !== undefined && { max_price: String(max_price) }),
      ...(in_stock !== undefined && { in_stock: String(in_stock) }),
    });
    for (const tag of tags ?? []) conditions.append("tag", tag);
    return body(request(shop, ["GET", `/products?${conditions.toString()}`]));
  },
  get_product: (shop: ShopAddress, { product_id }: ArgumentsOf<"get_product">) =>
    body(request(shop, ["GET", `/products/${product_id}`])),
  create_order: (shop: ShopAddress, order: ArgumentsOf<"create_order">) =>
    body(request(shop, ["POST", "/orders"], order)),
  get_order: (shop: ShopAddress, { order_id }: ArgumentsOf<"get_order">) =>
    body(request(shop, ["GET", `/orders/${encodeURIComponent(order_id)}`])),
  list_orders: (shop: ShopAddress) => body(request(shop, ["GET", "/orders"])),
  cancel_order: (shop: ShopAddress, { order_id, reason }: ArgumentsOf<"cancel_order">) =>
    body(request(shop, ["DELETE", `/orders/${encodeURIComponent(order_id)}`], { reason })),
  convert_currency: (shop: ShopAddress, { amount, from, to }: ArgumentsOf<"convert_currency">) => {
    const query = new URLSearchParams({ amount: String(amount), from, to });
    return body(request(shop, ["GET", `/rates?${query.toString()}`]));
  },
  http_request: async (shop: ShopAddress, { method, path, body: sent }: ArgumentsOf<"http_request">) => {
    const { status, text } = await request(shop, [method, path], sent);
    return { content: `HTTP ${status}\n${text}`, error: status === 0 || status >= 400 };
  },
};

interface ShopAnswer {
  readonly status: number;
  readonly text: string;
}

type RequestLine = readonly [method: string, path: string];

/** A real request over the loopback; 0: there was no answer. */
async function request({ url }: ShopAddress, line: RequestLine, sent?: object): Promise<ShopAnswer> {
  const [method, path] = line;
  try {
    const answer = await fetch(`${url}${path}`, {
      method,
      redirect: "manual",
      signal: AbortSignal.timeout(requestTimeoutMs),
      ...(sent !== undefined &&
        method !== "GET" && { body: JSON.stringify(sent), headers: { "content-type": "application/json" } }),
    });
    const text = answer.body === null ? "" : await boundedText(answer.body, descriptionBytesMax);
    return { status: answer.status, text };
  } catch (thrown) {
    return { status: 0, text: `no answer: ${messageOf(thrown)}` };
  }
}

async function body(asked: Promise<ShopAnswer>): Promise<EnvironmentReply> {
  const { status, text } = await asked;
  const error = status === 0 || status >= 400;
  return { content: error ? `HTTP ${status}: ${text}` : text, error };
}
