import { equal } from "../../python/compare.ts";
import { attribute, dictField, truthy } from "../../python/container.ts";
import type { EnumMember } from "../../python/enum-member.ts";
import { round2 } from "../../python/number.ts";
import { pyStr } from "../../python/repr.ts";
import type { Model, PyValue } from "../../python/value.ts";
import { enumValue, isOn, type PhoneToolkit } from "./phone-toolkit.ts";
import {
  brokenApn,
  connection,
  modePreference,
  performanceLevel,
  signal,
  sim,
  technology,
} from "./user-data-model.ts";

export function simStatus(device: Model): PyValue {
  return isOn(device, "sim_card_missing") ? sim.missing : device.get("sim_card_status");
}

/** The outcome of a search for a cellular network: connection, technology and signal. */
export function searchNetwork(kit: PhoneToolkit): void {
  const { device, surroundings } = kit;
  if (equal(simStatus(device), sim.active)) connect(device, dictField(surroundings, "signal_strength"));
  else loseService(device);
  if (isOn(device, "airplane_mode")) loseService(device);
  if (equal(attribute(device.get("active_apn_settings"), "apn_name"), brokenApn)) loseService(device);
  if (!isOn(surroundings, "line_active")) loseService(device);
}

function loseService(device: Model): void {
  device.set("network_connection_status", connection.noService);
  device.set("network_technology_connected", technology.none);
  device.set("network_signal_strength", signal.none);
}

function connect(device: Model, signals: ReadonlyMap<string, PyValue>): void {
  device.set("network_connection_status", connection.connected);
  const signalOf = (member: EnumMember): PyValue => signals.get(member.value) ?? signal.none;
  const chosen = preferredTechnology(device.get("network_mode_preference"), signalOf);
  device.set("network_technology_connected", chosen);
  device.set("network_signal_strength", signalOf(chosen));
}

/** A preference that is no known mode was assigned without a check and falls back to 4G. */
function preferredTechnology(preference: PyValue, signalOf: (member: EnumMember) => PyValue): EnumMember {
  if (equal(preference, modePreference.fourOrFiveG)) {
    return equal(signalOf(technology.fiveG), signal.none) ? technology.fourG : technology.fiveG;
  }
  if (equal(preference, modePreference.threeG)) return technology.threeG;
  if (equal(preference, modePreference.twoG)) return technology.twoG;
  return technology.fourG;
}

export function mobileDataWorks({ device, surroundings }: PhoneToolkit): boolean {
  if (isOn(device, "airplane_mode") || equal(device.get("network_signal_strength"), signal.none))
    return false;
  if (equal(device.get("network_connection_status"), connection.noService)) return false;
  const mayUseNetwork =
    !isOn(surroundings, "is_abroad") ||
    (isOn(device, "roaming_enabled") && isOn(surroundings, "roaming_allowed"));
  return mayUseNetwork && isOn(device, "data_enabled") && !isOn(surroundings, "mobile_data_usage_exceeded");
}

export interface SpeedTest {
  /** Null when there is no connection. */
  readonly mbps: number | null;
  readonly description: string;
}

// Lowest and highest speed of a technology in Mbps, and the share of it that a signal leaves.
const SPEED_RANGES = new Map<PyValue, readonly [number, number]>([
  [technology.twoG, [0.1, 0.4]],
  [technology.threeG, [1, 5]],
  [technology.fourG, [10, 100]],
  [technology.fiveG, [50, 500]],
]);
const SIGNAL_FACTORS = new Map<PyValue, number>([
  [signal.poor, 0.2],
  [signal.fair, 0.5],
  [signal.good, 0.8],
  [signal.excellent, 1],
]);
const DESCRIPTIONS = [
  { below: 1, text: "Very Poor" },
  { below: 5, text: "Poor" },
  { below: 25, text: "Fair" },
  { below: 100, text: "Good" },
] as const;

export function testSpeed(kit: PhoneToolkit): SpeedTest {
  const { device } = kit;
  if (!mobileDataWorks(kit)) return { mbps: null, description: "No Connection" };
  let factor = hasSlowVpn(device) ? 0.1 : 1;
  if (isOn(device, "data_saver_mode")) factor *= 0.2;
  const [low, high] = SPEED_RANGES.get(device.get("network_technology_connected")) ?? [0, 0];
  const share = SIGNAL_FACTORS.get(device.get("network_signal_strength")) ?? 0;
  const mbps = round2(((low + high) / 2) * share * factor);
  return { mbps, description: DESCRIPTIONS.find(({ below }) => mbps < below)?.text ?? "Excellent" };
}

function hasSlowVpn(device: Model): boolean {
  const details = device.get("vpn_details");
  if (!isOn(device, "vpn_connected") || !truthy(details)) return false;
  return equal(attribute(details, "server_performance"), performanceLevel.poor);
}

export function canSendMms(kit: PhoneToolkit): PyValue {
  const { device } = kit;
  if (!mobileDataWorks(kit)) return false;
  if (equal(device.get("network_technology_connected"), technology.twoG)) return false;
  if (isOn(device, "wifi_calling_enabled") && isOn(device, "wifi_calling_mms_over_wifi")) return false;
  if (attribute(device.get("active_apn_settings"), "mmsc_url") === null) return false;
  const app = dictField(device, "app_statuses").get("messaging");
  if (app === undefined) return false;
  const permissions = attribute(app, "permissions");
  const storage = attribute(permissions, "storage");
  return truthy(storage) ? attribute(permissions, "sms") : storage;
}

const SIGNAL_LABELS = new Map<PyValue, string>([
  [signal.none, "📵 No Signal"],
  [signal.poor, "📶¹ Poor"],
  [signal.fair, "📶² Fair"],
  [signal.good, "📶³ Good"],
  [signal.excellent, "📶⁴ Excellent"],
]);

/** The icons of the phone's status bar. */
export function statusBar({ device }: PhoneToolkit): string {
  const indicators = isOn(device, "airplane_mode") ? ["✈️ Airplane Mode"] : cellularIndicators(device);
  if (isOn(device, "wifi_enabled") && isOn(device, "wifi_connected")) {
    const ssid = device.get("wifi_ssid");
    indicators.push(truthy(ssid) ? `📡 Connected to ${pyStr(ssid)}` : "📡 Enabled");
  }
  if (isOn(device, "vpn_connected")) indicators.push("🔒 VPN Connected");
  indicators.push(`🔋 ${pyStr(device.get("battery_level"))}%`);
  return indicators.join(" | ");
}

function cellularIndicators(device: Model): string[] {
  const indicators = [SIGNAL_LABELS.get(device.get("network_signal_strength")) ?? "📵 No Signal"];
  const connected = device.get("network_technology_connected");
  const hasNetwork = !equal(connected, technology.none);
  if (hasNetwork) indicators.push(enumValue(connected));
  if (!hasNetwork || !isOn(device, "data_enabled")) return [...indicators, "📵 Data Disabled"];
  indicators.push("📱 Data Enabled");
  if (isOn(device, "data_saver_mode")) indicators.push("🔽 Data Saver");
  return indicators;
}

/** A tool's message followed by the status bar, as most writing tools answer. */
export function withStatusBar(kit: PhoneToolkit, message: string): string {
  return `${message}\nStatus Bar: ${statusBar(kit)}`;
}
