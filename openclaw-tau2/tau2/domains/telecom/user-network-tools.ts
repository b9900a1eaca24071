import { REQUIRED } from "../../python/call.ts";
import { equal } from "../../python/compare.ts";
import { pyStr } from "../../python/repr.ts";
import { PyFloat, type PyValue } from "../../python/value.ts";
import { methodsOf } from "../../contract/toolkit.ts";
import { fixed2 } from "./fixed-text.ts";
import { connection, NetworkModePreference, signal, sim } from "./user-data-model.ts";
import {
  assertTrue,
  disconnectVpn,
  enumValue,
  isOn,
  onOff,
  toggle,
  type PhoneToolkit,
} from "./phone-toolkit.ts";
import { searchNetwork, simStatus, statusBar, testSpeed, withStatusBar } from "./phone-simulation.ts";

const method = methodsOf<PhoneToolkit>();

const SPEED_ADVICE: Readonly<Record<string, string>> = {
  "Very Poor": "Connection is very slow. Basic web browsing might be difficult.",
  Poor: "Connection is slow. Web browsing may be sluggish, streaming difficult.",
  Fair: "Connection is okay for web browsing and some standard definition streaming.",
  Good: "Connection is good for most activities, including HD streaming.",
  Excellent: "Connection is very fast.",
};
const SIM_TEXTS = new Map<PyValue, string>([
  [sim.active, "Your SIM card is active and working."],
  [sim.missing, "No SIM card detected in the phone."],
  [sim.lockedPin, "The SIM card is locked with a PIN code."],
  [sim.lockedPuk, "The SIM card is locked with a PUK code."],
]);

function toggleAirplaneMode(kit: PhoneToolkit): boolean {
  const { device } = kit;
  const on = toggle(kit, "airplane_mode");
  if (!on) device.set("network_connection_status", connection.searching);
  if (on || isOn(device, "wifi_enabled")) {
    device.set("wifi_connected", false);
    device.set("wifi_ssid", null);
    device.set("wifi_signal_strength", signal.none);
  }
  if (on && isOn(device, "vpn_connected")) disconnectVpn(kit);
  searchNetwork(kit);
  return on;
}

function toggleAndSearch(field: string): (kit: PhoneToolkit) => boolean {
  return (kit) => {
    const on = toggle(kit, field);
    searchNetwork(kit);
    return on;
  };
}

const toggleData = toggleAndSearch("data_enabled");
const toggleRoaming = toggleAndSearch("roaming_enabled");
const toggleDataSaver = (kit: PhoneToolkit): boolean => toggle(kit, "data_saver_mode");

interface Switch {
  readonly flip: (kit: PhoneToolkit) => boolean;
  readonly on: boolean;
  readonly answer: string;
}

/** Initialization functions flip a switch once, and again when that led to the other state. */
function ensure({ flip, on, answer }: Switch) {
  return method({}, (kit) => {
    if (flip(kit) !== on) flip(kit);
    return answer;
  });
}

export const statusTools = {
  check_status_bar: method({}, (kit) => `Status Bar: ${statusBar(kit)}`),

  check_network_status: method({}, (kit) => {
    const { device } = kit;
    const yesNo = (field: string): string => (isOn(device, field) ? "Yes" : "No");
    const lines = [
      `Airplane Mode: ${onOff(isOn(device, "airplane_mode"))}`,
      `SIM Card Status: ${enumValue(simStatus(device))}`,
      `Cellular Connection: ${enumValue(device.get("network_connection_status"))}`,
      `Cellular Signal: ${enumValue(device.get("network_signal_strength"))}`,
      `Cellular Network Type: ${enumValue(device.get("network_technology_connected"))}`,
      `Mobile Data Enabled: ${yesNo("data_enabled")}`,
      `Data Roaming Enabled: ${yesNo("roaming_enabled")}`,
      `Wi-Fi Radio: ${onOff(isOn(device, "wifi_enabled"))}`,
      `Wi-Fi Connected: ${yesNo("wifi_connected")}`,
    ];
    if (isOn(device, "wifi_connected"))
      lines.push(`Connected Wi-Fi Network: ${pyStr(device.get("wifi_ssid"))}`);
    return lines.join("\n");
  }),

  check_network_mode_preference: method(
    {},
    (kit) => `Network Mode Preference: ${enumValue(kit.device.get("network_mode_preference"))}`,
  ),

  run_speed_test: method({}, (kit) => {
    const { mbps, description } = testSpeed(kit);
    if (mbps === null) return `Speed test failed: ${description}.`;
    return `Speed Test Result: ${fixed2(new PyFloat(mbps))} Mbps (${description}). ${SPEED_ADVICE[description] ?? ""}`;
  }),

  check_sim_status: method({}, (kit) => {
    const status = simStatus(kit.device);
    return SIM_TEXTS.get(status) ?? `Unknown SIM status: ${enumValue(status)}`;
  }),

  check_data_restriction_status: method({}, (kit) =>
    isOn(kit.device, "data_saver_mode")
      ? "Data Saver mode is ON (limits data usage)."
      : "Data Saver mode is OFF.",
  ),
};

