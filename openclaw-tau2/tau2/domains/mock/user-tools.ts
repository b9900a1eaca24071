import { REQUIRED } from "../../python/call.ts";
import { equal } from "../../python/compare.ts";
import { dictField, hasKey } from "../../python/container.ts";
import { valueError } from "../../python/error.ts";
import { ownEntry } from "../../python/shared-model.ts";
import { pyStr } from "../../python/repr.ts";
import type { Model, PyValue } from "../../python/value.ts";
import { defineToolkit, methodsOf, Toolkit } from "../../contract/toolkit.ts";
import { MockUserDB, Notification } from "./data-model.ts";

const method = methodsOf<Toolkit>();

function ownNotification(kit: Toolkit, notificationId: PyValue): Model {
  const notifications = dictField(kit.db, "notifications");
  if (!hasKey(notifications, notificationId)) {
    throw valueError(`Notification ${pyStr(notificationId)} not found`);
  }
  return ownEntry(notifications, notificationId);
}

export const mockUserTools = defineToolkit({
  className: "MockUserTools",
  database: MockUserDB,
  create: (db, services) => new Toolkit(db, services),
  methods: {
    check_notifications: method({}, (kit) => [...dictField(kit.db, "notifications").values()]),

    dismiss_notification: method({ notification_id: REQUIRED }, (kit, args) => {
      ownNotification(kit, args.notification_id).set("status", "read");
      return `Notification ${pyStr(args.notification_id)} dismissed`;
    }),

    add_notification: method(
      { notification_id: REQUIRED, message: REQUIRED, task_id: null },
      (kit, { notification_id, message, task_id }) => {
        const notification = kit.make(Notification, { notification_id, message, task_id });
        // make() has checked that the id is a text.
        dictField(kit.db, "notifications").set(pyStr(notification_id), notification);
        return notification;
      },
    ),

    assert_notification_status: method(
      { notification_id: REQUIRED, expected_status: REQUIRED },
      (kit, args) => equal(ownNotification(kit, args.notification_id).get("status"), args.expected_status),
    ),
  },
});
