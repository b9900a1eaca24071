import { globSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { sections } from "../../bench/commands/parts.ts";
import { experimentJsonSchema } from "../../bench/config/experiment-json-schema.ts";

type Json = Readonly<Record<string, unknown>>;
const schema = JSON.parse(JSON.stringify(experimentJsonSchema(sections))) as Json & {
  readonly properties: Json;
  readonly allOf: readonly {
    readonly else: { readonly properties: Json; readonly required?: readonly string[] };
  }[];
};

const [whole = { properties: {} }, partial = { properties: {} }] = schema.allOf.map((part) => part.else);

/** Every mapping in a value. */
function mappings(value: unknown): readonly Json[] {
  if (Array.isArray(value)) return value.flatMap(mappings);
  if (value === null || typeof value !== "object") return [];
  return [value as Json, ...Object.values(value).flatMap(mappings)];
}

test("a whole file must have what an experiment needs; one that extends another needs nothing", () => {
  expect(schema).toMatchObject({
    type: "object",
    additionalProperties: false,
  });
  expect(whole.required).toEqual(expect.arrayContaining(["name", "stack", "workload"]));
  const required = (part: unknown) => mappings(part).filter((one) => Array.isArray(one["required"]));
  expect(required(partial)).toEqual([]);
  expect(required(whole.properties).length).toBeGreaterThan(10);
});

test("every key of an experiment is known in both, with its description where it has one", () => {
  const keys = Object.keys(whole.properties);
  expect(keys).toEqual(
    expect.arrayContaining(["name", "note", "stack", "arms", "agent", "workload", "sweep", "limits"]),
  );
  expect(Object.keys(schema.properties)).toEqual(["extends", ...keys]);
  expect(Object.keys(partial.properties)).toEqual(keys);
  expect(schema.properties["sampling"]).toMatchObject({ description: expect.stringMatching(/^Pinned/) });
});

test("where a list is meant an editor takes a single value as well", () => {
  const { concurrency } = (whole.properties["sweep"] as { properties: Json }).properties as {
    concurrency: { anyOf: Json[]; description: string };
  };
  expect(concurrency.description).toMatch(/in flight/);
  expect(concurrency.anyOf.map(({ type }) => type)).toEqual(["array", "integer"]);
});

test("a reference may stand wherever a text of some form is meant", () => {
  const texts = mappings(schema).filter(({ type }) => type === "string");
  expect(texts.filter((one) => "format" in one || "pattern" in one)).toEqual([]);
  const formed = texts.filter((one) => Array.isArray(one["anyOf"]));
  expect(formed.length).toBeGreaterThan(10);
  for (const { anyOf } of formed) expect(anyOf).toContainEqual({ pattern: String.raw`\$\{\w+` });
});

const check = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);

// Settings of the preference loop have a schema of their own.
const experiments = globSync("experiments/*.yaml").filter((file) => !file.includes("/feedback-"));

test.each(experiments)("an editor finds nothing wrong with %s", (file) => {
  check(parse(readFileSync(file, "utf8")));
  expect(check.errors).toBeNull();
});

test.each<[object, boolean]>([
  [{ extends: "a.yaml" }, true],
  [{ extends: "a.yaml", stack: { agent: { url: "http://h:1" } } }, true],
  [{ extends: "a.yaml", sweep: { concurrency: 4 } }, true],
  [{ extends: "a.yaml", sweep: { concurency: [4] } }, false],
  [{ extends: "a.yaml", swep: {} }, false],
  [{ extends: 1 }, false],
  [{ name: "x" }, false],
  [{ name: "x", stack: { kind: "embedded" }, workload: { domain: "library" } }, true],
  [{ name: "x", stack: { agent: {} }, workload: { domain: "library" } }, false],
])("an editor judges %j: %s", (file, valid) => {
  expect(check(file)).toBe(valid);
});
