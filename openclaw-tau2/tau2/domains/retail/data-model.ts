import {
  defineModel,
  dict,
  list,
  literal,
  modelField,
  optional,
  union,
  withDefault,
} from "../../python/field-type.ts";
import { bool, float, str } from "../../python/scalar-type.ts";

const Variant = defineModel("Variant", { item_id: str, options: dict(str), available: bool, price: float });

const Product = defineModel("Product", { name: str, product_id: str, variants: dict(modelField(Variant)) });

const UserName = defineModel("UserName", { first_name: str, last_name: str });

export const UserAddress = defineModel("UserAddress", {
  address1: str,
  address2: str,
  city: str,
  country: str,
  state: str,
  zip: str,
});

const PaymentMethodBase = defineModel("PaymentMethodBase", { source: str, id: str });

const CreditCard = defineModel(
  "CreditCard",
  { source: literal("credit_card"), brand: str, last_four: str },
  { base: PaymentMethodBase },
);

const Paypal = defineModel("Paypal", { source: literal("paypal") }, { base: PaymentMethodBase });

export const GiftCard = defineModel(
  "GiftCard",
  { source: literal("gift_card"), balance: float },
  { base: PaymentMethodBase },
);

const User = defineModel("User", {
  user_id: str,
  name: modelField(UserName),
  address: modelField(UserAddress),
  email: str,
  payment_methods: dict(union(modelField(CreditCard), modelField(GiftCard), modelField(Paypal))),
  orders: list(str),
});

const OrderFulfillment = defineModel("OrderFullfilment", { tracking_id: list(str), item_ids: list(str) });

const OrderItem = defineModel("OrderItem", {
  name: str,
  product_id: str,
  item_id: str,
  price: float,
  options: dict(str),
});

export const OrderPayment = defineModel("OrderPayment", {
  transaction_type: literal("payment", "refund"),
  amount: float,
  payment_method_id: str,
});

const optionalText = withDefault(optional(str), null);
const optionalTexts = withDefault(optional(list(str)), null);

const Order = defineModel("Order", {
  order_id: str,
  user_id: str,
  address: modelField(UserAddress),
  items: list(modelField(OrderItem)),
  status: literal(
    "processed",
    "pending",
    "pending (item modified)",
    "delivered",
    "cancelled",
    "exchange requested",
    "return requested",
  ),
  fulfillments: list(modelField(OrderFulfillment)),
  payment_history: list(modelField(OrderPayment)),
  cancel_reason: withDefault(optional(literal("no longer needed", "ordered by mistake")), null),
  exchange_items: optionalTexts,
  exchange_new_items: optionalTexts,
  exchange_payment_method_id: optionalText,
  exchange_price_difference: withDefault(optional(float), null),
  return_items: optionalTexts,
  return_payment_method_id: optionalText,
});

export const RetailDB = defineModel(
  "RetailDB",
  {
    products: dict(modelField(Product)),
    users: dict(modelField(User)),
    orders: dict(modelField(Order)),
  },
  { forbidsExtra: true },
);
