import { EnumType } from "../../python/enum-member.ts";
import type { EnumMember } from "../../python/enum-member.ts";
import {
  defineModel,
  dict,
  enumeration,
  modelField,
  optional,
  validateModel,
  withDefault,
} from "../../python/field-type.ts";
import { bool, float, int, str } from "../../python/scalar-type.ts";
import { Validation } from "../../python/validation.ts";
import type { Model, ModelType, PyDict, PyValue } from "../../python/value.ts";

const strict = { forbidsExtra: true };

const SimStatus = new EnumType("SimStatus", {
  ACTIVE: "active",
  MISSING: "missing",
  LOCKED_PIN: "locked_pin",
  LOCKED_PUK: "locked_puk",
});

const NetworkTechnology = new EnumType("NetworkTechnology", {
  NONE: "none",
  TWO_G: "2G",
  THREE_G: "3G",
  FOUR_G: "4G",
  FIVE_G: "5G",
});

export const NetworkModePreference = new EnumType("NetworkModePreference", {
  FOUR_G_5G_PREFERRED: "4g_5g_preferred",
  FOUR_G_ONLY: "4g_only",
  THREE_G_ONLY: "3g_only",
  TWO_G_ONLY: "2g_only",
});

const SignalStrength = new EnumType("SignalStrength", {
  NONE: "none",
  POOR: "poor",
  FAIR: "fair",
  GOOD: "good",
  EXCELLENT: "excellent",
});

const PerformanceLevel = new EnumType("PerformanceLevel", {
  UNKNOWN: "unknown",
  POOR: "poor",
  FAIR: "fair",
  GOOD: "good",
  EXCELLENT: "excellent",
});

export const NetworkStatus = new EnumType("NetworkStatus", {
  CONNECTED: "connected",
  SEARCHING: "searching",
  NO_SERVICE: "no_service",
  EMERGENCY_ONLY: "emergency_only",
});

const APNNames = new EnumType("APNNames", { INTERNET: "internet", BROKEN: "broken" });

/** The members that tools compare with and assign. */
export const sim = {
  active: SimStatus.member("ACTIVE"),
  missing: SimStatus.member("MISSING"),
  lockedPin: SimStatus.member("LOCKED_PIN"),
  lockedPuk: SimStatus.member("LOCKED_PUK"),
} as const;

export const technology = {
  none: NetworkTechnology.member("NONE"),
  twoG: NetworkTechnology.member("TWO_G"),
  threeG: NetworkTechnology.member("THREE_G"),
  fourG: NetworkTechnology.member("FOUR_G"),
  fiveG: NetworkTechnology.member("FIVE_G"),
} as const;

export const modePreference = {
  fourOrFiveG: NetworkModePreference.member("FOUR_G_5G_PREFERRED"),
  fourG: NetworkModePreference.member("FOUR_G_ONLY"),
  threeG: NetworkModePreference.member("THREE_G_ONLY"),
  twoG: NetworkModePreference.member("TWO_G_ONLY"),
} as const;

export const signal = {
  none: SignalStrength.member("NONE"),
  poor: SignalStrength.member("POOR"),
  fair: SignalStrength.member("FAIR"),
  good: SignalStrength.member("GOOD"),
  excellent: SignalStrength.member("EXCELLENT"),
} as const;

export const connection = {
  connected: NetworkStatus.member("CONNECTED"),
  searching: NetworkStatus.member("SEARCHING"),
  noService: NetworkStatus.member("NO_SERVICE"),
} as const;

export const performanceLevel = {
  poor: PerformanceLevel.member("POOR"),
  excellent: PerformanceLevel.member("EXCELLENT"),
} as const;

export const brokenApn: EnumMember = APNNames.member("BROKEN");

export const APNSettings = defineModel(
  "APNSettings",
  {
    apn_name: withDefault(enumeration(APNNames), APNNames.member("INTERNET")),
    reset_at_reboot: withDefault(bool, false),
    mms_apn: withDefault(optional(str), "mms"),
    mmsc_url: withDefault(optional(str), "http://mms.carrier.com/mms/wapenc"),
    mms_proxy: withDefault(optional(str), null),
    mms_port: withDefault(optional(int), null),
  },
  strict,
);