export const networkTools = {
  set_network_mode_preference: method({ mode: REQUIRED }, (kit, { mode }) => {
    // Only texts are checked: anything else is stored as it is, and None is then reported as a failure.
    const member = typeof mode === "string" ? NetworkModePreference.find(mode) : mode;
    if (member !== undefined) {
      kit.device.set("network_mode_preference", member);
      searchNetwork(kit);
    }
    if (member === undefined || member === null) {
      const options = NetworkModePreference.members.map(({ value }) => value).join(", ");
      const failure = `Failed to set network mode: '${pyStr(mode)}' is not a valid option.`;
      return withStatusBar(kit, `${failure} Please use one of: ${options}`);
    }
    return withStatusBar(kit, `Preferred Network Mode set to: ${enumValue(member)}`);
  }),

  toggle_airplane_mode: method({}, (kit) =>
    withStatusBar(kit, `Airplane Mode is now ${onOff(toggleAirplaneMode(kit))}.`),
  ),

  reseat_sim_card: method({}, (kit) => {
    kit.device.set("sim_card_missing", false);
    searchNetwork(kit);
    assertTrue(!equal(simStatus(kit.device), sim.missing));
    return withStatusBar(kit, "SIM card re-seated successfully.");
  }),

  toggle_data: method({}, (kit) => withStatusBar(kit, `Mobile Data is now ${onOff(toggleData(kit))}.`)),

  toggle_roaming: method({}, (kit) =>
    withStatusBar(kit, `Data Roaming is now ${onOff(toggleRoaming(kit))}.`),
  ),

  toggle_data_saver_mode: method({}, (kit) =>
    withStatusBar(kit, `Data Saver Mode is now ${onOff(toggleDataSaver(kit))}.`),
  ),
};

export const networkInitialization = {
  simulate_network_search: method({}, (kit) => {
    searchNetwork(kit);
    return null;
  }),

  turn_airplane_mode_on: ensure({ flip: toggleAirplaneMode, on: true, answer: "Airplane Mode is now ON." }),
  turn_airplane_mode_off: ensure({
    flip: toggleAirplaneMode,
    on: false,
    answer: "Airplane Mode is now OFF.",
  }),

  unseat_sim_card: method({}, (kit) => {
    kit.device.set("sim_card_missing", true);
    searchNetwork(kit);
    return "SIM card un-seated successfully.";
  }),

  lock_sim_card: method({ mode: REQUIRED }, (kit, { mode }) => {
    if (mode === "pin") kit.device.set("sim_card_status", sim.lockedPin);
    else if (mode === "puk") kit.device.set("sim_card_status", sim.lockedPuk);
    searchNetwork(kit);
    return `SIM card locked successfully in ${pyStr(mode)} mode.`;
  }),

  turn_data_on: method({}, (kit) => {
    kit.device.set("data_enabled", true);
    return "Data connection restored.";
  }),

  turn_data_off: ensure({ flip: toggleData, on: false, answer: "Data connection broken." }),
  turn_roaming_on: ensure({ flip: toggleRoaming, on: true, answer: "Data Roaming is now ON." }),
  turn_roaming_off: ensure({ flip: toggleRoaming, on: false, answer: "Data Roaming is now OFF." }),
  turn_data_saver_mode_on: ensure({ flip: toggleDataSaver, on: true, answer: "Data Saver Mode is now ON." }),
  turn_data_saver_mode_off: ensure({
    flip: toggleDataSaver,
    on: false,
    answer: "Data Saver Mode is now OFF.",
  }),
};
