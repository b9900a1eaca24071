import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Database } from "../../../../openclaw-tau2/tau2/database/database.ts";
import { defineModel, dict, list, modelField } from "../../../../openclaw-tau2/tau2/python/field-type.ts";
import { dumpCanonical } from "../../../../openclaw-tau2/tau2/python/json-dump.ts";
import { ownEntry } from "../../../../openclaw-tau2/tau2/python/shared-model.ts";
import { float as floatType, str } from "../../../../openclaw-tau2/tau2/python/scalar-type.ts";
import { float, Model } from "../../../../openclaw-tau2/tau2/python/value.ts";
import type { PyDict } from "../../../../openclaw-tau2/tau2/python/value.ts";

const Item = defineModel("Item", { name: str, price: floatType, tags: list(str) });
const Shop = defineModel("Shop", {
  zeta: dict(modelField(Item)),
  alpha: dict(modelField(Item)),
  names: list(str),
});

const keys = fc.constantFrom("b", "a", "10", "2", "\u00e9", "\u{1F600}", "\uffff", "__proto__");
const item = fc
  .record({ name: fc.string(), price: fc.double({ noNaN: true }), tags: fc.array(fc.string()) })
  .map(({ name, price, tags }) => new Model(Item, [name, float(price), tags]));
const items = fc.array(fc.tuple(keys, item)).map((entries): PyDict => new Map(entries));
const shop = fc
  .tuple(items, items, fc.array(fc.string()))
  .map(([zeta, alpha, names]) => new Model(Shop, [zeta, alpha, names]));
const change = fc.record({
  field: fc.constantFrom("zeta", "alpha"),
  key: keys,
  kind: fc.constantFrom("write", "rewrite", "delete", "insert"),
  item,
});

function plainHash(model: Model): string {
  return createHash("sha256").update(dumpCanonical(model)).digest("hex");
}

function fieldOf(model: Model, field: string): PyDict {
  const value = model.get(field);
  if (value instanceof Map) return value;
  throw new TypeError(field);
}

test("the incremental hash is the hash of the whole text, whatever an environment changed", () => {
  fc.assert(
    fc.property(shop, fc.array(change, { maxLength: 6 }), fc.boolean(), (base, changes, rename) => {
      const before = plainHash(base);
      const database = new Database(base);
      const current = database.instantiate();
      for (const { field, key, kind, item: replacement } of changes) {
        const entries = fieldOf(current, field);
        if (kind === "insert") entries.set(key, replacement);
        else if (!entries.has(key)) continue;
        else if (kind === "delete") entries.delete(key);
        else ownEntry(entries, key).set("name", kind === "write" ? replacement.get("name") : "same");
      }
      if (rename) current.set("names", ["renamed"]);
      expect(database.hash(current)).toBe(plainHash(current));
      expect(database.hash(current)).toBe(plainHash(current));
      expect(database.hash(database.instantiate())).toBe(before);
    }),
  );
});

test("a shared model refuses writes, its copy takes them", () => {
  const entry = new Model(Item, ["pen", float(2), ["new"]]);
  const database = new Database(new Model(Shop, [new Map([["p", entry]]), new Map(), []]));
  const entries = fieldOf(database.instantiate(), "zeta");
  expect(() => entry.set("name", "x")).toThrow(/Item\.name, which all environments share/);
  expect(() => (entry.get("tags") as string[]).push("x")).toThrow(TypeError);
  const own = ownEntry(entries, "p");
  own.set("name", "pencil");
  expect([own.get("name"), entry.get("name"), ownEntry(entries, "p") === own]).toEqual([
    "pencil",
    "pen",
    true,
  ]);
});
