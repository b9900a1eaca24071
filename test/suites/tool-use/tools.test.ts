import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Fault } from "../../../suites/tool-use/contract/case.ts";
import { serveShop } from "../../../suites/tool-use/service/serve-shop.ts";
import { Shop } from "../../../suites/tool-use/service/shop.ts";
import { argumentSchemas } from "../../../suites/tool-use/tools/arguments.ts";
import { definitionsOf, ownToolNames } from "../../../suites/tool-use/tools/definitions.ts";
import { load } from "../../../suites/tool-use/tools/tool-use-tools.ts";
import { openPlace, type Place } from "../../sandbox/kinds.ts";

const declared = [{ name: "shout", description: "", parameters: {}, run: "tr a-z A-Z; exit 2" }];

function caller(
  { sandbox }: Pick<Place, "sandbox">,
  url = "http://127.0.0.1:9/x",
  faults: readonly Fault[] = [],
) {
  const environment = load({ declared }).open("case", {
    workspace: { enter: sandbox.enter([]) },
    shop: { url },
    faults,
  });
  return async (name: string, given: object | string = {}) =>
    await environment.call({
      name,
      requestor: "assistant",
      argumentsText: typeof given === "string" ? given : JSON.stringify(given),
    });
}

test("every tool has a definition and strict arguments, and the two ask for the same parameters", () => {
  expect(Object.keys(argumentSchemas).toSorted()).toEqual([...ownToolNames].toSorted());
  for (const { function: offered } of definitionsOf([])) {
    const { properties, required } = offered.parameters as { properties: object; required: string[] };
    const schema = argumentSchemas[offered.name as keyof typeof argumentSchemas];
    expect([offered.name, Object.keys(schema.shape)]).toEqual([offered.name, Object.keys(properties)]);
    const needed = Object.entries(schema.shape).flatMap(([name, one]) =>
      one.safeParse(undefined).success ? [] : [name],
    );
    expect([offered.name, needed]).toEqual([offered.name, required]);
  }
});

test("files are really written, moved, copied, found and deleted", async (context) => {
  await using place = await openPlace("none", context);
  const call = caller(place);
  const file = (path: string) => join(place.request.workspace, path);
  const ok = async (name: string, given: object) => {
    const { content, error } = await call(name, given);
    expect([name, content, error]).toEqual([name, content, false]);
    return content;
  };
  await ok("write_file", { path: "a/b.txt", content: "one\n" });
  await ok("append_to_file", { path: "a/b.txt", content: "two $(touch pwned) `x`\n" });
  expect(await ok("read_file", { path: "a/b.txt" })).toBe("one\ntwo $(touch pwned) `x`\n");
  await ok("copy_file", { from: "a/b.txt", to: "c/d.txt" });
  await ok("move_file", { from: "a/b.txt", to: "-rf.txt" });
  expect(await ok("list_folder", {})).toBe("-rf.txt\na/\nc/\n");
  expect(await ok("find_files", { pattern: "*.txt" })).toBe("-rf.txt\nc/d.txt\n");
  expect(await ok("search_text", { text: "two $(" })).toBe(
    "-rf.txt:2:two $(touch pwned) `x`\nc/d.txt:2:two $(touch pwned) `x`\n",
  );
  expect(await ok("search_text", { text: "three" })).toBe("");
  await ok("delete_file", { path: "-rf.txt" });
  expect([
    existsSync(file("-rf.txt")),
    existsSync(file("pwned")),
    readFileSync(file("c/d.txt"), "utf8").length,
  ]).toEqual([false, false, 27]);
});

test.for([
  ["read_file", { path: "none" }],
  ["read_file", { path: "." }],
  ["list_folder", { path: "none" }],
  ["find_files", { pattern: "*", folder: "none" }],
  ["append_to_file", { path: "none", content: "x" }],
  ["move_file", { from: "none", to: "x" }],
  ["move_file", { from: "there", to: "other" }],
  ["copy_file", { from: "there", to: "other" }],
  ["copy_file", { from: "there", to: "there" }],
  ["delete_file", { path: "none" }],
  ["delete_file", { path: "." }],
  ["get_variable", { name: "NOT_THERE" }],
  ["stop_process", { name: "none" }],
  ["run_command", { command: "exit 3" }],
  ["read_file", { path: 5 }],
  ["read_file", { file: "there" }],
  ["read_file", { path: "there", more: 1 }],
  ["read_file", "[]"],
  ["read_file", "{"],
  ["get_product", { product_id: "4" }],
  ["toString", {}],
  ["__proto__", {}],
  ["no_such_tool", {}],
] as const)(
  "%s %j is an error that the model is told, and changes nothing",
  async ([name, given], context) => {
    await using place = await openPlace("none", context);
    for (const path of ["there", "other"]) writeFileSync(join(place.request.workspace, path), path);
    const { content, error } = await caller(place)(name, given);
    expect(error).toBe(true);
    expect(content).not.toBe("");
    for (const path of ["there", "other"])
      expect(readFileSync(join(place.request.workspace, path), "utf8")).toBe(path);
  },
);

