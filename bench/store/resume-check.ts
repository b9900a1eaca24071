import { RunUnreadableError } from "../errors.ts";
import type { RunJson } from "./run-json.ts";

/** What of `run.json` decides whether a run can be continued. */
type Resumed = Pick<RunJson, "hashes" | "cells"> & Partial<Pick<RunJson, "resolved">>;

/** Refuses to continue a run with another experiment, other data or other planned episodes. Throws RunUnreadableError. */
export function checkResumable(stored: RunJson, now: Resumed): void {
  const names = [...new Set([...Object.keys(stored.hashes), ...Object.keys(now.hashes)])].sort();
  const changed = names.filter((name) => stored.hashes[name] !== now.hashes[name]);
  if (changed.length > 0) {
    const list = changed.flatMap((name) => changeTexts(name, stored, now));
    throw new RunUnreadableError(
      `Run ${stored.runId} cannot be continued, because this changed:\n${list.map((text) => `  ${text}`).join("\n")}\nRestore it, or start a new run. \`tollgate resume RUN\` goes on with the settings that the run had.`,
    );
  }
  if (planText(stored.cells) === planText(now.cells)) return;
  throw new RunUnreadableError(
    `Run ${stored.runId} cannot be continued: its plan has other cells or episodes than this experiment. Start a new run.`,
  );
}

function planText(cells: RunJson["cells"]): string {
  return JSON.stringify(cells.map(({ cellId, episodeIds }) => [cellId, episodeIds]));
}

/** The experiment setting by setting; of data it is only known that it is not the same. */
function changeTexts(name: string, stored: RunJson, now: Resumed): readonly string[] {
  const settings =
    name === "experiment" && now.resolved !== undefined ? settingChanges(stored.resolved, now.resolved) : [];
  if (settings.length > 0) return settings;
  const [then, today] = [stored.hashes[name], now.hashes[name]];
  if (then === undefined) return [`${name}: not used then, used now`];
  if (today === undefined) return [`${name}: used then, not used now`];
  return [`${name}: its content is another one (${then.slice(0, 8)} then, ${today.slice(0, 8)} now)`];
}

/** Parts of an experiment that may change between two calls. */
const changeable = new Set(["output", "note", "limits", "sinks", "file", "compare"]);

/** `workload.trials: 3 then, 1 now`, for every setting that is not the same. */
function settingChanges(then: RunJson["resolved"], now: RunJson["resolved"]): readonly string[] {
  const [before, after] = [settingsOf(then), settingsOf(now)];
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  return paths
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => `${path}: ${before.get(path) ?? "not set"} then, ${after.get(path) ?? "not set"} now`);
}

/** Lists of plain values are one setting; those of mappings are told apart by the names in them. */
function settingsOf(resolved: RunJson["resolved"]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const visit = (value: unknown, path: string): void => {
    const entries = entriesOf(value);
    if (entries === null) found.set(path, JSON.stringify(value) ?? "not set");
    else for (const [key, item] of entries) visit(item, path === "" ? key : `${path}.${key}`);
  };
  for (const [key, value] of Object.entries(resolved)) if (!changeable.has(key)) visit(value, key);
  return found;
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] | null {
  if (value === null || typeof value !== "object") return null;
  if (!Array.isArray(value)) return Object.entries(value).filter(([, item]) => item !== undefined);
  const items: readonly unknown[] = value;
  const names = items.map((item) =>
    item !== null && typeof item === "object" && "name" in item ? String(item.name) : null,
  );
  return names.includes(null) || names.length === 0
    ? null
    : items.map((item, at) => [names[at] ?? String(at), item] as const);
}