export const VpnDetails = defineModel(
  "VpnDetails",
  {
    server_address: withDefault(optional(str), null),
    protocol: withDefault(optional(str), null),
    server_performance: withDefault(enumeration(PerformanceLevel), PerformanceLevel.member("UNKNOWN")),
  },
  strict,
);

const AppPermissions = defineModel(
  "AppPermissions",
  {
    sms: withDefault(bool, false),
    storage: withDefault(bool, false),
    phone: withDefault(bool, false),
    network: withDefault(bool, false),
  },
  strict,
);

const AppStatus = defineModel(
  "AppStatus",
  { app_name: str, permissions: withDefault(modelField(AppPermissions), () => instance(AppPermissions)) },
  strict,
);

const MockPhoneAttributes = defineModel(
  "MockPhoneAttributes",
  {
    sim_card_status: withDefault(enumeration(SimStatus), sim.active),
    sim_card_missing: withDefault(bool, false),
    airplane_mode: withDefault(bool, false),
    network_signal_strength: withDefault(enumeration(SignalStrength), signal.good),
    network_technology_connected: withDefault(enumeration(NetworkTechnology), technology.fiveG),
    network_connection_status: withDefault(enumeration(NetworkStatus), connection.connected),
    battery_level: withDefault(int, 80),
    data_enabled: withDefault(bool, true),
    roaming_enabled: withDefault(bool, false),
    network_mode_preference: withDefault(enumeration(NetworkModePreference), modePreference.fourOrFiveG),
    active_apn_settings: withDefault(modelField(APNSettings), () => instance(APNSettings)),
    wifi_enabled: withDefault(bool, false),
    wifi_connected: withDefault(bool, false),
    wifi_ssid: withDefault(optional(str), null),
    wifi_signal_strength: withDefault(enumeration(SignalStrength), signal.none),
    wifi_calling_enabled: withDefault(bool, false),
    wifi_calling_mms_over_wifi: withDefault(bool, false),
    data_saver_mode: withDefault(bool, false),
    vpn_enabled_setting: withDefault(bool, false),
    vpn_connected: withDefault(bool, false),
    vpn_details: withDefault(optional(modelField(VpnDetails)), null),
    app_statuses: withDefault(dict(modelField(AppStatus)), installedApps),
  },
  strict,
);

export const PaymentRequest = defineModel(
  "PaymentRequest",
  { bill_id: str, amount_due: float, paid: withDefault(bool, false) },
  strict,
);

const UserSurroundings = defineModel(
  "UserSurroundings",
  {
    name: withDefault(optional(str), null),
    phone_number: withDefault(optional(str), null),
    is_abroad: withDefault(bool, false),
    roaming_allowed: withDefault(bool, false),
    signal_strength: withDefault(
      dict(enumeration(SignalStrength), enumeration(NetworkTechnology)),
      signalByTechnology,
    ),
    mobile_data_usage_exceeded: withDefault(bool, false),
    line_active: withDefault(bool, true),
    payment_request: withDefault(optional(modelField(PaymentRequest)), null),
  },
  strict,
);

export const TelecomUserDB = defineModel(
  "TelecomUserDB",
  {
    device: withDefault(modelField(MockPhoneAttributes), () => instance(MockPhoneAttributes)),
    surroundings: withDefault(modelField(UserSurroundings), () => instance(UserSurroundings)),
  },
  strict,
);

function installedApps(): PyDict {
  const app = (name: string, permissions: Readonly<Record<string, boolean>>): [string, Model] => [
    name,
    instance(AppStatus, { app_name: name, permissions: instance(AppPermissions, permissions) }),
  ];
  return new Map([
    app("messaging", { sms: true, storage: true, phone: true }),
    app("browser", { network: true, storage: true }),
  ]);
}

function signalByTechnology(): PyDict {
  return new Map([
    [technology.twoG.value, signal.poor],
    [technology.threeG.value, signal.fair],
    [technology.fourG.value, signal.good],
    [technology.fiveG.value, signal.excellent],
  ]);
}

/** A model from values that are known to be valid. */
function instance(type: ModelType, values: Readonly<Record<string, PyValue>> = {}): Model {
  const model = validateModel(type, new Map(Object.entries(values)), new Validation());
  if (model === undefined) throw new Error(`bug: a default ${type.name} is not valid`);
  return model;
}
