import type { WorkloadSpec } from "../bench/config/experiment.ts";
import { ConfigError } from "../bench/errors.ts";
import type { LoadedDomain, Task } from "./tau2/domain.ts";

/**
 * The tasks an experiment asks for, in the order of the file: by id, else by split (tau2's default `base` where there is
 * one), cut to a count.
 * @throws {ConfigError} naming ids or splits that do not exist.
 */
export function selectTasks(domain: LoadedDomain, selection: WorkloadSpec["tasks"]): Task[] {
  const byId = new Map(domain.tasks.map((task) => [task.id, task]));
  const ids = selection.ids ?? splitIds(domain, selection.split) ?? [...byId.keys()];
  const unknown = ids.filter((id) => !byId.has(id));
  if (unknown.length > 0) {
    throw new ConfigError(
      `Domain ${domain.name} has no task ${unknown.slice(0, 5).join(", ")}${unknown.length > 5 ? ` and ${unknown.length - 5} more` : ""}. It has ${byId.size}, e.g. ${[...byId.keys()].slice(0, 5).join(", ")}.`,
    );
  }
  const tasks = ids.flatMap((id) => byId.get(id) ?? []);
  return tasks.slice(0, selection.count ?? tasks.length);
}

function splitIds(domain: LoadedDomain, split: string | undefined): readonly string[] | undefined {
  const found = domain.splits.get(split ?? "base");
  if (found === undefined && split !== undefined) {
    const names = [...domain.splits.keys()].join(", ") || "none";
    throw new ConfigError(`Domain ${domain.name} has no split ${split}. Its splits: ${names}.`);
  }
  return found;
}
