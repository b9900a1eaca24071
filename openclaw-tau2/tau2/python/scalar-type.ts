import { EnumMember } from "./enum-member.ts";
import { asInt } from "./number.ts";
import { normalizeInt, PyDate, PyFloat } from "./value.ts";
import type { FieldType, Issues, PyValue } from "./value.ts";

export const str: FieldType = {
  label: "str",
  validate: (input, validation) =>
    typeof input === "string" || input instanceof EnumMember
      ? input
      : validation.fail("string_type", "Input should be a valid string", input),
};

export const int: FieldType = {
  label: "int",
  validate(input, validation) {
    const value = asInt(input);
    if (value !== undefined) return value;
    if (input instanceof PyFloat) return intOfFloat(input, validation);
    if (typeof input === "string") return intOfText(input, validation);
    return validation.fail("int_type", "Input should be a valid integer", input);
  },
};

const INT64_LIMIT = 2 ** 63;
const TOO_LARGE = "Unable to parse input string as an integer, exceeded maximum size";

function intOfFloat(input: PyFloat, validation: Issues): PyValue | undefined {
  if (!Number.isFinite(input.value)) {
    return validation.fail("finite_number", "Input should be a finite number", input);
  }
  if (Number.isInteger(input.value)) {
    if (Math.abs(input.value) < INT64_LIMIT) return normalizeInt(BigInt(input.value));
    return validation.fail("int_parsing_size", TOO_LARGE, input);
  }
  const message = "Input should be a valid integer, got a number with a fractional part";
  return validation.fail("int_from_float", message, input);
}

function intOfText(input: string, validation: Issues): PyValue | undefined {
  const match = /^\s*([+-]?)(\d+(?:_\d+)*)(?:\.0+)?\s*$/.exec(input);
  const digits = match?.[2]?.replaceAll("_", "");
  if (digits === undefined) {
    const message = "Input should be a valid integer, unable to parse string as an integer";
    return validation.fail("int_parsing", message, input);
  }
  if (digits.length > 4300) {
    return validation.fail("int_parsing_size", TOO_LARGE, input);
  }
  return normalizeInt(BigInt(`${match?.[1] === "-" ? "-" : ""}${digits}`));
}

export const float: FieldType = {
  label: "float",
  validate(input, validation) {
    if (input instanceof PyFloat) return input;
    const value = asInt(input);
    if (value !== undefined && Number.isFinite(Number(value))) return new PyFloat(Number(value));
    if (typeof input !== "string") {
      return validation.fail("float_type", "Input should be a valid number", input);
    }
    const parsed = parseFloatText(input);
    if (parsed !== undefined) return new PyFloat(parsed);
    const message = "Input should be a valid number, unable to parse string as a number";
    return validation.fail("float_parsing", message, input);
  },
};

const FLOAT_TEXT = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?$/;
const FLOAT_WORD = /^([+-]?)(inf|infinity|nan)$/i;

/** Python's `float(text)`, or undefined where it raises. */
export function parseFloatText(text: string): number | undefined {
  const trimmed = text.trim();
  if (FLOAT_TEXT.test(trimmed)) return Number(trimmed.replaceAll("_", ""));
  const word = FLOAT_WORD.exec(trimmed);
  if (word === null) return undefined;
  if (word[2]?.toLowerCase() === "nan") return Number.NaN;
  return word[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

const TRUE_TEXTS = new Set(["1", "on", "t", "true", "y", "yes"]);
const FALSE_TEXTS = new Set(["0", "off", "f", "false", "n", "no"]);

export const bool: FieldType = {
  label: "bool",
  validate(input, validation) {
    if (typeof input === "boolean") return input;
    const parsed = booleanOf(input);
    if (parsed !== undefined) return parsed;
    if (typeof input === "string" || isInt64(input)) {
      return validation.fail(
        "bool_parsing",
        "Input should be a valid boolean, unable to interpret input",
        input,
      );
    }
    return validation.fail("bool_type", "Input should be a valid boolean", input);
  },
};

/** Whether pydantic gets so far as to ask which int it is. */
function isInt64(input: PyValue): boolean {
  const value = input instanceof PyFloat ? input.value : input;
  if (typeof value === "bigint") return BigInt.asIntN(64, value) === value;
  return typeof value === "number" && Number.isInteger(value) && Math.abs(value) < INT64_LIMIT;
}

function booleanOf(input: PyValue): boolean | undefined {
  const value = input instanceof PyFloat ? input.value : input;
  if (value === 0) return false;
  if (value === 1) return true;
  if (typeof value !== "string") return undefined;
  const text = value.toLowerCase();
  if (TRUE_TEXTS.has(text)) return true;
  return FALSE_TEXTS.has(text) ? false : undefined;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DATETIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,6})?)?$/;

/** `datetime.date`, also from ISO text and from a datetime at midnight. */
export const date: FieldType = {
  label: "date",
  validate(input, validation) {
    if (input instanceof PyDate && input.kind === "date") return input;
    const text = input instanceof PyDate ? input.iso : input;
    if (typeof text !== "string") {
      return validation.fail("date_type", "Input should be a valid date", input);
    }
    const day = DATE.test(text) ? text : /^(.{10})[T ]00:00(?::00(?:\.0+)?)?$/.exec(text)?.[1];
    if (day !== undefined && isCalendarDay(day)) return new PyDate("date", day);
    const message = "Input should be a valid date or datetime";
    return validation.fail("date_from_datetime_parsing", message, input);
  },
};

/** `datetime.datetime` without zone, also from ISO text and from a date. */
export const datetime: FieldType = {
  label: "datetime",
  validate(input, validation) {
    if (input instanceof PyDate) {
      return input.kind === "datetime" ? input : new PyDate("datetime", `${input.iso}T00:00:00`);
    }
    if (typeof input !== "string") {
      return validation.fail("datetime_type", "Input should be a valid datetime", input);
    }
    const match = DATETIME.exec(DATE.test(input) ? `${input}T00:00` : input);
    if (match === null || !isCalendarDay(match[1] ?? "")) {
      return validation.fail("datetime_from_date_parsing", "Input should be a valid datetime or date", input);
    }
    return new PyDate("datetime", `${match[1]}T${match[2]}${match[3] ?? ":00"}`);
  },
};

function isCalendarDay(day: string): boolean {
  const parsed = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(day);
}
