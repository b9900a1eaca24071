import { RunUnreadableError } from "../errors.ts";
import type { RunJson } from "./run-json.ts";

/** What of `run.json` decides whether a run can be continued. */
type Resumed = Pick<RunJson, "hashes" | "cells"> & Partial<Pick<RunJson, "resolved">>;

/** Refuses to continue a run with another experiment, other data or other planned episodes. Throws RunUnreadableError. */
export function checkResumable(stored: RunJson, now: Resumed): void {
  const list = planDifferences(stored, now);
  if (list.length > 0) {
    throw new RunUnreadableError(
      `Run ${stored.runId} cannot be continued, because this changed:\n${list.map((text) => `  ${text}`).join("\n")}\nRestore it, or start a new run. \`tollgate resume RUN\` goes on with the settings that the run had.`,
    );
  }
  if (planText(stored.cells) === planText(now.cells)) return;
  throw new RunUnreadableError(
    `Run ${stored.runId} cannot be continued: its plan has other cells or episodes than this experiment. Start a new run.`,
  );
}

/** What measures, as `run.json` has it. */
export type Programs = Pick<RunJson, "versions" | "git">;

/**
 * What of the programs that measured before is not the same now, each in words; a fact that one of them does not state is no difference.
 */
export function programDifferences(before: Programs, now: Programs): readonly string[] {
  const versions = Object.entries(before.versions).flatMap(([name, version]) => {
    const other = now.versions[name] ?? null;
    return version === null || other === null || version === other
      ? []
      : [`${name}: ${version} then, ${other} now`];
  });
  const [then, revision] = [revisionText(before.git), revisionText(now.git)];
  const sameSource = then === null || revision === null || then === revision;
  return sameSource ? versions : [...versions, `revision of Tollgate: ${then} then, ${revision} now`];
}

/**
 * Says where a run is gone on with by other programs than those that began it.
 * @throws {RunUnreadableError} for a shard: what two programs have measured is merged with nothing
 */
export function checkPrograms(stored: RunJson, now: Programs, tell: (line: string) => void): void {
  const differences = programDifferences(stored, now);
  if (differences.length === 0) return;
  const list = differences.map((text) => `  ${text}`).join("\n");
  if (stored.shard !== undefined)
    throw new RunUnreadableError(
      `Run ${stored.runId} is a shard that other programs have begun, and shards are merged only where the same programs measured all of them:\n${list}\nGo on with those of then, or run all shards anew, into another folder (--out).`,
    );
  tell(`warning: ${stored.runId} was begun by other programs, and its report will say so:\n${list}`);
}

/** `abc… with changes`; null outside a checkout. */
export function revisionText(git: RunJson["git"]): string | null {
  return git === null ? null : `${git.revision}${git.dirty ? " with changes" : ""}`;
}

function planText(cells: RunJson["cells"]): string {
  return JSON.stringify(cells.map(({ cellId, episodeIds }) => [cellId, episodeIds]));
}

/** How two runs are told apart in words. */
interface Names {
  readonly one: string;
  readonly other: string;
}

/** What differs between two runs of which the same is asked, each in words. */
export function planDifferences(
  one: Resumed,
  other: Resumed,
  names: Names = { one: "then", other: "now" },
): readonly string[] {
  const hashes = [...new Set([...Object.keys(one.hashes), ...Object.keys(other.hashes)])].sort();
  return hashes
    .filter((name) => one.hashes[name] !== other.hashes[name])
    .flatMap((name) => {
      const settings =
        name === "experiment" && one.resolved !== undefined && other.resolved !== undefined
          ? settingChanges(one.resolved, other.resolved, names)
          : [];
      return settings.length > 0 ? settings : [contentText(name, [one, other], names)];
    });
}

/** Of data it is only known that it is not the same. */
function contentText(name: string, [one, other]: readonly [Resumed, Resumed], names: Names): string {
  const [before, after] = [one.hashes[name], other.hashes[name]];
  if (before === undefined) return `${name}: not used ${names.one}, used ${names.other}`;
  if (after === undefined) return `${name}: used ${names.one}, not used ${names.other}`;
  return `${name}: its content is another one (${before.slice(0, 8)} ${names.one}, ${after.slice(0, 8)} ${names.other})`;
}

/** Parts of an experiment that may change between two calls. */
const changeable = new Set(["output", "note", "limits", "sinks", "file", "compare"]);

/** `workload.trials: 3 then, 1 now`, for every setting that is not the same. */
function settingChanges(
  then: RunJson["resolved"],
  now: RunJson["resolved"],
  names: Names,
): readonly string[] {
  const [before, after] = [settingsOf(then), settingsOf(now)];
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  return paths
    .filter((path) => before.get(path) !== after.get(path))
    .map(
      (path) =>
        `${path}: ${before.get(path) ?? "not set"} ${names.one}, ${after.get(path) ?? "not set"} ${names.other}`,
    );
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
