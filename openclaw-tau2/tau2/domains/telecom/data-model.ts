import { EnumType } from "../../python/enum-member.ts";
import {
  defineModel,
  enumeration,
  list,
  modelField,
  optional,
  withDefault,
} from "../../python/field-type.ts";
import { bool, date, datetime, float, str } from "../../python/scalar-type.ts";
import { PyDate, PyFloat } from "../../python/value.ts";

const strict = { forbidsExtra: true };
const emptyList = () => [];
const zero = new PyFloat(0);

const DeviceType = new EnumType("DeviceType", {
  PHONE: "phone",
  ROUTER: "router",
  TABLET: "tablet",
  WATCH: "watch",
  OTHER: "other",
});

const LineStatus = new EnumType("LineStatus", {
  ACTIVE: "Active",
  SUSPENDED: "Suspended",
  PENDING_ACTIVATION: "Pending Activation",
  CLOSED: "Closed",
});

const BillStatus = new EnumType("BillStatus", {
  DRAFT: "Draft",
  ISSUED: "Issued",
  AWAITING_PAYMENT: "Awaiting Payment",
  PAID: "Paid",
  OVERDUE: "Overdue",
  DISPUTED: "Disputed",
});

const AccountStatus = new EnumType("AccountStatus", {
  ACTIVE: "Active",
  SUSPENDED: "Suspended",
  PENDING_VERIFICATION: "Pending Verification",
  CLOSED: "Closed",
});

const PaymentMethodType = new EnumType("PaymentMethodType", {
  CREDIT_CARD: "Credit Card",
  DEBIT_CARD: "Debit Card",
  PAYPAL: "PayPal",
});

/** The members that tools compare with and assign. */
export const lineStatus = {
  active: LineStatus.member("ACTIVE"),
  suspended: LineStatus.member("SUSPENDED"),
  pendingActivation: LineStatus.member("PENDING_ACTIVATION"),
} as const;

export const billStatus = {
  draft: BillStatus.member("DRAFT"),
  awaitingPayment: BillStatus.member("AWAITING_PAYMENT"),
  paid: BillStatus.member("PAID"),
  overdue: BillStatus.member("OVERDUE"),
} as const;

const Address = defineModel("Address", { street: str, city: str, state: str, zip_code: str }, strict);

const Plan = defineModel(
  "Plan",
  {
    plan_id: str,
    name: str,
    data_limit_gb: float,
    price_per_month: float,
    data_refueling_price_per_gb: float,
  },
  strict,
);

const Device = defineModel(
  "Device",
  {
    device_id: str,
    device_type: enumeration(DeviceType),
    model: str,
    imei: withDefault(optional(str), null),
    is_esim_capable: bool,
    activated: withDefault(bool, false),
    activation_date: withDefault(optional(datetime), null),
    last_esim_transfer_date: withDefault(optional(datetime), null),
  },
  strict,
);

const Line = defineModel(
  "Line",
  {
    line_id: str,
    phone_number: str,
    status: withDefault(enumeration(LineStatus), lineStatus.pendingActivation),
    plan_id: str,
    device_id: withDefault(optional(str), null),
    data_used_gb: withDefault(float, zero),
    data_refueling_gb: withDefault(float, zero),
    roaming_enabled: withDefault(bool, false),
    contract_end_date: withDefault(optional(date), null),
    last_plan_change_date: withDefault(optional(date), null),
    last_sim_replacement_date: withDefault(optional(date), null),
    suspension_start_date: withDefault(optional(date), null),
  },
  strict,
);

export const LineItem = defineModel(
  "LineItem",
  { description: str, amount: float, date, item_type: str },
  strict,
);

export const Bill = defineModel(
  "Bill",
  {
    bill_id: str,
    customer_id: str,
    period_start: date,
    period_end: date,
    issue_date: date,
    total_due: float,
    due_date: date,
    line_items: withDefault(list(modelField(LineItem)), emptyList),
    status: withDefault(enumeration(BillStatus), billStatus.draft),
  },
  strict,
);

const PaymentMethod = defineModel(
  "PaymentMethod",
  { method_type: enumeration(PaymentMethodType), account_number_last_4: str, expiration_date: str },
  strict,
);

const Customer = defineModel(
  "Customer",
  {
    customer_id: str,
    full_name: str,
    date_of_birth: str,
    email: str,
    phone_number: str,
    address: modelField(Address),
    account_status: withDefault(enumeration(AccountStatus), AccountStatus.member("PENDING_VERIFICATION")),
    payment_methods: withDefault(list(modelField(PaymentMethod)), emptyList),
    line_ids: withDefault(list(str), emptyList),
    bill_ids: withDefault(list(str), emptyList),
    // A date although the field is a datetime: pydantic does not validate defaults.
    created_at: withDefault(datetime, new PyDate("date", "2025-01-01")),
    last_extension_date: withDefault(optional(date), null),
    goodwill_credit_used_this_year: withDefault(float, zero),
  },
  strict,
);

export const TelecomDB = defineModel(
  "TelecomDB",
  {
    plans: withDefault(list(modelField(Plan)), emptyList),
    customers: withDefault(list(modelField(Customer)), emptyList),
    lines: withDefault(list(modelField(Line)), emptyList),
    bills: withDefault(list(modelField(Bill)), emptyList),
    devices: withDefault(list(modelField(Device)), emptyList),
  },
  strict,
);
