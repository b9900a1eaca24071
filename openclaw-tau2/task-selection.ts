import { ConfigError } from "../bench/errors.ts";
import type { Coverage } from "../bench/workload/workload.ts";
import type { Tau2Section } from "./section.ts";
import { criteriaOf } from "./tau2/tasks/criteria.ts";
import type { DomainDescription, Task } from "./tau2/contract/domain.ts";

/**
 * The tasks an experiment asks for, in the order of the file: by id, else by split (tau2's default `base` where there is
 * one), cut to a count.
 * @throws {ConfigError} naming ids or splits that do not exist, ids that are given twice, and an empty selection.
 */
export function selectTasks(domain: DomainDescription, selection: Tau2Section["tasks"]): Task[] {
  const byId = new Map(domain.tasks.map((task) => [task.id, task]));
  const ids = selection.ids ?? splitIds(domain, selection.split) ?? [...byId.keys()];
  const unknown = ids.filter((id) => !byId.has(id));
  if (unknown.length > 0) {
    throw new ConfigError(
      `Domain ${domain.name} has no task ${unknown.slice(0, 5).join(", ")}${unknown.length > 5 ? ` and ${unknown.length - 5} more` : ""}. It has ${byId.size}, e.g. ${[...byId.keys()].slice(0, 5).join(", ")}.`,
    );
  }
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  if (twice.length > 0) {
    throw new ConfigError(
      `workload.tasks.ids names ${twice.join(", ")} more than once. To repeat tasks, set workload.trials.`,
    );
  }
  if (ids.length === 0) {
    throw new ConfigError(
      `The selection of tasks of domain ${domain.name} is empty. Change workload.tasks, or leave it out for all.`,
    );
  }
  const tasks = ids.flatMap((id) => byId.get(id) ?? []);
  return tasks.slice(0, selection.count ?? tasks.length);
}

/**
 * What of a domain these tasks are; null where it is all of what tau2 runs without a selection (`base` where there is such a
 * split), or more. The whole of tasks outside of that is the domain.
 */
export function coverageOf(
  domain: DomainDescription,
  tasks: readonly Task[],
  selection: Tau2Section["tasks"],
): Coverage | null {
  const usual = new Set(splitIds(domain, undefined) ?? domain.tasks.map(({ id }) => id));
  const inside = tasks.every(({ id }) => usual.has(id));
  const [selected, total] = [tasks.length, inside ? usual.size : domain.tasks.length];
  if (selected >= total) return null;
  const cut = selection.count !== undefined && selection.ids === undefined && selection.split === undefined;
  const reason = cut ? `after the first ${selected} (workload.tasks.count)` : "not selected (workload.tasks)";
  return { of: "tasks", selected, total, excluded: [{ reason, count: total - selected }] };
}

/**
 * Golden actions that a simulated agent is told to leave out must be there: a slip of the pen would leave nothing out and
 * look like an agent that makes no mistakes.
 * @throws {ConfigError} naming those that no selected task has.
 */
export function checkDrops(tasks: readonly Task[], drops: readonly string[]): void {
  const known = new Set(
    tasks.flatMap((task) =>
      (criteriaOf(task)?.actions ?? []).map(({ dump }) => {
        const actionId = dump.get("action_id");
        return typeof actionId === "string" ? `${task.id}:${actionId}` : null;
      }),
    ),
  );
  const unknown = drops.filter((drop) => !known.has(drop));
  if (unknown.length === 0) return;
  const sample =
    [...known]
      .filter((name) => name !== null)
      .slice(0, 3)
      .join(", ") || "none";
  throw new ConfigError(
    `stack.agent.drop names ${unknown.join(", ")}, which no selected task has. Write TASK:ACTION_ID, e.g. ${sample}.`,
  );
}

function splitIds(domain: DomainDescription, split: string | undefined): readonly string[] | undefined {
  const found = domain.splits.get(split ?? "base");
  if (found === undefined && split !== undefined) {
    const names = [...domain.splits.keys()].join(", ") || "none";
    throw new ConfigError(`Domain ${domain.name} has no split ${split}. Its splits: ${names}.`);
  }
  return found;
}
