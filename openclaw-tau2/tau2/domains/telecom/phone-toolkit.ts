import { truthy } from "../../python/container.ts";
import { EnumMember } from "../../python/enum-member.ts";
import { attributeError, PythonError } from "../../python/error.ts";
import { typeName } from "../../python/repr.ts";
import type { PyValue } from "../../python/value.ts";
import { Toolkit, type Services } from "../../contract/toolkit.ts";
import { performanceLevel, VpnDetails } from "./user-data-model.ts";
import { Model } from "../../python/value.ts";

/** The user's phone and where the user is. */
export class PhoneToolkit extends Toolkit {
  /**
   * What `connect_vpn` puts into the phone: one object for the whole environment, so that a break of the VPN stays
   * with it. In Python it belongs to the class and outlives environments, which makes runs depend on their order.
   */
  readonly defaultVpn: Model;

  constructor(db: Model, services: Services) {
    super(db, services);
    this.defaultVpn = this.make(VpnDetails, {
      server_address: "192.168.1.1",
      protocol: "OpenVPN",
      server_performance: performanceLevel.excellent,
    });
  }

  get device(): Model {
    return modelOf(this.db.get("device"));
  }

  get surroundings(): Model {
    return modelOf(this.db.get("surroundings"));
  }
}

function modelOf(value: PyValue): Model {
  if (value instanceof Model) return value;
  throw new Error("bug: device and surroundings are always models");
}

/** Python's `target.name = value` on whatever a tool stored; only models take it. */
export function setAttribute(
  kit: Toolkit,
  target: PyValue,
  change: { readonly name: string; readonly value: PyValue },
): void {
  if (target instanceof Model) {
    target.set(change.name, change.value);
    return;
  }
  const { message } = attributeError(typeName(target), change.name);
  const addition =
    kit.services.versions.python === "3.13" ? " and no __dict__ for setting new attributes" : "";
  throw new PythonError("AttributeError", message + addition);
}

/** Python's `member.value`; AttributeError on anything that is no enum member. */
export function enumValue(value: PyValue): string {
  if (value instanceof EnumMember) return value.value;
  throw attributeError(typeName(value), "value");
}

/** Whether a boolean setting of the phone is on. */
export function isOn(model: Model, field: string): boolean {
  return truthy(model.get(field));
}

/** Python's `assert` without a message. */
export function assertTrue(condition: boolean): void {
  if (!condition) throw new PythonError("AssertionError", "");
}

export function onOff(on: boolean): string {
  return on ? "ON" : "OFF";
}

/** Switches a boolean setting of the phone; the new state. */
export function toggle(kit: PhoneToolkit, field: string): boolean {
  const next = !isOn(kit.device, field);
  kit.device.set(field, next);
  return next;
}

/** Whether there was a VPN to disconnect. */
export function disconnectVpn({ device }: PhoneToolkit): boolean {
  if (!isOn(device, "vpn_connected")) return false;
  device.set("vpn_connected", false);
  device.set("vpn_details", null);
  return true;
}
