import { parse } from "yaml";
import { ConfigError, messageOf } from "../errors.ts";

/** A `--set path.to.key=value`. */
export interface SetArgument {
  /** As it was written. */
  readonly text: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

/** @throws {ConfigError} for what has no value, or one that is no YAML */
export function readSetArgument(text: string): SetArgument {
  const equals = text.indexOf("=");
  if (equals < 1) throw new ConfigError(`--set ${text} has no value; write --set path.to.key=value`);
  if (text.slice(0, equals) === "extends")
    throw new ConfigError(
      `--set ${text} cannot be applied: it would change what all others are applied to. Name a file on the command line that extends it.`,
    );
  try {
    return { text, path: text.slice(0, equals).split("."), value: parse(text.slice(equals + 1)) as unknown };
  } catch (cause) {
    throw new ConfigError(`--set ${text} cannot be applied: ${messageOf(cause)}`, { cause });
  }
}

/** A copy of an experiment with one setting changed; mappings and lists on the way to it are made where there are none. */
export function withSetting(whole: unknown, argument: SetArgument): unknown {
  return changedAt(whole, 0, argument);
}

function changedAt(value: unknown, depth: number, argument: SetArgument): unknown {
  const key = argument.path[depth];
  if (key === undefined) return argument.value;
  const isIndex = /^\d+$/.test(key);
  if (Array.isArray(value) || (isAbsent(value) && isIndex)) {
    const items: readonly unknown[] = Array.isArray(value) ? value : [];
    const index = checkedIndex(items, depth, argument);
    const changed = changedAt(items[index], depth + 1, argument);
    return items.length === index ? [...items, changed] : items.with(index, changed);
  }
  if (!isAbsent(value) && typeof value !== "object")
    throw refusal(argument, `${nameAt(argument, depth)} is ${JSON.stringify(value)} and holds no settings`);
  const members = new Map(isAbsent(value) ? [] : Object.entries(value));
  return Object.fromEntries(members.set(key, changedAt(members.get(key), depth + 1, argument)));
}

/** An item behind the end of a list would leave items before it that nobody wrote. */
function checkedIndex(items: readonly unknown[], depth: number, argument: SetArgument): number {
  const key = argument.path[depth] ?? "";
  const index = /^\d+$/.test(key) ? Number(key) : Number.NaN;
  if (index <= items.length) return index;
  const name = nameAt(argument, depth);
  if (Number.isNaN(index)) throw refusal(argument, `${name} is a list; write ${name}.0 for its first item`);
  throw refusal(
    argument,
    `${name} has ${items.length} items in the file, so the next is ${name}.${items.length}`,
  );
}

const isAbsent = (value: unknown) => value === null || value === undefined;

const nameAt = ({ path }: SetArgument, depth: number) => path.slice(0, depth).join(".") || "the file";

function refusal({ text }: SetArgument, why: string): ConfigError {
  return new ConfigError(`--set ${text} cannot be applied: ${why}`);
}
