import { REQUIRED } from "../../python/call.ts";
import { equal, ordered } from "../../python/compare.ts";
import { lower } from "../../python/container.ts";
import type { EnumMember } from "../../python/enum-member.ts";
import { valueError } from "../../python/error.ts";
import { pyRepr } from "../../python/repr.ts";
import { PyFloat, type PyValue } from "../../python/value.ts";
import { methodsOf } from "../../contract/toolkit.ts";
import type { PhoneToolkit } from "./phone-toolkit.ts";
import { canSendMms, mobileDataWorks, testSpeed } from "./phone-simulation.ts";
import { NetworkStatus } from "./user-data-model.ts";

const method = methodsOf<PhoneToolkit>();

/** An assertion that a value of the environment equals `expected_status`. */
function statusIs(read: (kit: PhoneToolkit) => PyValue) {
  return method({ expected_status: REQUIRED }, (kit, { expected_status }) =>
    equal(read(kit), expected_status),
  );
}

/** `NetworkStatus(value)`. */
function networkStatus(value: PyValue): EnumMember {
  const member = typeof value === "string" ? NetworkStatus.find(value) : undefined;
  if (member === undefined) throw valueError(`${pyRepr(value)} is not a valid NetworkStatus`);
  return member;
}

export const userAssertions = {
  assert_airplane_mode_status: statusIs(({ device }) => device.get("airplane_mode")),

  assert_service_status: method({ expected_status: REQUIRED }, ({ device }, { expected_status }) =>
    equal(device.get("network_connection_status"), networkStatus(expected_status)),
  ),

  assert_mobile_data_status: statusIs(mobileDataWorks),
  assert_mobile_roaming_status: statusIs(({ device }) => device.get("roaming_enabled")),
  assert_mobile_data_saver_mode_status: statusIs(({ device }) => device.get("data_saver_mode")),

  assert_internet_speed: method(
    { expected_speed: REQUIRED, expected_desc: null },
    (kit, { expected_speed, expected_desc }) => {
      const { mbps, description } = testSpeed(kit);
      const isFastEnough = ordered(new PyFloat(mbps ?? 0), ">=", expected_speed);
      if (expected_desc === null || !isFastEnough) return isFastEnough;
      return description.toLowerCase() === lower(expected_desc);
    },
  ),

  assert_internet_not_excellent: method({}, (kit) => testSpeed(kit).description !== "Excellent"),

  assert_can_send_mms: statusIs(canSendMms),

  assert_mobile_data_usage_exceeded: statusIs(({ surroundings }) =>
    surroundings.get("mobile_data_usage_exceeded"),
  ),
};
