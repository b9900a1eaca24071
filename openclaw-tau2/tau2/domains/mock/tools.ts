import { REQUIRED } from "../../python/call.ts";
import { equal } from "../../python/compare.ts";
import { dictField, hasKey, length, listField } from "../../python/container.ts";
import { valueError } from "../../python/error.ts";
import { ownEntry } from "../../python/shared-model.ts";
import { pyStr } from "../../python/repr.ts";
import type { Model, PyValue } from "../../python/value.ts";
import { defineToolkit, methodsOf, Toolkit } from "../../contract/toolkit.ts";
import { MockDB, Task } from "./data-model.ts";

const method = methodsOf<Toolkit>();

function ownTask(kit: Toolkit, taskId: PyValue): Model {
  const tasks = dictField(kit.db, "tasks");
  if (!hasKey(tasks, taskId)) throw valueError(`Task ${pyStr(taskId)} not found`);
  return ownEntry(tasks, taskId);
}

function ownUser(kit: Toolkit, userId: PyValue): Model {
  const users = dictField(kit.db, "users");
  if (!hasKey(users, userId)) throw valueError(`User ${pyStr(userId)} not found`);
  return ownEntry(users, userId);
}

export const mockTools = defineToolkit({
  className: "MockTools",
  database: MockDB,
  create: (db, services) => new Toolkit(db, services),
  methods: {
    create_task: method({ user_id: REQUIRED, title: REQUIRED, description: null }, (kit, args) => {
      const user = ownUser(kit, args.user_id);
      const tasks = dictField(kit.db, "tasks");
      const taskId = `task_${tasks.size + 1}`;
      const { title, description } = args;
      const task = kit.make(Task, { task_id: taskId, title, description, status: "pending" });
      tasks.set(taskId, task);
      listField(user, "tasks").push(taskId);
      return task;
    }),

    get_users: method({}, (kit) => [...dictField(kit.db, "users").values()]),

    update_task_status: method({ task_id: REQUIRED, status: REQUIRED }, (kit, args) => {
      const task = ownTask(kit, args.task_id);
      task.set("status", args.status);
      return task;
    }),

    assert_number_of_tasks: method({ user_id: REQUIRED, expected_number: REQUIRED }, (kit, args) =>
      equal(length(ownUser(kit, args.user_id).get("tasks")), args.expected_number),
    ),

    assert_task_status: method({ task_id: REQUIRED, expected_status: REQUIRED }, (kit, args) =>
      equal(ownTask(kit, args.task_id).get("status"), args.expected_status),
    ),

    transfer_to_human_agents: method({ summary: REQUIRED }, () => "Transfer successful"),
  },
});
