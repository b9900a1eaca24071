import {
  defineModel,
  dict,
  list,
  literal,
  modelField,
  optional,
  withDefault,
} from "../../python/field-type.ts";
import { str } from "../../python/scalar-type.ts";

export const Task = defineModel("Task", {
  task_id: str,
  title: str,
  description: withDefault(optional(str), null),
  status: literal("pending", "completed"),
});

const User = defineModel("User", { user_id: str, name: str, tasks: list(str) });

export const MockDB = defineModel(
  "MockDB",
  { tasks: dict(modelField(Task)), users: dict(modelField(User)) },
  { forbidsExtra: true },
);

export const Notification = defineModel(
  "Notification",
  {
    notification_id: str,
    message: str,
    status: withDefault(literal("unread", "read"), "unread"),
    task_id: withDefault(optional(str), null),
  },
  { forbidsExtra: true },
);

export const MockUserDB = defineModel(
  "MockUserDB",
  { notifications: withDefault(dict(modelField(Notification)), () => new Map()) },
  { forbidsExtra: true },
);
