import { REQUIRED } from "../../python/call.ts";
import { attribute, dictField, hasKey, lower, truthy } from "../../python/container.ts";
import { pyRepr, pyStr } from "../../python/repr.ts";
import type { PyValue } from "../../python/value.ts";
import { methodsOf } from "../../contract/toolkit.ts";
import type { PhoneToolkit } from "./phone-toolkit.ts";
import { canSendMms, searchNetwork, withStatusBar } from "./phone-simulation.ts";
import { APNSettings, connection } from "./user-data-model.ts";
import { Model } from "../../python/value.ts";

const method = methodsOf<PhoneToolkit>();

/** `app_statuses.get(app_name)`; TypeError for a name that cannot be a key. */
function appPermissions(kit: PhoneToolkit, appName: PyValue): Model | null {
  const apps = dictField(kit.device, "app_statuses");
  if (!hasKey(apps, appName)) return null;
  const permissions = attribute(apps.get(pyStr(appName)) ?? null, "permissions");
  return permissions instanceof Model ? permissions : null;
}

function permissionNames(permissions: Model): string[] {
  return permissions.type.fields.map(({ name }) => name);
}

function grantedPermissions(permissions: Model): string[] {
  const granted = permissionNames(permissions).filter((name) => truthy(permissions.get(name)));
  return granted.map((name) => name.replaceAll("_", " "));
}

const appTools = {
  check_installed_apps: method({}, (kit) => {
    const names = [...dictField(kit.device, "app_statuses").keys()];
    return `The following apps are installed on the phone: ${names.join(", ")}`;
  }),

  check_app_status: method({ app_name: REQUIRED }, (kit, { app_name }) => {
    const permissions = appPermissions(kit, app_name);
    if (permissions === null) return `App '${pyStr(app_name)}' not found on this phone.`;
    const granted = grantedPermissions(permissions);
    const lines = [`Status for App: ${pyStr(app_name)}`];
    if (granted.length === 0) lines.push(" - Permissions: None granted.");
    else lines.push(" - Permissions Granted:", ...granted.map((name) => `   - ${name}`));
    return lines.join("\n");
  }),

  check_app_permissions: method({ app_name: REQUIRED }, (kit, { app_name }) => {
    const permissions = appPermissions(kit, app_name);
    if (permissions === null) return `App '${pyStr(app_name)}' not found on this phone.`;
    const granted = grantedPermissions(permissions);
    return granted.length === 0
      ? `App '${pyStr(app_name)}' currently has no permissions granted.`
      : `App '${pyStr(app_name)}' has permission for: ${granted.join(", ")}.`;
  }),

  grant_app_permission: method(
    { app_name: REQUIRED, permission: REQUIRED },
    (kit, { app_name, permission }) => {
      const permissions = appPermissions(kit, app_name);
      const name = lower(permission);
      if (permissions === null) {
        return withStatusBar(kit, `Error. App '${pyStr(app_name)}' not found. Cannot grant permission.`);
      }
      const known = permissionNames(permissions);
      if (!known.includes(name)) {
        const problem = `Permission '${name}' not tracked for app '${pyStr(app_name)}'`;
        return withStatusBar(kit, `Error. ${problem}, available permissions: ${pyRepr(known)}`);
      }
      permissions.set(name, true);
      return withStatusBar(kit, `Success. Permission '${name}' granted to app '${pyStr(app_name)}'.`);
    },
  ),

  remove_app_permission: method(
    { app_name: REQUIRED, permission: REQUIRED },
    (kit, { app_name, permission }) => {
      const permissions = appPermissions(kit, app_name);
      const name = lower(permission);
      if (permissions === null)
        return [false, `App '${pyStr(app_name)}' not found. Cannot remove permission.`];
      if (!permissionNames(permissions).includes(name)) {
        return [false, `Permission '${name}' not tracked for app '${pyStr(app_name)}'.`];
      }
      permissions.set(name, false);
      return [true, `Permission '${name}' removed from app '${pyStr(app_name)}'.`];
    },
  ),

  can_send_mms: method({}, (kit) =>
    truthy(canSendMms(kit))
      ? "Your messaging app can send MMS messages."
      : "Your messaging app cannot send MMS messages.",
  ),

  reboot_device: method({}, (kit) => {
    const { device } = kit;
    const lines: string[] = [];
    if (truthy(attribute(device.get("active_apn_settings"), "reset_at_reboot"))) {
      lines.push("Resetting APN settings...");
      device.set("active_apn_settings", kit.make(APNSettings, {}));
    }
    lines.push("Restarting network services...");
    device.set("network_connection_status", connection.searching);
    searchNetwork(kit);
    return withStatusBar(kit, lines.join("\n"));
  }),
};

const paymentTools = {
  check_payment_request: method({}, ({ surroundings }) => {
    const request = surroundings.get("payment_request");
    if (request === null) return "No payment request has been made.";
    const billId = pyStr(attribute(request, "bill_id"));
    return `You have a payment request for bill ${billId} of ${pyStr(attribute(request, "amount_due"))} USD.`;
  }),

  make_payment: method({}, ({ surroundings }) => {
    const request = surroundings.get("payment_request");
    if (!(request instanceof Model)) return "You do not have a payment request.";
    request.set("paid", true);
    const amount = pyStr(request.get("amount_due"));
    return `Payment of ${amount} USD has been made for bill ${pyStr(request.get("bill_id"))}.`;
  }),
};

export const appAndPaymentTools = { ...appTools, ...paymentTools };
