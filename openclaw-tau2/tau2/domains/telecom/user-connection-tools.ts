import { REQUIRED } from "../../python/call.ts";
import { equal } from "../../python/compare.ts";
import { attribute, truthy } from "../../python/container.ts";
import { attributeError } from "../../python/error.ts";
import { pyRepr, pyStr, typeName } from "../../python/repr.ts";
import type { PyValue } from "../../python/value.ts";
import { methodsOf } from "../../contract/toolkit.ts";
import {
  disconnectVpn,
  enumValue,
  isOn,
  onOff,
  setAttribute,
  toggle,
  type PhoneToolkit,
} from "./phone-toolkit.ts";
import { searchNetwork, withStatusBar } from "./phone-simulation.ts";
import { APNSettings, brokenApn, performanceLevel, signal } from "./user-data-model.ts";
import { Model } from "../../python/value.ts";

const method = methodsOf<PhoneToolkit>();

const apnTools = {
  check_apn_settings: method({}, (kit) => {
    const settings = kit.device.get("active_apn_settings");
    // The original reads a copy, which only a model can give.
    if (!(settings instanceof Model)) throw attributeError(typeName(settings), "model_copy");
    const name = enumValue(settings.get("apn_name"));
    const mmsc = settings.get("mmsc_url");
    return (
      `Current APN Name: ${name === "" ? "Not Set" : name}\n` +
      `MMSC URL (for picture messages): ${truthy(mmsc) ? pyStr(mmsc) : "Not Set"}\n` +
      "(These are technical settings, usually best left unchanged.)"
    );
  }),

  set_apn_settings: method({ apn_settings: REQUIRED }, (kit, { apn_settings }) => {
    // What is no dict is stored without a check, before its name is asked for.
    const settings = apn_settings instanceof Map ? kit.makeFrom(APNSettings, apn_settings) : apn_settings;
    kit.device.set("active_apn_settings", settings);
    const status = `APN settings set to: ${enumValue(attribute(settings, "apn_name"))}`;
    searchNetwork(kit);
    return withStatusBar(kit, status);
  }),

  reset_apn_settings: method({}, (kit) => {
    setAttribute(kit, kit.device.get("active_apn_settings"), { name: "reset_at_reboot", value: true });
    searchNetwork(kit);
    return withStatusBar(kit, "APN settings will reset at reboot.");
  }),

  break_apn_settings: method({}, (kit) => {
    setAttribute(kit, kit.device.get("active_apn_settings"), { name: "apn_name", value: brokenApn });
    searchNetwork(kit);
    return "APN settings broken. Please call reset_apn_settings() to fix.";
  }),

  break_apn_mms_setting: method({}, (kit) => {
    setAttribute(kit, kit.device.get("active_apn_settings"), { name: "mmsc_url", value: null });
    return "APN MMS setting broken. Please call reset_apn_settings() to fix.";
  }),
};

const wifiTools = {
  check_wifi_status: method({}, ({ device }) => {
    if (!isOn(device, "wifi_enabled")) return "Wi-Fi is turned OFF.";
    if (!isOn(device, "wifi_connected")) return "Wi-Fi is ON but not connected to any network.";
    const strength = enumValue(device.get("wifi_signal_strength"));
    return `Wi-Fi is ON and connected to '${pyStr(device.get("wifi_ssid"))}'. Signal strength: ${strength}.`;
  }),

  toggle_wifi: method({}, (kit) => {
    const { device } = kit;
    if (isOn(device, "airplane_mode")) {
      return withStatusBar(kit, "Cannot change Wi-Fi settings while Airplane Mode is ON.");
    }
    const on = toggle(kit, "wifi_enabled");
    if (!on) {
      device.set("wifi_connected", false);
      device.set("wifi_ssid", null);
      device.set("wifi_signal_strength", signal.none);
    }
    return withStatusBar(kit, `Wi-Fi is now ${onOff(on)}.`);
  }),

  check_wifi_calling_status: method(
    {},
    ({ device }) => `Wi-Fi Calling is currently turned ${onOff(isOn(device, "wifi_calling_enabled"))}.`,
  ),

  toggle_wifi_calling: method({}, (kit) =>
    withStatusBar(kit, `Wi-Fi Calling is now ${onOff(toggle(kit, "wifi_calling_enabled"))}.`),
  ),

  set_wifi_calling: method({ enabled: REQUIRED, mms_over_wifi: null }, (kit, { enabled, mms_over_wifi }) => {
    if (!equal(kit.device.get("wifi_calling_enabled"), enabled)) toggle(kit, "wifi_calling_enabled");
    const status = `Wi-Fi Calling is now ${onOff(truthy(enabled))}.`;
    if (mms_over_wifi === null) return status;
    kit.device.set("wifi_calling_mms_over_wifi", mms_over_wifi);
    return `${status}\nMMS over Wi-Fi is now ${onOff(truthy(mms_over_wifi))}.`;
  }),
};

const vpnTools = {
  check_vpn_status: method({}, ({ device }) => {
    if (isOn(device, "vpn_connected")) {
      const details = device.get("vpn_details");
      if (!(details instanceof Model)) return "VPN is ON and connected (no specific details available).";
      return `VPN is ON and connected. Details: ${pyRepr(fieldsOf(details))}`;
    }
    return isOn(device, "vpn_enabled_setting")
      ? "VPN is turned ON in settings, but currently not connected."
      : "VPN is turned OFF.";
  }),

  connect_vpn: method({}, (kit) =>
    connectVpn(kit) ? withStatusBar(kit, "VPN connected successfully.") : "VPN already connected.",
  ),

  disconnect_vpn: method({}, (kit) => {
    const disconnected = disconnectVpn(kit);
    return withStatusBar(
      kit,
      disconnected ? "VPN disconnected successfully." : "No active VPN connection to disconnect.",
    );
  }),

  break_vpn: method({}, (kit) => {
    connectVpn(kit);
    setAttribute(kit, kit.device.get("vpn_details"), {
      name: "server_performance",
      value: performanceLevel.poor,
    });
    return "VPN connection broken.";
  }),
};

/** False when a VPN is connected already. */
function connectVpn(kit: PhoneToolkit): boolean {
  if (isOn(kit.device, "vpn_connected")) return false;
  kit.device.set("vpn_connected", true);
  kit.device.set("vpn_details", kit.defaultVpn);
  return true;
}

/** `model_dump()` of a model without nested models. */
function fieldsOf(model: Model): Map<string, PyValue> {
  return new Map(model.type.fields.map(({ name }) => [name, model.get(name)]));
}

export const connectionTools = { ...apnTools, ...wifiTools, ...vpnTools };
