import { z } from "zod";
import { experimentSchema } from "./experiment.ts";
import type { Sections } from "./section.ts";

type Json = z.core.JSONSchema.BaseSchema;

const extendsKey: Json = {
  type: "string",
  description:
    "Another experiment file, relative to this one: what this file does not say is as it is there. Mappings are merged key by key; lists and single values are replaced, and so is a section of another kind",
};

/**
 * What editors check experiment files with. A file that extends another one may leave out whatever must be there in the end, so
 * that nothing is required of it.
 */
export function experimentJsonSchema(sections: Sections): Json {
  const strict = z.toJSONSchema(experimentSchema(sections), { io: "input" });
  const { $schema, ...whole } = asWritten(strict) as Json;
  const { required, properties = {} } = whole;
  const partial = withoutRequired(whole) as Json;
  const extending = { required: ["extends"] };
  return {
    ...($schema !== undefined && { $schema }),
    type: "object",
    properties: {
      extends: extendsKey,
      // Here for its descriptions; what fits is said below.
      ...Object.fromEntries(Object.entries(properties).map(([key, about]) => [key, named(about)])),
    },
    additionalProperties: false,
    allOf: [
      { if: extending, else: { properties, ...(required && { required }) } },
      { if: { not: extending }, else: { properties: partial.properties ?? {} } },
    ],
  };
}

function named(about: Json | boolean): Json {
  return typeof about === "object" && about.description !== undefined
    ? { description: about.description }
    : {};
}

/** A copy in which nothing has to be there; alternatives that were told apart by what must be there may then overlap. */
function withoutRequired(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutRequired);
  if (!isMapping(value)) return value;
  const members = Object.entries(value).filter(([key, item]) => !(key === "required" && Array.isArray(item)));
  return Object.fromEntries(
    members.map(([key, item]) => [key === "oneOf" ? "anyOf" : key, withoutRequired(item)]),
  );
}

/**
 * A copy that takes what files may hold before it is what the schema describes: a single value for a list of one, see
 * `list-of-one.ts`, and a reference `${NAME}` in a text of any form.
 */
function asWritten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asWritten);
  if (!isMapping(value)) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asWritten(item)]));
  const { type, items, description, default: fallback, format, pattern, allOf, ...rest } = copy;
  const about = {
    ...(description !== undefined && { description }),
    ...(fallback !== undefined && { default: fallback }),
  };
  if (type === "array" && isMapping(items) && isSingle(items)) return { ...about, anyOf: [copy, items] };
  const form = {
    // Some are only zod's own words for a pattern.
    ...(format === "uri" && { format }),
    ...(pattern !== undefined && { pattern }),
    ...(allOf !== undefined && { allOf }),
  };
  if (type !== "string" || Object.keys(form).length === 0) return copy;
  return { ...about, type, ...rest, anyOf: [form, { pattern: String.raw`\$\{\w+` }] };
}

const isSingle = ({ type }: Readonly<Record<string, unknown>>) =>
  ["string", "number", "integer", "boolean"].includes(String(type));

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
