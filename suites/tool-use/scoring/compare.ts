import type { WrittenRecord, WrittenValue, Tolerance } from "../contract/case.ts";
import { isObject, parseJson } from "../contract/parse-json.ts";

/**
 * Whether what a model gave is what a case expects. Types count (`"5"` is not `5`, `1` is not `true`), `5` and `5.0` are one
 * number, keys have no order, lists have one. Whole numbers must be equal unless a tolerance is stated; others may be
 * a 1e-9th apart.
 *
 * An object with one key that begins with `$` is a matcher, and says what is tolerated:
 *
 * - `$is` this value as it stands; `$any` any value; `$oneOf` one of these; `$near` a number, `within` so much
 * - `$unordered` a list in any order; `$optional` what follows, or nothing
 * - `$text` a text, spaces at ends of lines aside; `$path` a path, however it is written
 * - `$contains` a text, or all of these; `$pattern` a regular expression; `$json` a text that is this as JSON
 */
export function matches(expected: WrittenValue, given: WrittenValue, tolerance: Tolerance): boolean {
  const matcher = matcherOf(expected);
  if (matcher !== null) return matcher.holds(given, tolerance);
  if (isNumber(expected)) return isNumber(given) && sameNumber(expected, given, tolerance);
  if (Array.isArray(expected)) {
    const list = expected as readonly WrittenValue[];
    return (
      Array.isArray(given) &&
      given.length === list.length &&
      list.every((item, at) => matches(item, given[at] as WrittenValue, tolerance))
    );
  }
  if (isObject(expected)) return isObject(given) && sameFields(expected, given, tolerance);
  return expected === given;
}

/** Every field that is expected, and none besides. */
function sameFields(expected: WrittenRecord, given: WrittenRecord, tolerance: Tolerance): boolean {
  return fieldsOf(expected, given, tolerance).every(({ right }) => right);
}

/** Each field of two objects, whether it is as expected. One that may be missing, and is, counts for nothing. */
export function fieldsOf(
  expected: WrittenRecord,
  given: WrittenRecord,
  tolerance: Tolerance,
): { readonly name: string; readonly right: boolean }[] {
  const names = [...Object.keys(expected), ...Object.keys(given).filter((name) => !has(expected, name))];
  return names.flatMap((name) => {
    const [wanted, value] = [own(expected, name), own(given, name)];
    if (value === undefined && isOptional(wanted)) return [];
    const right = wanted !== undefined && value !== undefined && matches(wanted, value, tolerance);
    return [{ name, right }];
  });
}

/** Whether an object has these values, and any others. */
export function hasFields(where: WrittenRecord, record: WrittenRecord, tolerance: Tolerance): boolean {
  return Object.entries(where).every(([name, wanted]) => {
    const value = own(record, name);
    return value === undefined ? isOptional(wanted) : matches(wanted, value, tolerance);
  });
}

const has = (value: WrittenRecord, name: string) => Object.hasOwn(value, name);
const own = (value: WrittenRecord, name: string) => (has(value, name) ? value[name] : undefined);
const isOptional = (value: WrittenValue | undefined) => isObject(value) && has(value, "$optional");

function isNumber(value: WrittenValue): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

const isWhole = (value: number | bigint) => typeof value === "bigint" || Number.isInteger(value);
const fractionTolerance = 1e-9;

function sameNumber(a: number | bigint, b: number | bigint, { absolute, relative }: Tolerance): boolean {
  // `==` compares a double with a bigint exactly.
  // oxlint-disable-next-line eqeqeq
  if (a == b) return true;
  const share = isWhole(a) && isWhole(b) ? relative : Math.max(relative, fractionTolerance);
  const distance = typeof a === "bigint" && typeof b === "bigint" ? Number(a - b) : Number(a) - Number(b);
  const room = Math.max(absolute, share * Math.abs(Number(a)));
  return room > 0 && Math.abs(distance) <= room * (1 + Number.EPSILON * 4);
}

interface Matcher {
  readonly holds: (given: WrittenValue, tolerance: Tolerance) => boolean;
}

/** null: the value is no matcher. @throws {MatcherError} for one that says nothing sensible */
export function matcherOf(value: WrittenValue): Matcher | null {
  if (!isObject(value)) return null;
  const name = Object.keys(value).find((key) => key.startsWith("$"));
  if (name === undefined) return null;
  const make = makers.get(name);
  if (make === undefined)
    throw new MatcherError(`${name} is no matcher; known: ${[...makers.keys()].join(", ")}`);
  const others = Object.keys(value).filter((key) => key !== name && !(name === "$near" && key === "within"));
  if (others.length > 0) throw new MatcherError(`${name} has ${others.join(", ")} beside it`);
  return make(value[name] as WrittenValue, value);
}

/** A file of cases holds a matcher that cannot be used. */
export class MatcherError extends Error {}

