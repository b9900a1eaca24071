import { expect, test } from "vitest";
import { parseModule } from "../../../../openclaw-tau2/tau2/schemas/python-module.ts";

const parse = (text: string, isPackage = false) =>
  parseModule({ name: "tau2.domains.shop", isPackage }, { path: "shop.py", text });

test("a method's segment reaches from its first decorator to its last statement", () => {
  const body = [
    "    @outer.is_tool(ToolType.READ)",
    "    @property",
    "    async def find(self):",
    "        if self.db:",
    "            @cached",
    "            def inner():",
    "                return 1",
    "            # a comment behind the last statement",
    "        # and one more",
    "",
  ].join("\n");
  const [method] = parse(`class Shop:\n${body}\n    x = 1\n`).classes.get("Shop")?.methods ?? [];
  expect(method?.segment).toBe(body.slice(4, body.indexOf("return 1") + "return 1".length));
  expect(method?.line).toBe(4);
  expect(method?.decorators).toMatchObject([
    { kind: "call", callee: { kind: "attribute", object: { name: "outer" }, name: "is_tool" }, line: 2 },
    { kind: "name", name: "property", line: 3 },
  ]);
});

test("parameters have their type, default and place; dividers are none", () => {
  const { classes } = parse("class C:\n  def f(self, /, a: int, *, b=-1, **rest: x): ...\n");
  expect(classes.get("C")?.methods[0]?.parameters).toMatchObject([
    { name: "self", annotation: null, value: null, variadic: false },
    { name: "a", annotation: { kind: "name", name: "int" }, value: null, variadic: false },
    { name: "b", annotation: null, value: { kind: "number", text: "-1" }, variadic: false },
    { name: "rest", annotation: { kind: "name", name: "x" }, variadic: true },
  ]);
});

test.each([
  ["import a.b", "a", { module: "a", member: null }],
  ["import a.b as c, d", "c", { module: "a.b", member: null }],
  ["import a.b as c, d", "d", { module: "d", member: null }],
  ["from a.b import (c as d, e,)", "d", { module: "a.b", member: "c" }],
  ["from a.b import (c as d, e,)", "e", { module: "a.b", member: "e" }],
  ["from . import c", "c", { module: "tau2.domains", member: "c" }],
  ["from ...x.y import c", "c", { module: "x.y", member: "c" }],
])("%s binds %s", (text, name, target) => {
  expect(parse(`${text}\n`).imports.get(name)).toEqual(target);
});

test("relative imports of a package count from the package itself", () => {
  expect(parse("from .x import *\n", true).starImports).toEqual(["tau2.domains.shop.x"]);
  expect(parse("from .x import *\n").starImports).toEqual(["tau2.domains.x"]);
});

test.each([
  ["A = B = 3", { kind: "number", text: "3" }],
  ["A = 1, 2", { kind: "opaque", text: "1, 2" }],
  ["A = (1,)", { kind: "sequence", items: [{ text: "1" }] }],
  ["A = (1)", { kind: "number", text: "1" }],
  ["A = str | None", { kind: "union", left: { name: "str" }, right: { value: null } }],
  ["A = str & None", { kind: "opaque", text: "str & None" }],
  ["A = [x for x in y]", { kind: "opaque" }],
  ["A = f(*a, b=c)", { kind: "call", positional: [{ kind: "opaque" }], keywords: [{ name: "b" }] }],
  ["A = 'x' \"y\\n\"", { kind: "string", value: "xy\n" }],
  ["A = b'x'", { kind: "opaque" }],
  ["A = rf'{x}'", { kind: "opaque" }],
])("%s means what Python means by it, or is opaque", (text, expected) => {
  expect(parse(`${text}\n`).assignments.get("A")).toMatchObject(expected);
});

test("only what a block itself says counts, in functions nothing but the docstring", () => {
  const module = parse("if x:\n    A = 1\nB: int = 2\na.b = 3\nC, D = 4\ndef f():\n    E = yield\n");
  expect([...module.assignments.keys()]).toEqual([]);
  expect(() => parse("def f():\n    x = 1 2\n")).toThrow("shop.py:2: this is not Python");
});