test("a command is stopped at its time", async (context) => {
  await using place = await openPlace("none", context);
  const { content, error } = await caller(place)("run_command", {
    command: "echo begun; sleep 60",
    timeout_seconds: 1,
  });
  expect([content, error]).toEqual(["begun\n\n(stopped after 1 s)", true]);
});

test("what a link leads to outside cannot be read", async (context) => {
  await using place = await openPlace("bwrap", context);
  symlinkSync("/etc/shadow", join(place.request.workspace, "link"));
  expect(await caller(place)("read_file", { path: "link" })).toMatchObject({ error: true });
  expect(await caller(place)("read_file", { path: "/root/.ssh/id_rsa" })).toMatchObject({ error: true });
});

test("a tool of a file gets its arguments on standard input, and its end is its own", async (context) => {
  await using place = await openPlace("none", context);
  expect(await caller(place)("shout", { a: "b" })).toEqual({
    content: '{"A":"B"}\n(exit code 2)',
    error: true,
  });
});

test("an error of the case stands in the place of the calls that it names, and nothing is executed", async (context) => {
  await using place = await openPlace("none", context);
  const faults = [
    { tool: "write_file", calls: [2], content: "EIO" },
    { tool: "read_file", calls: null, content: "gone" },
  ];
  const call = caller(place, undefined, faults);
  const write = (content: string) => call("write_file", { path: "a", content });
  expect([await write("1"), await write("2"), await write("3")].map(({ error }) => error)).toEqual([
    false,
    true,
    false,
  ]);
  expect(
    [await call("read_file", { path: "a" }), await call("read_file", { path: "a" })].map(
      ({ content }) => content,
    ),
  ).toEqual(["gone", "gone"]);
  expect(readFileSync(join(place.request.workspace, "a"), "utf8")).toBe("3");
});

test("the shop answers over a real connection, and keeps what was ordered", async (context) => {
  await using place = await openPlace("none", context);
  const shop = new Shop({});
  await using served = await serveShop(shop);
  const call = caller(place, served.url);
  const json = async (name: string, given: object) =>
    JSON.parse((await call(name, given)).content) as unknown;
  expect(await json("get_product", { product_id: 4 })).toMatchObject({
    name: "Cordless drill",
    price: 89.99,
  });
  expect(await json("search_products", { tags: ["garden", "water"], in_stock: true })).toMatchObject([
    { id: 1 },
    { id: 11 },
  ]);
  expect(await json("search_products", { max_price: 6.4, query: "paint" })).toMatchObject([{ id: 12 }]);
  expect(await json("convert_currency", { amount: 250, from: "EUR", to: "USD" })).toMatchObject({
    result: 270,
  });
  expect(await json("create_order", { product_id: 5, quantity: 3 })).toMatchObject({
    id: "A-500",
    express: false,
  });
  const texts = [
    await call("create_order", { product_id: 4, quantity: 6 }),
    await call("create_order", { product_id: 4, quantity: 0 }),
    await call("create_order", { product_id: 77, quantity: 1 }),
    await call("cancel_order", { order_id: "A-100", reason: "too_slow" }),
    await call("get_order", { order_id: "../products" }),
    await call("convert_currency", { amount: 1, from: "EUR", to: "toString" }),
  ].map(({ content, error }) => `${content.slice(0, 8)} ${error}`);
  expect(texts).toEqual([
    "HTTP 409 true",
    "HTTP 422 true",
    "HTTP 422 true",
    "HTTP 409 true",
    "HTTP 404 true",
    "HTTP 422 true",
  ]);
  const patched = await call("http_request", {
    method: "PATCH",
    path: "/orders/A-101",
    body: { quantity: 4 },
  });
  expect(patched).toMatchObject({ error: false, content: expect.stringMatching(/^HTTP 200\n/) as unknown });
  expect(await call("http_request", { method: "GET", path: "/../../etc" })).toMatchObject({ error: true });
  expect(await call("http_request", { method: "GET", path: "//elsewhere.invalid/" })).toMatchObject({
    error: true,
  });
  expect(shop.list("orders")?.map(({ id, quantity }) => [id, quantity])).toEqual([
    ["A-100", 1],
    ["A-101", 4],
    ["A-102", 6],
    ["A-500", 3],
  ]);
});

test("a shop that is gone is an error, and not the end of the episode", async (context) => {
  await using place = await openPlace("none", context);
  const served = await serveShop(new Shop({}));
  await served[Symbol.asyncDispose]();
  expect(await caller(place, served.url)("list_orders")).toMatchObject({
    error: true,
    content: expect.stringContaining("no answer") as unknown,
  });
});