type MakeMatcher = (value: WrittenValue, whole: WrittenRecord) => Matcher;
const makers: ReadonlyMap<string, MakeMatcher> = new Map<string, MakeMatcher>([
  ["$is", (value) => ({ holds: (given, tolerance) => sameLiterally(value, given, tolerance) })],
  ["$any", () => ({ holds: () => true })],
  [
    "$oneOf",
    (value) => {
      const items = listOf("$oneOf", value);
      return { holds: (given, tolerance) => items.some((item) => matches(item, given, tolerance)) };
    },
  ],
  [
    "$near",
    (value, { within = null }) => {
      if (!isNumber(value) || typeof within !== "number" || within < 0)
        throw new MatcherError('write {"$near": NUMBER, "within": NUMBER}');
      const tolerance = { absolute: within, relative: 0 };
      return { holds: (given) => isNumber(given) && sameNumber(value, given, tolerance) };
    },
  ],
  [
    "$unordered",
    (value) => {
      const items = listOf("$unordered", value);
      return { holds: (given, tolerance) => Array.isArray(given) && isSameSet(items, given, tolerance) };
    },
  ],
  ["$optional", (value) => ({ holds: (given, tolerance) => matches(value, given, tolerance) })],
  ["$text", (value) => ofText("$text", value, (text, given) => plainText(text) === plainText(given))],
  ["$path", (value) => ofText("$path", value, (text, given) => plainPath(text) === plainPath(given))],
  [
    "$contains",
    (value) => {
      const texts = (Array.isArray(value) ? value : [value]).map((item) => textOf("$contains", item));
      return { holds: (given) => typeof given === "string" && texts.every((text) => given.includes(text)) };
    },
  ],
  [
    "$pattern",
    (value) => {
      const pattern = patternOf(textOf("$pattern", value));
      return { holds: (given) => typeof given === "string" && pattern.test(given) };
    },
  ],
  [
    "$json",
    (value) => ({
      holds: (given, tolerance) => {
        if (typeof given !== "string") return false;
        try {
          return matches(value, parseJson(given), tolerance);
        } catch {
          return false; // What is no JSON is not this.
        }
      },
    }),
  ],
]);

function ofText(name: string, value: WrittenValue, holds: (text: string, given: string) => boolean): Matcher {
  const text = textOf(name, value);
  return { holds: (given) => typeof given === "string" && holds(text, given) };
}

function textOf(name: string, value: WrittenValue): string {
  if (typeof value === "string") return value;
  throw new MatcherError(`${name} needs a text`);
}

function listOf(name: string, value: WrittenValue): readonly WrittenValue[] {
  if (Array.isArray(value)) return value as readonly WrittenValue[];
  throw new MatcherError(`${name} needs a list`);
}

function patternOf(text: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch (cause) {
    throw new MatcherError(`$pattern ${text} is no regular expression`, { cause });
  }
}

/** As `matches`, where `$` means nothing. */
function sameLiterally(expected: WrittenValue, given: WrittenValue, tolerance: Tolerance): boolean {
  if (Array.isArray(expected))
    return (
      Array.isArray(given) &&
      given.length === expected.length &&
      expected.every((item: WrittenValue, at) => sameLiterally(item, given[at] as WrittenValue, tolerance))
    );
  if (!isObject(expected)) return matches(expected, given, tolerance);
  if (!isObject(given)) return false;
  const names = Object.keys(expected);
  return (
    names.length === Object.keys(given).length &&
    names.every((name) => {
      const value = own(given, name);
      return value !== undefined && sameLiterally(expected[name] as WrittenValue, value, tolerance);
    })
  );
}

/** Whether each item has one of its own; with matchers among them the first that fits need not be the one to take. */
function isSameSet(
  items: readonly WrittenValue[],
  given: readonly WrittenValue[],
  tolerance: Tolerance,
): boolean {
  if (items.length !== given.length) return false;
  const taken = new Map<number, number>();
  const place = (item: number, tried: Set<number>): boolean => {
    for (const [at, value] of given.entries()) {
      if (tried.has(at) || !matches(items[item] as WrittenValue, value, tolerance)) continue;
      tried.add(at);
      const holder = taken.get(at);
      if (holder !== undefined && !place(holder, tried)) continue;
      taken.set(at, item);
      return true;
    }
    return false;
  };
  return items.every((_, item) => place(item, new Set()));
}

/** Without what nobody sees: spaces at ends of lines, empty lines at the end, the other form of line ends. */
export function plainText(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll(/[ \t]+$/gmu, "")
    .trimEnd();
}

/** `./a//b/` and `a/b` are one path; so is one that begins at the working folder. */
export function plainPath(text: string): string {
  const parts: string[] = [];
  for (const part of text.replace(/^\/workspace(?=\/|$)/, "").split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  const absolute = text.startsWith("/") && !/^\/workspace(?:\/|$)/.test(text);
  return (absolute ? "/" : "") + parts.join("/");
}
