import type { Task } from "../contract/domain.ts";
import type { PyDict } from "../python/value.ts";
import { readUserGuidelines, userScenarioText, userSystemPrompt } from "../text/user-prompt.ts";
import type { UserGuidelines } from "../text/user-prompt.ts";
import { asText, goldenLines, hasGoldenFile } from "./golden-file.ts";
import type { VerifyInput } from "./input.ts";
import { RowCounter } from "./row.ts";
import type { VerifyRow } from "./row.ts";
import { hasGoldenHash } from "./text-hash.ts";

const FILE = "user_prompts.jsonl.gz";

/** Scenario text and system prompt of the user simulator for every task, and whether its user has tools. */
export function checkUserPrompts(input: VerifyInput): VerifyRow[] {
  if (!hasGoldenFile(input.goldenDirectory, FILE)) return [];
  const guidelines = readUserGuidelines(input.dataDirectory);
  const domains = new Map(input.domains.map((domain) => [domain, domainTasks(input, domain)]));
  for (const record of goldenLines(input.goldenDirectory, FILE)) {
    const domain = domains.get(asText(record.get("domain")));
    if (domain === undefined) continue;
    const taskId = asText(record.get("task_id"));
    const task = domain.tasks.get(taskId);
    const isEqual = task !== undefined && hasSamePrompt(guidelines, task, record);
    domain.counter.count(
      isEqual,
      () => `task ${taskId}: ${task === undefined ? "missing" : "another prompt"}`,
    );
  }
  return [...domains.values()].map(({ counter }) => counter.row()).filter(({ total }) => total > 0);
}

function domainTasks(input: VerifyInput, domain: string) {
  const tasks = new Map(input.load(domain).tasks.map((task) => [task.id, task]));
  return { tasks, counter: new RowCounter(domain, "userPrompts") };
}

function hasSamePrompt(guidelines: UserGuidelines, task: Task, record: PyDict): boolean {
  const { hasUserTools } = task;
  return (
    hasUserTools === record.get("with_tools") &&
    hasGoldenHash(userScenarioText(task), record.get("scenario")) &&
    hasGoldenHash(userSystemPrompt({ guidelines, task, hasUserTools }), record.get("system_prompt"))
  );
}
