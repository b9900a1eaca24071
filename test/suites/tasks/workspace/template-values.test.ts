import { expect, test } from "vitest";
import { renderTemplate } from "../../../../suites/tasks/contract/template.ts";
import { templateValues } from "../../../../suites/tasks/workspace/services.ts";
import { agentBenchTask, clawBenchTask } from "../attempts/fixtures.ts";

const sandbox = { kind: "bwrap", directory: "/workspace" } as const;
const message = 'Print f"{model}: {task_id}" from {workspace}';

test("a user of AgentBench's says what the task's file has, braces and all", async () => {
  const values = await templateValues(agentBenchTask(), sandbox, "some-model");
  expect(renderTemplate(message, values)).toBe(message);
});

test("one of ClawBench's has its placeholders filled", async () => {
  const task = clawBenchTask();
  const values = await templateValues(task, sandbox, "some-model");
  expect(renderTemplate(message, values)).toBe(`Print f"some-model: ${task.id}" from /workspace`);
});
